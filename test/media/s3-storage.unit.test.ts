// What can go wrong between here and a bucket. What every storage promises is in storage.unit.test.ts.
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { AwsV4Signer } from 'aws4fetch'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { StartupError } from '../../src/kit/startup-error.js'
import { S3Error } from '../../src/media/s3-client.js'
import type { S3Storage } from '../../src/media/s3-storage.js'
import { readElement, readElements } from '../../src/media/s3-xml.js'
import type { Key } from '../../src/media/storage.js'
import { type Call, type Fault, S3Server } from '../support/s3-server.js'
import { MIB, pieces, storageOn, yields } from './places.js'

const mime_type = 'image/png'
const newKey = (): Key => `media/${randomUUID()}/original`

let server: S3Server
let storage: S3Storage

beforeEach(async () => {
  server = await S3Server.start()
  storage = storageOn(server)
})

afterEach(async () => {
  await storage.stop()
  await server.close()
})

const putSmall = (key: Key) => storage.put(key, yields(Buffer.from('small')), { mime_type })
const putLarge = (key: Key, signal?: AbortSignal) =>
  storage.put(key, pieces(Buffer.alloc(20 * MIB, 7), MIB), { mime_type, signal })
const isPart = ({ method, query }: Call) => method === 'PUT' && query.has('partNumber')
const isComplete = ({ method, query }: Call) => method === 'POST' && query.has('uploadId')
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  )

describe('a start that cannot succeed says what to do', () => {
  const failing = async (options: Parameters<typeof storageOn>[1]) => {
    const other = storageOn(server, options)
    const error = await rejection(other.start())
    await other.stop()
    expect(error).toBeInstanceOf(StartupError)
    expect(server.objects.size).toBe(0)
    return (error as StartupError).message
  }

  test('with a wrong secret, which it does not repeat', async () => {
    const message = await failing({ secret_access_key: 'not-the-secret' })
    expect(message).toBe(
      'Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY to a key that may list, read, write and delete in the bucket bucket-of-the-test (403 SignatureDoesNotMatch).',
    )
  })

  test('with a key that nobody knows', async () => {
    expect(await failing({ access_key_id: 'nobody' })).toMatch(/^Set S3_ACCESS_KEY_ID .* \(403 InvalidAccessKeyId\)\.$/)
  })

  test('with a bucket that is not there', async () => {
    expect(await failing({ bucket: 'nowhere' })).toMatch(/^Create the bucket nowhere at 127.* \(404 NoSuchBucket\)\.$/)
  })

  test('with a region that is not that of the bucket', async () => {
    expect(await failing({ region: 'us-east-1' })).toMatch(/^Set S3_ENDPOINT and S3_REGION /)
  })

  test('with a storage class that is not known', async () => {
    expect(await failing({ storage_class: 'NO_SUCH_CLASS' })).toMatch(/^Set S3_STORAGE_CLASS /)
  })

  test('with a clock that is wrong', async () => {
    server.now = () => Date.now() + 16 * 60_000
    expect(await failing({})).toMatch(/^Set the clock of this machine/)
  })

  test('with a key that may read and not write', async () => {
    server.fault = ({ method }) => (method === 'PUT' ? { status: 403, code: 'AccessDenied' } : undefined)
    expect(await failing({})).toMatch(/^Set S3_ACCESS_KEY_ID .*write.* \(403 AccessDenied\)\.$/)
  })

  test('where nobody listens, or never says a word', async () => {
    const gone = await S3Server.start()
    const { endpoint } = gone
    await gone.close()
    expect(await failing({ endpoint })).toMatch(/^Set S3_ENDPOINT .* \(ECONNREFUSED\)\.$/)
    server.fault = () => 'silent'
    expect(await failing({ silence_ms: 20 })).toMatch(/^Set S3_ENDPOINT .* \(ETIMEDOUT\)\.$/)
  })

  test('where a web server is glad about everything', async () => {
    const web = createServer((_, response) => response.end('<html>Welcome</html>'))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
    expect(await failing({ endpoint })).toMatch(/^Set S3_ENDPOINT .* \(200 NoList\)\.$/)
    web.closeAllConnections()
    await new Promise((resolve) => web.close(resolve))
  })
})

