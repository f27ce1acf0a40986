// Files that come in with a form.
import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { openForm } from '../support/slow-client.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
let home: string
let session: Awaited<ReturnType<World['session']>>
beforeAll(async () => {
  world = await startWorld({
    MAX_FILE_BYTES: '1MiB',
    MAX_USER_MEDIA_BYTES: '3MiB',
    UPLOAD_STALL: '1s',
    MAX_IMAGE_BYTES: '100kB',
  })
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
  home = (await world.group(alice, bob)).id
  session = await world.session()
})
afterAll(() => world[Symbol.asyncDispose]())

test('a file is stored, linked by a message, heard with it, and given to its readers alone', async () => {
  const attachment = await alice.upload('notes.txt', 'what we said\n')
  expect(attachment).toMatchObject({
    kind: 'file',
    mime_type: 'text/plain',
    filename: 'notes.txt',
    size: 13,
    state: 'ready',
    message_id: null,
  })
  expect((await bob.download(attachment.url)).problem?.code).toBe('attachment.not_found')

  const ear = await listen(bob)
  const message = await alice.say(home, '', { attachment_ids: [attachment.id] })
  expect(message).toMatchObject({
    type: 'file',
    content: null,
    attachments: [{ id: attachment.id, message_id: message.id }],
  })
  expect((await ear.next('message.created')).data).toEqual(message)

  const { status, bytes, headers } = await bob.download(attachment.url)
  expect([status, bytes.toString(), headers.get('content-type')]).toEqual([
    200,
    'what we said\n',
    'text/plain; charset=utf-8',
  ])
  expect(headers.get('content-disposition')).toBe('attachment; filename="notes.txt"')
  expect(headers.get('etag')).toBe(`"${attachment.sha256}"`)
  expect((await outsider.download(attachment.url)).problem?.code).toBe('attachment.not_found')
})

const MIB = 2 ** 20
const text = (bytes: number) => 'x'.repeat(bytes)
const upload = (who: Person, filename: string, content: string | Uint8Array, query = '') =>
  who.sendForm(`/uploads${query}`, { file: new File([content as string], filename) })

/** What the storage and the tables hold of uploads and files. */
async function remains() {
  const files = (await readdir(world.uploads, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  const { rows } = await session.query(
    'select (select count(*)::int from uploads) as uploads, (select count(*)::int from attachments where removed_at is null) as attachments, (select count(*)::int from blobs) as blobs',
  )
  return { files: files.length, ...rows[0] }
}
const openFiles = async () => (await readdir('/proc/self/fd')).length

test('a file of exactly the limit is taken, one byte more is not', async () => {
  const who = await world.person('limited')
  expect((await upload(who, 'a.txt', text(MIB))).status).toBe(201)
  const before = await remains()
  expect(await outcome(upload(who, 'b.txt', text(MIB + 1)))).toBe('413 attachment.too_large')
  expect(await remains()).toEqual(before)
})

test('what is too large is refused while it arrives, and whatever its end would have been', async () => {
  const form = await openForm(alice, '/uploads', 'endless.txt')
  const before = await remains()
  for (let sent = 0; sent < 40; sent++) await form.write(text(64 * 1024))
  expect(await form.answer()).toMatch(/^HTTP\/1.1 413 [\s\S]*attachment\.too_large/)
  await form.vanish()
  expect((await remains()).attachments).toBe(before.attachments)
})

test('each user has a quota, which what is removed gives back and two uploads at once cannot overdraw', async () => {
  const who = await world.person('hoarder')
  const files = [0, 1, 2, 3].map((n) => upload(who, `${n}.txt`, `${n}${text(MIB - 1)}`))
  expect(await outcomes(files)).toEqual(['201', '201', '201', '413 attachment.quota_exceeded'])
  expect(await outcome(upload(who, 'more.txt', 'x'))).toBe('413 attachment.quota_exceeded')
  const stored = (await Promise.all(files)).find(({ status }) => status === 201)
  await who.delete(`/attachments/${stored?.body.id}`)
  expect(await outcome(upload(who, 'more.txt', text(MIB)))).toBe('201')
  expect(await outcome(upload(who, 'more.txt', 'x'))).toBe('413 attachment.quota_exceeded')
})

test('the bytes decide what a file is, not its name and not what the client says', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )
  expect(await alice.upload('page.html', png)).toMatchObject({ kind: 'image', mime_type: 'image/png', width: 1 })
  const page = await alice.upload('cat.png', '<!doctype html><script>alert(1)</script>')
  expect(page).toMatchObject({ kind: 'file', mime_type: 'text/plain' })
  const { headers } = await alice.download(page.url)
  expect(headers.get('content-disposition')).toMatch(/^attachment/)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  const program = Buffer.concat([Buffer.from('7f454c460201010000000000000000000200', 'hex'), Buffer.alloc(100)])
  expect(await outcome(upload(alice, 'cat.png', program))).toBe('415 attachment.type_not_allowed')
  expect(await outcome(upload(alice, 'empty.txt', ''))).toBe('422 attachment.unreadable')
})

