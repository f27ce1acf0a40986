// Files that come in pieces, spoken as tus 1.0.0.
import { Upload } from 'tus-js-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import * as tus from '../support/uploading.js'
import { startWorld, type World } from '../support/world.js'
import { outcome, request } from './request.js'

const { MIB, begin, begun, append, head, complete, offsetOf, text, until } = tus

let world: World
let alice: Person
let bob: Person
let carol: Person
beforeAll(async () => {
  world = await startWorld({ UPLOAD_STALL: '1s' })
  ;[alice, bob, carol] = await world.people('alice', 'bob', 'carol')
})
afterAll(() => world[Symbol.asyncDispose]())

/** Sends with the client that browsers use; answers the id. */
function sendWithTus(
  person: Person,
  bytes: string,
  options: { chunkSize?: number; uploadUrl?: string; url?: string; whenSent?: (upload: Upload, sent: number) => void },
): Promise<string> {
  const { url = person.url, whenSent, ...rest } = options
  return new Promise((resolve, reject) => {
    const upload: Upload = new Upload(Buffer.from(bytes), {
      endpoint: `${url}/api/v1/uploads/resumable`,
      headers: { authorization: `Bearer ${person.token}` },
      metadata: { filename: 'long.txt', filetype: 'text/plain' },
      retryDelays: [0, 50, 100, 500, 1_000],
      onError: reject,
      onSuccess: () => resolve(upload.url?.split('/').at(-1) ?? ''),
      onChunkComplete: (_size, sent) => whenSent?.(upload, sent),
      ...rest,
    })
    upload.start()
  })
}

test('a tus client sends 30 MiB in chunks, with a pause, and the file is that of its sender', async () => {
  const bytes = text(30 * MIB)
  let pauses = 0
  const id = await sendWithTus(alice, bytes, {
    chunkSize: 3.5 * MIB,
    whenSent: (upload, sent) => {
      if (sent < 10 * MIB || pauses++ > 0) return
      void upload.abort().then(() => upload.start())
    },
  })
  expect(pauses).toBeGreaterThan(0)
  expect(await outcome(head(bob, id))).toBe('404 undefined')
  const { status, body } = await complete(alice, id)
  expect([status, body]).toMatchObject([
    201,
    { id, sha256: tus.sha256(bytes), size: 30 * MIB, filename: 'long.txt', mime_type: 'text/plain', message_id: null },
  ])
  expect((await alice.download(body.url)).bytes.toString() === bytes).toBe(true)
  expect((await bob.download(body.url)).problem?.code).toBe('attachment.not_found')
  // Nothing of the way is left, and what was complete cannot be gone on with.
  expect(await tus.filesIn(world, 'staging')).toEqual([])
  expect(await outcome(append(alice, id, 0, 'x'))).toBe('404 upload.not_found')
  // A repeat is answered with the same.
  expect(await complete(alice, id)).toMatchObject({ status: 200, body })
  expect(await outcome(complete(bob, id))).toBe('404 upload.not_found')
})

test('a tus client that sends bytes along with the creation needs no second request', async () => {
  const { status, headers } = await begin(
    alice,
    5,
    { filename: 'a.txt' },
    { headers: tus.BYTES, body: Buffer.from('hello') },
  )
  expect([status, headers.get('upload-offset'), headers.get('tus-resumable')]).toEqual([201, '5', '1.0.0'])
  const id = headers.get('location')?.split('/').at(-1) ?? ''
  expect((await complete(alice, id)).body).toMatchObject({ sha256: tus.sha256('hello') })
})

test('bytes of a creation that are too many leave nothing behind', async () => {
  const before = await countUploads()
  const refused = begin(alice, 4, {}, { headers: tus.BYTES, body: Buffer.from('hello') })
  expect(await outcome(refused)).toBe('422 upload.mismatch')
  expect([await countUploads(), await tus.filesIn(world, 'staging')]).toEqual([before, []])
})