test('a start leaves nothing of its own, and ends what a dead process has left open', async () => {
  const old = new Date(Date.now() - 25 * 3_600_000)
  const young = new Date(Date.now() - 23 * 3_600_000)
  const open = (id: string, key: string, initiated: Date) =>
    server.uploads.set(id, { key, headers: {}, initiated, parts: new Map() })
  for (const id of ['1', '3', '5', '7', '9']) open(id, newKey(), old)
  open('4', newKey(), young)
  open('6', 'Backups/of somebody <else>', old)
  server.pageSize = 2
  await storage.start()
  expect([...server.uploads.keys()].sort()).toEqual(['4', '6'])
  expect(server.objects.size).toBe(0)
})

test('a start does not need to list open uploads', async () => {
  server.fault = ({ query }) => (query.has('uploads') ? { status: 403, code: 'AccessDenied' } : undefined)
  await storage.start()
})

describe('a signed address takes exactly what it was made for', () => {
  const body = randomBytes(1_000)
  const send = (url: string, headers: Record<string, string>, bytes: Uint8Array = body) =>
    fetch(url, { method: 'PUT', headers, body: bytes as Uint8Array<ArrayBuffer> })

  test('once it is used so, the object is there', async () => {
    const key = newKey()
    const { url, headers } = await storage.signPut(key, { size: 1_000, mime_type, expires_s: 300 })
    expect((await send(url, headers)).status).toBe(200)
    expect(await storage.size(key)).toBe(1_000)
    expect(await buffer((await storage.get(key))!)).toEqual(body)
    expect(server.objects.get(key)?.headers).toEqual({ 'content-type': 'image/png' })
    expect(url).not.toContain(encodeURIComponent(server.secret_access_key))
  })

  test.each<[string, (url: string, headers: Record<string, string>) => Promise<Response>]>([
    ['one byte more', (url, headers) => send(url, headers, randomBytes(1_001))],
    ['one byte less', (url, headers) => send(url, headers, randomBytes(999))],
    ['another type', (url) => send(url, { 'content-type': 'text/html' })],
    ['no type', (url) => send(url, {})],
    ['another key', (url, headers) => send(url.replace('/original?', '/preview?'), headers)],
    ['a longer life', (url, headers) => send(url.replace('Expires=300', 'Expires=3000'), headers)],
    ['fewer signed headers', (url, headers) => send(url.replace('content-length%3B', ''), headers)],
    ['another method', (url, headers) => fetch(url, { method: 'DELETE', headers })],
    ['another class', (url, headers) => send(url, { ...headers, 'x-amz-storage-class': 'GLACIER' })],
  ])('and refuses %s', async (_, use) => {
    const key = newKey()
    const { url, headers } = await storage.signPut(key, { size: 1_000, mime_type, expires_s: 300 })
    expect((await use(url, headers)).status).toBe(403)
    expect(server.objects.size).toBe(0)
  })

  test('until its time is over', async () => {
    const { url, headers } = await storage.signPut(newKey(), { size: 1_000, mime_type, expires_s: 300 })
    server.now = () => Date.now() + 301_000
    expect((await send(url, headers)).status).toBe(403)
    server.now = () => Date.now() + 298_000
    expect((await send(url, headers)).status).toBe(200)
  })
})

test('a signature does not hold for another payload', async () => {
  const url = `${server.endpoint}/${server.bucket}/${newKey()}`
  const { headers } = await new AwsV4Signer({
    method: 'PUT',
    url,
    headers: { 'x-amz-content-sha256': createHash('sha256').update('signed').digest('hex') },
    accessKeyId: server.access_key_id,
    secretAccessKey: server.secret_access_key,
    region: server.region,
    service: 's3',
  }).sign()
  expect(await (await fetch(url, { method: 'PUT', headers, body: 'forged' })).text()).toContain(
    'XAmzContentSHA256Mismatch',
  )
  expect(server.objects.size).toBe(0)
  expect((await fetch(url, { method: 'PUT', headers, body: 'signed' })).status).toBe(200)
})

test('what fits into one part is one request, and one byte more is an upload of two parts', async () => {
  const [one, two] = [newKey(), newKey()]
  await storage.put(one, pieces(Buffer.alloc(8 * MIB), MIB), { mime_type })
  expect(server.log).toEqual([`PUT ${one} 200`])
  await storage.put(two, pieces(Buffer.alloc(8 * MIB + 1), MIB), { mime_type })
  expect(server.log.slice(1)).toEqual([
    `POST ${two}?uploads 200`,
    `PUT ${two}?partNumber,uploadId 200`,
    `PUT ${two}?partNumber,uploadId 200`,
    `POST ${two}?uploadId 200`,
  ])
})

