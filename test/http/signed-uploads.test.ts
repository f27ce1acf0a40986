// Files that are put to an address that is signed for them, here on the disk of a node.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Answer, Person } from '../support/person.js'
import { fetchJson } from '../support/person.js'
import { arriving, complete, filesIn, open, openFiles, sha256, until } from '../support/uploading.js'
import { startWorld, type World } from '../support/world.js'
import { outcome, outcomes } from './request.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
let home: string
beforeAll(async () => {
  world = await startWorld({ UPLOAD_STALL: '1s' })
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
  home = (await world.group(alice, bob)).id
})
afterAll(() => world[Symbol.asyncDispose]())

const NOTES = { filename: 'notes.txt', mime_type: 'text/plain', size: 5 }
type Signed = { attachment_id: string; url: string; headers: Record<string, string>; expires_at: string }

const askToSign = (input: object = {}, person = alice): Promise<Answer> =>
  person.ask('POST', '/uploads/sign', { ...NOTES, ...input })
async function sign(input: object = {}, person = alice): Promise<Signed> {
  const { status, body } = await askToSign(input, person)
  if (status !== 201) throw new Error(JSON.stringify(body))
  return body as Signed
}
/** Without a token, as the address wants it. */
const put = (url: string, bytes: string, headers: Record<string, string> = { 'content-type': 'text/plain' }) =>
  fetchJson(world.node.url, 'PUT', url, { body: Buffer.from(bytes), headers })
/** Of this upload, and whatever is open or on its way. */
const filesLeft = async (id: string) => [
  ...(await filesIn(world, 'staging')).filter((path) => path.includes(id)),
  ...(await filesIn(world, 'tmp')),
  ...openFiles(world),
]

test('a file is put to its address, completed, and then like any other', async () => {
  const { attachment_id: id, url, headers, expires_at } = await sign()
  expect(Date.parse(expires_at) - Date.now()).toBeGreaterThan(295_000)
  expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(300_000)
  const link = () => outcome(alice.ask('POST', `/conversations/${home}/messages`, { attachment_ids: [id] }))
  expect(await outcome(complete(alice, id))).toBe('409 upload.incomplete')
  expect(await outcome(put(url, 'hello', headers))).toBe('204')
  expect(await link()).toBe('404 attachment.not_found')
  const { status, body } = await complete(alice, id)
  expect([status, body]).toMatchObject([201, { id, sha256: sha256('hello'), size: 5, filename: 'notes.txt' }])
  expect(await complete(alice, id)).toMatchObject({ status: 200, body })
  expect(await link()).toBe('201')
  expect((await bob.download(body.url)).bytes.toString()).toBe('hello')
  await expect.poll(() => filesLeft(id)).toEqual([])
})

test('its uploader alone completes it, also after others may see the file', async () => {
  const { attachment_id: id, url } = await sign()
  await put(url, 'hello')
  expect(await outcome(complete(bob, id))).toBe('404 upload.not_found')
  await complete(alice, id)
  await alice.say(home, '', { attachment_ids: [id] })
  expect(await outcome(complete(bob, id))).toBe('404 upload.not_found')
  expect(await outcome(complete(outsider, crypto.randomUUID()))).toBe('404 upload.not_found')
})

test('an address that is still alive changes nothing once the upload is complete', async () => {
  const { attachment_id: id, url } = await sign()
  await put(url, 'first')
  await put(url, 'right')
  const { body } = await complete(alice, id)
  expect(await outcome(put(url, 'wrong'))).toBe('404 upload.not_found')
  expect((await alice.download(body.url)).bytes.toString()).toBe('right')
  await expect.poll(() => filesLeft(id)).toEqual([])
})

test('bytes that come to rest after the upload is complete are removed', async () => {
  const { attachment_id: id, url } = await sign()
  await put(url, 'right')
  const late = open(alice, 'PUT', url, { 'content-type': 'text/plain', 'content-length': '5' })
  late.write('wro')
  await arriving(world)
  const { body } = await complete(alice, id)
  late.write('ng')
  late.end()
  expect(await late.answer).toEqual({ status: 404, code: 'upload.not_found' })
  expect((await alice.download(body.url)).bytes.toString()).toBe('right')
  await expect.poll(() => filesLeft(id)).toEqual([])
})