test('HEAD tells what was said at the beginning and how far it is', async () => {
  const id = await begun(alice, 10, { filename: 'höhe.txt', relativePath: 'a/b', filetype: '' })
  await append(alice, id, 0, 'four')
  const { status, headers } = await head(alice, id)
  expect([status, headers.get('upload-offset'), headers.get('upload-length')]).toEqual([200, '4', '10'])
  expect(headers.get('upload-metadata')).toBe('filename aMO2aGUudHh0,relativePath YS9i,filetype')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(Date.parse(headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now())
})

test('what is said of the file is checked before its first byte', async () => {
  const refusals: [number, Record<string, string>, string][] = [
    [10, { filetype: 'application/x-sharedlib' }, '415 attachment.type_not_allowed'],
    [10, { filetype: 'nonsense' }, '422 request.invalid'],
    [10, { filetype: 'text/plain', voice: 'true' }, '415 attachment.type_not_allowed'],
    [10, { voice: 'perhaps' }, '422 request.invalid'],
    [10, { sha256: 'abc' }, '422 request.invalid'],
    [10, { conversation_id: crypto.randomUUID() }, '404 conversation.not_found'],
    [50_000_001, { filetype: 'text/plain' }, '413 attachment.too_large'],
    [100_000_001, {}, '413 attachment.too_large'],
    [0, {}, '422 request.invalid'],
  ]
  const before = await countUploads()
  for (const [size, metadata, end] of refusals) {
    expect.soft([metadata, await outcome(begin(alice, size, metadata))]).toEqual([metadata, end])
  }
  for (const header of ['filename !', 'filename YQ==,filename YQ==', 'filename YQ== YQ=='])
    expect
      .soft(await outcome(begin(alice, 10, {}, { headers: { 'upload-metadata': header } })))
      .toBe('422 request.invalid')
  expect(await countUploads()).toBe(before)
  // At the limit it begins.
  expect(await outcome(begin(alice, 50_000_000, { filetype: 'text/plain' }))).toBe('201')
})

test('the settings of the conversation hold from the beginning, and its members alone may name it', async () => {
  const group = await world.group(alice, carol)
  const psql = await world.session()
  await psql.query(`update conversations set settings = '{"max_file_size": 10}' where id = $1`, [group.id])
  const conversation_id = group.id
  expect(await outcome(begin(alice, 11, { conversation_id }))).toBe('403 attachment.not_allowed_here')
  expect(await outcome(begin(alice, 10, { conversation_id }))).toBe('201')
  expect(await outcome(begin(bob, 10, { conversation_id }))).toBe('404 conversation.not_found')
})

test('only what follows is taken: another offset, too many bytes, another type or version change nothing', async () => {
  const id = await begun(alice, 10)
  await append(alice, id, 0, 'four')
  expect(await outcome(append(alice, id, 0, 'four'))).toBe('409 upload.offset_conflict')
  expect(await outcome(append(alice, id, 5, 'five'))).toBe('409 upload.offset_conflict')
  expect(await outcome(append(alice, id, 4, 'seven..'))).toBe('422 upload.mismatch')
  const patch = (headers: Record<string, string>) =>
    outcome(alice.ask('PATCH', `/uploads/resumable/${id}`, Buffer.from('six'), { ...tus.BYTES, ...headers }))
  expect(await patch({ 'upload-offset': 'x' })).toBe('422 request.invalid')
  expect(await patch({})).toBe('422 request.invalid')
  expect(await patch({ 'upload-offset': '4', 'content-type': 'application/json' })).toBe(
    '415 request.unsupported_media_type',
  )
  expect(await patch({ 'upload-offset': '4', 'tus-resumable': '0.2.2' })).toBe('412 upload.tus_version')
  // Without a length it is found out while it arrives.
  const unmeasured = tus.openAppend(alice, id, 4)
  unmeasured.write('seven..')
  unmeasured.end()
  expect(await unmeasured.answer).toEqual({ status: 422, code: 'upload.mismatch' })
  expect(await offsetOf(alice, id)).toBe(4)
  expect(await outcome(append(alice, id, 4, 'sixsix'))).toBe('204')
  expect((await complete(alice, id)).body.sha256).toBe(tus.sha256('foursixsix'))
})

test('an upload is nobody else’s and needs a token', async () => {
  const id = await begun(alice, 4)
  expect(await outcome(append(bob, id, 0, 'evil'))).toBe('404 upload.not_found')
  expect(await outcome(tus.abort(bob, id))).toBe('404 upload.not_found')
  expect(await outcome(complete(bob, id))).toBe('404 upload.not_found')
  for (const method of ['HEAD', 'PATCH', 'DELETE'])
    expect(
      (await request(world.node.url, method, `/api/v1/uploads/resumable/${id}`, { headers: tus.TUS })).status,
    ).toBe(401)
  expect(await offsetOf(alice, id)).toBe(0)
})

test('before it is complete it is no attachment, and without all its bytes it becomes none', async () => {
  const group = await world.group(alice, carol)
  const id = await begun(alice, 8)
  await append(alice, id, 0, 'half')
  expect(await outcome(complete(alice, id))).toBe('409 upload.incomplete')
  const link = () => outcome(alice.ask('POST', `/conversations/${group.id}/messages`, { attachment_ids: [id] }))
  expect(await link()).toBe('404 attachment.not_found')
  await append(alice, id, 4, 'full')
  expect(await link()).toBe('404 attachment.not_found')
  await complete(alice, id)
  expect(await link()).toBe('201')
})

test('what is not what was announced is gone when it is completed', async () => {
  const cases: [string, Record<string, string>, string][] = [
    ['a text', { filetype: 'image/jpeg' }, '422 upload.mismatch'],
    ['a text', { sha256: tus.sha256('another') }, '422 upload.mismatch'],
    ['\x7fELF\x00\x01\x02\x03', {}, '415 attachment.type_not_allowed'],
    ['a text', { voice: 'true' }, '415 attachment.type_not_allowed'],
  ]
  for (const [content, metadata, end] of cases) {
    const id = await begun(alice, content.length, metadata)
    await append(alice, id, 0, content)
    expect.soft(await outcome(complete(alice, id))).toBe(end)
    expect.soft(await outcome(complete(alice, id))).toBe('404 upload.not_found')
  }
  expect(await tus.orphans(world)).toEqual([])
  await expect.poll(() => tus.openFiles(world)).toEqual([])
})

test('a large file that is refused by its first bytes is not held open', async () => {
  const id = await begun(alice, 9 * MIB)
  await append(alice, id, 0, `\x7fELF\x00${text(9 * MIB - 5)}`)
  expect(await outcome(complete(alice, id))).toBe('415 attachment.type_not_allowed')
  await expect.poll(() => tus.openFiles(world)).toEqual([])
  expect(await tus.orphans(world)).toEqual([])
})

test('a type of the same kind may be another one than was announced', async () => {
  const id = await begun(alice, 4, { filetype: 'application/pdf', filename: 'a.pdf' })
  await append(alice, id, 0, 'text')
  expect((await complete(alice, id)).body).toMatchObject({ mime_type: 'text/plain', filename: 'a.pdf.txt' })
})

test('a request that breaks off leaves what had arrived, down to the last bytes, and no open file', async () => {
  const bytes = text(11 * MIB)
  const id = await begun(alice, bytes.length)
  const patch = tus.openAppend(alice, id, 0, bytes.length)
  patch.write(bytes.slice(0, 10 * MIB))
  await until(
    () => offsetOf(alice, id),
    (offset) => offset === 8 * MIB,
  )
  // Of the second part something is here as well when its file is being written.
  await tus.arriving(world)
  patch.vanish()
  const offset = await until(
    () => offsetOf(alice, id),
    (at) => at > 8 * MIB,
  )
  expect(offset).toBeLessThanOrEqual(10 * MIB)
  await until(
    async () => tus.openFiles(world),
    (files) => files.length === 0,
  )
  expect(await tus.filesIn(world, 'tmp')).toEqual([])
  expect(await outcome(append(alice, id, offset, bytes.slice(offset)))).toBe('204')
  expect((await complete(alice, id)).body.sha256).toBe(tus.sha256(bytes))
})

test('a request that falls silent ends, and what had arrived is kept', async () => {
  const id = await begun(alice, 8)
  const patch = tus.openAppend(alice, id, 0, 8)
  patch.write('half')
  expect(await patch.answer).toEqual({ status: 408, code: 'upload.stalled' })
  expect(await offsetOf(alice, id)).toBe(4)
  await until(
    async () => tus.openFiles(world),
    (files) => files.length === 0,
  )
})

test('what has expired cannot be gone on with', async () => {
  const id = await begun(alice, 4)
  const psql = await world.session()
  await psql.query(`update uploads set expires_at = now() where id = $1`, [id])
  expect(await outcome(append(alice, id, 0, 'late'))).toBe('410 upload.expired')
  expect(await outcome(complete(alice, id))).toBe('410 upload.expired')
  expect(await outcome(head(alice, id))).toBe('410 undefined')
})

test('an upload of very many short pieces has to begin anew', async () => {
  const id = await begun(alice, 2 * MIB)
  const psql = await world.session()
  await psql.query('update uploads set parts = 1001 where id = $1', [id])
  expect(await outcome(append(alice, id, 0, 'x'))).toBe('204')
  expect(await outcome(append(alice, id, 1, 'x'))).toBe('409 upload.too_many_parts')
})

test('a page may speak tus from another origin, and finds out what is spoken', async () => {
  const node = await world.addNode({ CORS_ORIGINS: 'https://chat.example' })
  const headers = {
    origin: 'https://chat.example',
    'access-control-request-method': 'PATCH',
    'access-control-request-headers': 'tus-resumable,upload-offset',
  }
  const answer = await fetch(`${node.url}/api/v1/uploads/resumable`, { method: 'OPTIONS', headers })
  expect(answer.status).toBe(204)
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'tus-version': '1.0.0',
    'tus-extension': 'creation,creation-with-upload,expiration,termination',
    'tus-max-size': '100000000',
    'access-control-allow-origin': 'https://chat.example',
  })
  for (const name of ['tus-resumable', 'upload-offset', 'upload-length', 'upload-metadata'])
    expect(answer.headers.get('access-control-allow-headers')?.toLowerCase().split(',')).toContain(name)
  for (const name of ['location', 'upload-offset', 'upload-expires', 'tus-resumable'])
    expect(answer.headers.get('access-control-expose-headers')?.toLowerCase().split(',')).toContain(name)
  expect(answer.headers.get('access-control-allow-methods')).toMatch(/PATCH/)
})

async function countUploads(): Promise<number> {
  const psql = await world.session()
  return (await psql.query('select count(*)::int as count from uploads')).rows[0].count
}