test('a name leads nowhere and deceives nobody', async () => {
  const names = ['../../../etc/passwd.txt', 'C:\\Windows\\evil.txt', 'photo\u202egnp.txt', '...', 'x'.repeat(5_000)]
  for (const name of names) {
    const { filename } = await alice.upload(name, 'harmless')
    expect(filename).not.toMatch(/[\\/\u202e]|^\./)
    expect(filename.length).toBeLessThanOrEqual(255)
  }
  expect(await outcome(upload(alice, 'a\0b.txt', 'x'))).toBe('400 upload.malformed')
})

test('the same file of the same user is kept once, and the same file of another is not theirs', async () => {
  const before = await remains()
  const [one, two] = [await alice.upload('one.txt', 'same'), await alice.upload('two.txt', 'same')]
  const other = await bob.upload('three.txt', 'same')
  expect(one.sha256).toBe(two.sha256)
  const after = await remains()
  expect([after.attachments - before.attachments, after.blobs - before.blobs]).toEqual([3, 2])
  expect(after.files - before.files).toBe(2)
  expect((await alice.download(other.url)).status).toBe(404)
})

test('what has not arrived as it was announced is refused', async () => {
  const wrong = '0'.repeat(64)
  expect(await outcome(upload(alice, 'a.txt', 'hello', `?sha256=${wrong}`))).toBe('422 upload.mismatch')
  const right = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
  expect((await upload(alice, 'a.txt', 'hello', `?sha256=${right}`)).status).toBe(201)
})

test('a client that vanishes leaves no file, no row and no open descriptor', async () => {
  const before = await remains()
  const vanish = async () => {
    const forms = await Promise.all(Array.from({ length: 8 }, () => openForm(alice, '/uploads', 'lost.txt')))
    for (const form of forms) await form.write(text(200_000))
    await expect.poll(async () => (await remains()).files).toBe(before.files + forms.length)
    for (const form of forms) await form.vanish()
    await expect.poll(remains).toEqual(before)
  }
  // The first time opens what stays open, such as connections to the database.
  await vanish()
  const descriptors = await openFiles()
  for (let time = 0; time < 3; time++) await vanish()
  await expect.poll(openFiles).toBeLessThanOrEqual(descriptors)
})

test('a client that falls silent is told so, and leaves nothing either', async () => {
  const before = await remains()
  const form = await openForm(alice, '/uploads', 'slow.txt')
  await form.write(text(100_000))
  expect(await form.answer()).toMatch(/^HTTP\/1.1 408 [\s\S]*upload\.stalled/)
  await expect.poll(remains).toEqual(before)
})

test.each([
  ['no form', 'text/plain', 'hello', '415 request.unsupported_media_type'],
  ['JSON', 'application/json', '{}', '415 request.unsupported_media_type'],
  ['a form without a boundary', 'multipart/form-data', 'hello', '415 request.unsupported_media_type'],
  [
    'a form without a file',
    'multipart/form-data; boundary=x',
    '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
    '400 upload.malformed',
  ],
  [
    'a form that ends too early',
    'multipart/form-data; boundary=x',
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello',
    '400 upload.malformed',
  ],
  ['an empty body', 'multipart/form-data; boundary=x', '', '400 upload.malformed'],
])('a body that is %s is refused', async (_what, type, body, refusal) => {
  const before = await remains()
  expect(await outcome(alice.ask('POST', '/uploads', body, { 'content-type': type }))).toBe(refusal)
  await expect.poll(remains).toEqual(before)
})