test('the storage class goes with small objects, with large ones and with signed addresses', async () => {
  const cold = storageOn(server, { storage_class: 'STANDARD_IA' })
  const [small, large, direct] = [newKey(), newKey(), newKey()]
  await cold.put(small, yields(Buffer.from('x')), { mime_type })
  await cold.put(large, pieces(Buffer.alloc(9 * MIB), MIB), { mime_type })
  const { url, headers } = await cold.signPut(direct, { size: 1, mime_type, expires_s: 60 })
  expect((await fetch(url, { method: 'PUT', headers, body: 'x' })).status).toBe(200)
  for (const key of [small, large, direct]) {
    expect(server.objects.get(key)?.headers).toMatchObject({
      'content-type': mime_type,
      'x-amz-storage-class': 'STANDARD_IA',
    })
  }
  await cold.stop()
})

describe('what passes', () => {
  test.each<[string, Fault]>([
    ['503', { status: 503, code: 'SlowDown' }],
    ['500', { status: 500, code: 'InternalError' }],
    ['429', { status: 429, code: 'TooManyRequests' }],
    ['409', { status: 409, code: 'OperationAborted' }],
    ['400 RequestTimeout', { status: 400, code: 'RequestTimeout' }],
    ['a connection that is cut', 'cut'],
  ])('%s at every other request does not show', async (_, fault) => {
    // An answer to HEAD has no body, so no code either: 400 says nothing there.
    const isMute = ({ method }: Call) => method === 'HEAD' && typeof fault === 'object' && fault.status === 400
    server.fault = (call, nth) => (nth % 2 === 1 && !isMute(call) ? fault : undefined)
    const [small, large] = [newKey(), newKey()]
    expect(await putSmall(small)).toBe(5)
    expect(await putLarge(large)).toBe(20 * MIB)
    expect(await storage.size(large)).toBe(20 * MIB)
    expect((await buffer((await storage.get(large))!)).equals(Buffer.alloc(20 * MIB, 7))).toBe(true)
    const keys: Key[] = []
    for await (const object of storage.list('media')) keys.push(object.key)
    expect(keys.sort()).toEqual([small, large].sort())
    await storage.remove(keys)
    expect(server.objects.size).toBe(0)
    expect(server.uploads.size).toBe(0)
  })

  test.each<[string, (call: Call) => boolean]>([
    ['an object', ({ method, query }) => method === 'PUT' && query.size === 0],
    ['a part', isPart],
    ['the last step', isComplete],
  ])('an answer about %s that is lost does not lose the object', async (_, matches) => {
    const key = newKey()
    let lost = 0
    server.fault = (call) => (matches(call) && lost++ === 0 ? 'lost' : undefined)
    await putSmall(key)
    expect(String(await buffer((await storage.get(key))!))).toBe('small')
    await putLarge(key)
    expect(await storage.size(key)).toBe(20 * MIB)
    expect(server.uploads.size).toBe(0)
    expect(lost).toBeGreaterThan(1)
  })

  test('a failure within a 200 is made good by the next try', async () => {
    let failures = 0
    server.fault = (call) => (isComplete(call) && failures++ === 0 ? 'denied-late' : undefined)
    const key = newKey()
    await putLarge(key)
    expect(await storage.size(key)).toBe(20 * MIB)
  })
})