test('one byte more or less, or another type, is refused and nothing of it is kept', async () => {
  const { attachment_id: id, url } = await sign()
  for (const bytes of ['hell', 'hello!', '']) expect.soft(await outcome(put(url, bytes))).toBe('422 upload.mismatch')
  expect(await outcome(put(url, 'hello', { 'content-type': 'text/html' }))).toBe('422 upload.mismatch')
  expect(await outcome(put(url, 'hello', {}))).toBe('422 upload.mismatch')
  for (const bytes of ['hell', 'hello!']) {
    const unmeasured = open(alice, 'PUT', url, { 'content-type': 'text/plain' })
    unmeasured.write(bytes)
    unmeasured.end()
    expect.soft(await unmeasured.answer).toEqual({ status: 422, code: 'upload.mismatch' })
  }
  await expect.poll(() => filesLeft(id)).toEqual([])
  expect(await outcome(complete(alice, id))).toBe('409 upload.incomplete')
  // The upload itself is not gone by it.
  expect(await outcome(put(url, 'hello', { 'content-type': 'Text/Plain; charset=utf-8' }))).toBe('204')
  expect(await outcome(complete(alice, id))).toBe('201')
})

test('a file that says it is JSON is put like any other, whatever its size', async () => {
  const bytes = `"${'x'.repeat(2_000_000)}"`
  const {
    attachment_id: id,
    url,
    headers,
  } = await sign({
    filename: 'a.json',
    mime_type: 'application/json',
    size: bytes.length,
  })
  expect(await outcome(put(url, bytes, headers))).toBe('204')
  expect((await complete(alice, id)).body).toMatchObject({ mime_type: 'application/json', sha256: sha256(bytes) })
})

test('an address is good for one upload of its maker, until it ends, as long as the session lasts', async () => {
  const one = await sign()
  const other = await sign()
  const signature = new URL(one.url, 'http://localhost').searchParams.get('signature') ?? ''
  expect(await outcome(put(other.url.replace(/=.*/, `=${signature}`), 'hello'))).toBe('403 attachment.link_invalid')
  expect(await outcome(put(one.url.replace(/.$/, ''), 'hello'))).toBe('403 attachment.link_invalid')
  expect(await outcome(put(one.url.replace(/\?.*/, ''), 'hello'))).toBe('401 auth.unauthenticated')
  expect(await outcome(put(`/uploads/${one.attachment_id}/complete?signature=${signature}`, 'hello'))).toMatch(/^401/)
  expect(await outcome(bob.ask('PUT', one.url.replace(/\?.*/, ''), 'hello'))).toBe('404 upload.not_found')
  const device = await world.device(alice)
  const last = await sign({}, device)
  await device.post('/auth/logout')
  expect(await outcome(put(last.url, 'hello'))).toBe('403 attachment.link_invalid')
  expect(await outcome(put(one.url, 'hello'))).toBe('204')
})

test('what is said of the file is checked before there is an address', async () => {
  const psql = await world.session()
  const count = async () => (await psql.query('select count(*)::int as n from uploads')).rows[0].n
  const before = await count()
  const refusals: [object, string][] = [
    [{ mime_type: 'application/x-sharedlib' }, '415 attachment.type_not_allowed'],
    [{ mime_type: 'nonsense' }, '422 request.invalid'],
    [{ voice: true }, '415 attachment.type_not_allowed'],
    [{ size: 0 }, '422 request.invalid'],
    [{ size: 50_000_001 }, '413 attachment.too_large'],
    [{ size: 20_000_001, mime_type: 'image/png' }, '413 attachment.too_large'],
    [{ filename: '' }, '422 request.invalid'],
    [{ sha256: 'abc' }, '422 request.invalid'],
    [{ conversation_id: crypto.randomUUID() }, '404 conversation.not_found'],
  ]
  for (const [input, end] of refusals) expect.soft([input, await outcome(askToSign(input))]).toEqual([input, end])
  expect(await outcome(askToSign({ conversation_id: home }, outsider))).toBe('404 conversation.not_found')
  expect(await count()).toBe(before)
  expect(await outcome(askToSign({ size: 50_000_000 }))).toBe('201')
})

test('the settings of the conversation hold when it is signed and when it is completed', async () => {
  const psql = await world.session()
  const { id: conversation_id } = await world.group(alice, bob)
  const set = (settings: object) =>
    psql.query('update conversations set settings = $2 where id = $1', [conversation_id, settings])
  await set({ max_file_size: 4 })
  expect(await outcome(askToSign({ conversation_id }))).toBe('403 attachment.not_allowed_here')
  await set({ max_file_size: 5 })
  const { attachment_id: id, url } = await sign({ conversation_id })
  await put(url, 'hello')
  await set({ allowed_file_types: ['image'] })
  expect(await outcome(complete(alice, id))).toBe('403 attachment.not_allowed_here')
  expect(await outcome(complete(alice, id))).toBe('404 upload.not_found')
  expect(await outcome(askToSign({ conversation_id }))).toBe('403 attachment.not_allowed_here')
})