test('two files in a form for one are refused', async () => {
  const before = await remains()
  const file = [new File(['a'], 'a.txt'), new File(['b'], 'b.txt')]
  expect(await outcome(alice.sendForm('/uploads', { file }))).toBe('400 upload.malformed')
  const after = await remains()
  expect([after.uploads, after.attachments - before.attachments]).toEqual([0, 0])
})

test('several files and their caption become one message, once', async () => {
  const ear = await listen(bob)
  const form = {
    client_id: crypto.randomUUID(),
    content: 'both of them',
    metadata: '{"album":1}',
    file: [new File(['first'], '1.txt'), new File(['second'], '2.txt')],
  }
  const sent = await alice.sendForm(`/conversations/${home}/attachments`, form)
  expect(sent.status).toBe(201)
  expect(sent.body).toMatchObject({ type: 'file', content: 'both of them', metadata: { album: 1 } })
  expect(sent.body.attachments.map((one: { filename: string }) => one.filename)).toEqual(['1.txt', '2.txt'])
  const repeated = await alice.sendForm(`/conversations/${home}/attachments`, form)
  expect([repeated.status, repeated.body]).toEqual([200, sent.body])
  await bob.settled()
  expect(ear.all('message.created')).toHaveLength(1)
})

test('what is said of the files of a caption holds for each of them, and nothing else may be said', async () => {
  const send = (query: string, name: string, content: string) =>
    alice.sendForm(`/conversations/${home}/attachments${query}`, { file: new File([content], name) })
  const wav = 'RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\0\x3e\0\0\x02\0\x10\0data\0\0\0\0'
  const voice = await send('?voice=true', 'a.wav', wav)
  expect([voice.status, voice.body.type]).toEqual([201, 'voice'])
  expect(await outcome(send('?voice=true', 'a.txt', 'hello'))).toBe('415 attachment.type_not_allowed')
  expect(await outcome(send('?voise=true', 'a.txt', 'hello'))).toBe('422 request.invalid')
})

test('a caption that is refused takes its files with it', async () => {
  const visible = async () => {
    return (await session.query('select count(*)::int as n from attachments where removed_at is null')).rows[0].n
  }
  const before = await visible()
  const file = new File(['x'], 'x.txt')
  const send = (fields: Record<string, string>, who = alice) =>
    who.sendForm(`/conversations/${home}/attachments`, { ...fields, file })
  expect(await outcome(send({ content: text(6_000) }))).toBe('422 message.too_long')
  expect(await outcome(send({ reply_to_id: crypto.randomUUID() }))).toBe('422 message.reply_not_found')
  expect(await outcome(send({ client_id: 'x' }))).toBe('422 request.invalid')
  expect(await outcome(send({ content: 'hi' }, outsider))).toBe('404 conversation.not_found')
  expect(await visible()).toBe(before)
})

test('a command over a socket takes files as a request does', async () => {
  const ear = await alice.connect()
  const file = await alice.upload('over the socket.txt', crypto.randomUUID())
  const data = { conversation_id: home, content: 'here', attachment_ids: [file.id] }
  const sent = await ear.command('message.send', data)
  expect(sent).toMatchObject({ ok: true, data: { type: 'file', attachments: [{ id: file.id }] } })
  const again = await ear.command('message.send', data)
  expect(again).toMatchObject({ ok: false, error: { code: 'attachment.in_use' } })
})

test('a file belongs to one message, and to nobody else', async () => {
  const [one, two] = [await alice.upload('1.txt', 'one of mine'), await alice.upload('2.txt', 'another')]
  const send = (ids: string[], who = alice) =>
    who.ask('POST', `/conversations/${home}/messages`, { content: 'x', attachment_ids: ids })
  expect(await outcome(send([one.id], bob))).toBe('404 attachment.not_found')
  expect(await outcome(send([one.id, crypto.randomUUID()]))).toBe('404 attachment.not_found')
  expect(await outcome(send([one.id, one.id]))).toBe('422 request.invalid')
  expect(await outcomes([send([one.id, two.id]), send([two.id, one.id])])).toEqual(['201', '409 attachment.in_use'])
})