describe('what does not pass', () => {
  test('503 without end is given up after four tries', async () => {
    server.fault = () => ({ status: 503, code: 'SlowDown' })
    await expect(putSmall(newKey())).rejects.toThrow('the S3 storage answered PUT with 503 SlowDown')
    expect(server.log).toHaveLength(4)
  })

  test('403 is believed at once', async () => {
    server.fault = () => ({ status: 403, code: 'AccessDenied' })
    await expect(putSmall(newKey())).rejects.toThrow(S3Error)
    expect(server.log).toHaveLength(1)
  })

  test.each<[string, (call: Call) => boolean, Fault]>([
    ['a part that never succeeds', isPart, { status: 500, code: 'InternalError' }],
    ['a part that is refused', isPart, { status: 403, code: 'AccessDenied' }],
    ['a failure within a 200', isComplete, 'denied-late'],
    ['an upload that somebody else has ended', isComplete, { status: 404, code: 'NoSuchUpload' }],
    ['a last step that is refused', isComplete, { status: 400, code: 'InvalidPart' }],
  ])('%s ends the put and its upload, and what was there stays', async (_, matches, fault) => {
    const key = newKey()
    await putSmall(key)
    server.fault = (call) => (matches(call) ? fault : undefined)
    await expect(putLarge(key)).rejects.toThrow(S3Error)
    expect(server.uploads.size).toBe(0)
    expect(await storage.size(key)).toBe(5)
  })

  test('an abort while a part is on its way ends the upload', async () => {
    const abort = new AbortController()
    server.fault = (call) => {
      if (!isPart(call)) return undefined
      abort.abort(new Error('too slow'))
      return 'silent'
    }
    const key = newKey()
    await expect(putLarge(key, abort.signal)).rejects.toThrow('too slow')
    expect(server.uploads.size).toBe(0)
    expect(await storage.size(key)).toBeUndefined()
  })

  test('a bucket that vanished is an error and not a missing object', async () => {
    server.fault = () => ({ status: 404, code: 'NoSuchBucket' })
    await expect(storage.get(newKey())).rejects.toThrow('NoSuchBucket')
  })

  test('an answer that breaks off is an error at its reader and not a short file', async () => {
    const key = newKey()
    await putLarge(key)
    server.fault = ({ method }) => (method === 'GET' ? 'half' : undefined)
    await expect(buffer((await storage.get(key))!)).rejects.toThrow()
  })

  test('a storage that falls silent is left', async () => {
    const hasty = storageOn(server, { silence_ms: 20 })
    server.fault = () => 'silent'
    await expect(hasty.ping()).rejects.toThrow('the S3 storage answered HEAD with nothing ETIMEDOUT')
    await expect(hasty.get(newKey())).rejects.toThrow('ETIMEDOUT')
    await expect(hasty.put(newKey(), yields(Buffer.from('x')), { mime_type })).rejects.toThrow('ETIMEDOUT')
    await hasty.stop()
  })

  test('no error carries a secret, a signature or an address', async () => {
    const wrong = storageOn(server, { secret_access_key: 'wrong/secret' })
    const errors = [
      await rejection(wrong.size(newKey())),
      await rejection(wrong.put(newKey(), yields(), { mime_type })),
    ]
    for (const fault of ['cut', { status: 500, code: '<b>KEY-OF-THE-TEST</b>' }] as const) {
      server.fault = () => fault
      errors.push(await rejection(putSmall(newKey())), await rejection(storage.get(newKey())))
    }
    await wrong.stop()
    expect(errors.every((error) => error instanceof S3Error)).toBe(true)
    const text = inspect([errors, storage], { depth: 10, showHidden: true })
    for (const secret of [
      server.access_key_id,
      server.secret_access_key,
      'wrong/secret',
      'X-Amz',
      'http:',
      'Signature=',
    ]) {
      expect(text).not.toContain(secret)
    }
  })
})

test('a reader who takes a break is not a storage that has fallen silent', async () => {
  const patient = storageOn(server, { silence_ms: 500 })
  const key = newKey()
  const bytes = randomBytes(32 * MIB)
  await storage.put(key, pieces(bytes, MIB), { mime_type })
  const stream = (await patient.get(key)) as IncomingMessage
  // The break lasts two silences.
  await once(stream.socket, 'timeout')
  await once(stream.socket, 'timeout')
  expect((await buffer(stream)).equals(bytes)).toBe(true)
  await patient.stop()
})

describe('the XML of S3', () => {
  test('is read with its entities, and a name is not the beginning of another', () => {
    const text = '<A><Keys>no</Keys><Key a="b">a&amp;b&lt;&#x41;&#66;&quot;&nope;&#x110000;</Key><Key>2</Key></A>'
    expect(readElement(text, 'Key')).toBe('a&b<AB"&nope;&#x110000;')
    expect(readElements(text, 'Key')).toHaveLength(2)
    expect(readElement(text, 'Code')).toBeUndefined()
  })

  test('does not take for ever when it never closes', () => {
    expect(readElements('<Key>'.repeat(500_000), 'Key')).toEqual([])
    expect(readElements('<Key '.repeat(500_000), 'Key')).toEqual([])
  })
})
