// Files that a client brings to the bucket itself, and files in pieces that nodes keep there.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { S3Server } from '../support/s3-server.js'
import { append, begun, complete, MIB, offsetOf, sha256, text } from '../support/uploading.js'
import { startWorld, type World } from '../support/world.js'
import { outcome } from './request.js'

let world: World
let bucket: S3Server
let alice: Person
beforeAll(async () => {
  bucket = await S3Server.start()
  world = await startWorld({
    S3_ENDPOINT: bucket.endpoint,
    S3_BUCKET: bucket.bucket,
    S3_REGION: bucket.region,
    S3_ACCESS_KEY_ID: bucket.access_key_id,
    S3_SECRET_ACCESS_KEY: bucket.secret_access_key,
  })
  alice = await world.person('alice')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await bucket.close()
})

const sign = (input: object = {}) =>
  alice.post('/uploads/sign', { filename: 'notes.txt', mime_type: 'text/plain', size: 5, ...input })
const put = async (url: string, bytes: string, headers: Record<string, string>) =>
  (await fetch(url, { method: 'PUT', body: Buffer.from(bytes), headers })).status
const objects = (area: string) => [...bucket.objects.keys()].filter((key) => key.startsWith(`${area}/`))

test('a client puts a file straight to the bucket, and what comes after it is complete changes nothing', async () => {
  const { attachment_id: id, url, headers, expires_at } = await sign()
  expect(url.startsWith(`${bucket.endpoint}/${bucket.bucket}/staging/${id}/`)).toBe(true)
  expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(300_000)
  expect(await outcome(complete(alice, id))).toBe('409 upload.incomplete')
  expect(await put(url, 'hello', headers)).toBe(200)
  const { status, body } = await complete(alice, id)
  expect([status, body]).toMatchObject([201, { id, sha256: sha256('hello'), size: 5 }])
  expect(objects('staging')).toEqual([])
  // The address lives on, but leads to nothing that anybody is given.
  expect(await put(url, 'wrong', headers)).toBe(200)
  expect((await alice.download(body.url)).bytes.toString()).toBe('hello')
  expect(await complete(alice, id)).toMatchObject({ status: 200, body })
})

test('the address is for these bytes alone: their number, their type, their upload', async () => {
  const { attachment_id: id, url, headers } = await sign()
  const other = await sign()
  expect(await put(url, 'hell', headers)).toBe(403)
  expect(await put(url, 'hello!', headers)).toBe(403)
  expect(await put(url, 'hello', { ...headers, 'content-type': 'text/html' })).toBe(403)
  expect(await put(url.replace(id, other.attachment_id), 'hello', headers)).toBe(403)
  bucket.now = () => Date.now() + 301_000
  expect(await put(url, 'hello', headers)).toBe(403)
  bucket.now = () => Date.now()
  expect(await outcome(complete(alice, id))).toBe('409 upload.incomplete')
  expect(objects('staging').filter((key) => key.includes(id))).toEqual([])
})

test('what is not what was announced is taken from the bucket', async () => {
  const zip = 'PK\x03\x04'.padEnd(40, '\0')
  const { attachment_id: id, url, headers } = await sign({ mime_type: 'image/png', size: zip.length })
  expect(await put(url, zip, headers)).toBe(200)
  expect(await outcome(complete(alice, id))).toBe('422 upload.mismatch')
  expect(await outcome(complete(alice, id))).toBe('404 upload.not_found')
  expect([...bucket.objects.keys()].filter((key) => key.includes(id))).toEqual([])
})

test('a bucket that fails while a file is taken in loses nothing of it', async () => {
  const { attachment_id: id, url, headers } = await sign()
  await put(url, 'hello', headers)
  bucket.fault = ({ method, key }) =>
    method === 'PUT' && key.startsWith('media/') ? { status: 403, code: 'AccessDenied' } : undefined
  expect(await outcome(complete(alice, id))).toBe('503 storage.unavailable')
  bucket.fault = () => undefined
  expect(await complete(alice, id)).toMatchObject({ status: 201, body: { sha256: sha256('hello') } })
})

test('a file in pieces is kept in the bucket, piece by piece, and then whole', async () => {
  const bytes = text(17 * MIB)
  const id = await begun(alice, bytes.length)
  await append(alice, id, 0, bytes.slice(0, 9 * MIB))
  expect(objects('staging').filter((key) => key.includes(id))).toHaveLength(2)
  expect(await offsetOf(alice, id)).toBe(9 * MIB)
  await append(alice, id, 9 * MIB, bytes.slice(9 * MIB))
  expect((await complete(alice, id)).body).toMatchObject({ sha256: sha256(bytes), size: bytes.length })
  expect(objects('staging').filter((key) => key.includes(id))).toEqual([])
})