test('bytes that are not what was announced are gone when they are completed', async () => {
  const zip = 'PK\x03\x04'.padEnd(40, '\0')
  const cases: [object, string, string][] = [
    [{ mime_type: 'image/jpeg' }, zip, '422 upload.mismatch'],
    [{ mime_type: 'audio/mpeg', voice: true }, 'a text', '422 upload.mismatch'],
    [{ sha256: sha256('another') }, 'a text', '422 upload.mismatch'],
    [{}, '\x7fELF\x02\x01', '415 attachment.type_not_allowed'],
  ]
  for (const [input, bytes, end] of cases) {
    const { attachment_id: id, url, headers } = await sign({ ...input, size: bytes.length })
    expect.soft(await outcome(put(url, bytes, headers))).toBe('204')
    expect.soft([input, await outcome(complete(alice, id))]).toEqual([input, end])
    expect.soft(await outcome(complete(alice, id))).toBe('404 upload.not_found')
    expect.soft(await outcome(put(url, bytes, headers))).toBe('404 upload.not_found')
  }
  const { attachment_id: id, url } = await sign({ sha256: sha256('hello') })
  await put(url, 'hello')
  expect(await outcome(complete(alice, id))).toBe('201')
})

test('while the database cannot take it, the bytes stay, and the same request works later', async () => {
  const { attachment_id: id, url } = await sign()
  await put(url, 'hello')
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('select from media_usage where user_id = $1 for update', [alice.id])
  expect(await outcome(complete(alice, id))).toBe('503 busy')
  await psql.query('rollback')
  await expect.poll(() => filesLeft(id)).toEqual([expect.stringContaining('/content')])
  expect((await complete(alice, id)).body).toMatchObject({ sha256: sha256('hello') })
})

test('a node that dies while it takes a file in keeps nobody from it for long', async () => {
  const { attachment_id: id, url } = await sign()
  await put(url, 'hello')
  const psql = await world.session()
  await psql.query(`update uploads set writer = gen_random_uuid(), busy_until = now() + '1 min' where id = $1`, [id])
  const refused = await complete(alice, id)
  expect([await outcome(Promise.resolve(refused)), refused.headers.get('retry-after')]).toEqual([
    '423 upload.locked',
    '1',
  ])
  await psql.query(`update uploads set busy_until = now() where id = $1`, [id])
  expect(await outcome(complete(alice, id))).toBe('201')
})

test('a connection that falls silent or vanishes leaves nothing', async () => {
  const { attachment_id: id, url } = await sign()
  const headers = { 'content-type': 'text/plain', 'content-length': '5' }
  const silent = open(alice, 'PUT', url, headers)
  silent.write('hel')
  expect(await silent.answer).toEqual({ status: 408, code: 'upload.stalled' })
  const lost = open(alice, 'PUT', url, headers)
  lost.write('hel')
  await arriving(world)
  lost.vanish()
  await until(
    () => filesLeft(id),
    (files) => files.length === 0,
  )
  expect(await outcome(complete(alice, id))).toBe('409 upload.incomplete')
})

test('of files that would fill the quota together, signed at once, the last is refused', async () => {
  await using small = await startWorld({ MAX_USER_MEDIA_BYTES: '1kB' })
  const carol = await small.person('carol')
  const asked = Array.from({ length: 6 }, () => askToSign({ size: 250 }, carol))
  expect(await outcomes(asked)).toEqual([...Array(4).fill('201'), ...Array(2).fill('413 attachment.quota_exceeded')])
  const begin = { 'tus-resumable': '1.0.0', 'upload-length': '1' }
  const resumable = () => outcome(carol.ask('POST', '/uploads/resumable', undefined, begin))
  expect(await resumable()).toBe('413 attachment.quota_exceeded')
  const psql = await small.session()
  await psql.query('delete from uploads where id = (select id from uploads limit 1)')
  expect(await resumable()).toBe('201')
})

test('of unfinished uploads there are as many as there may be, and no more', async () => {
  const carol = await world.person('carol')
  const psql = await world.session()
  await psql.query(
    `insert into uploads (user_id, method, size, expires_at)
     select $1, 'signed', 1, now() + '1 h' from generate_series(1, 98)`,
    [carol.id],
  )
  expect(await outcomes([askToSign({}, carol), askToSign({}, carol), askToSign({}, carol)])).toEqual([
    '201',
    '201',
    '409 upload.too_many',
  ])
})
