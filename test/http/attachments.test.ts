// Files after they were sent: one goes, others come, some are kept elsewhere; and all go with the account.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HARD } from '../../src/contract/limits.js'
import type { Message } from '../../src/contract/messages.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
let alice: Person
let bob: Person
let moderator: Person
let outsider: Person
let home: string
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, moderator, outsider] = await world.people('alice', 'bob', 'moderator', 'outsider')
  home = (await world.group(alice, bob, moderator)).id
  await alice.patch(`/conversations/${home}/members/${moderator.id}`, { role: 'moderator' })
})
afterAll(() => world[Symbol.asyncDispose]())

const remove = (who: Person, id: string) => outcome(who.ask('DELETE', `/attachments/${id}`))
const send = async (who: Person, ...names: string[]) => {
  const files = []
  for (const name of names) files.push(await who.upload(name, `what ${name} holds ${crypto.randomUUID()}`))
  return who.say(home, '', { attachment_ids: files.map((file) => file.id) })
}
const age = async (messageId: string, seconds: number) => {
  const psql = await world.session()
  await psql.query(`update messages set created_at = created_at - $2 * interval '1 second' where id = $1`, [
    messageId,
    seconds,
  ])
}
const external = (more: object = {}) => ({
  media_id: `media ${crypto.randomUUID()}`,
  kind: 'video',
  mime_type: 'video/mp4',
  filename: 'talk.mp4',
  size: 7_000_000_000,
  upload_status: 'pending',
  ...more,
})

test('a file that no message has is discarded by its uploader alone, and discarding it again changes nothing', async () => {
  const file = await bob.upload('draft.txt', 'a draft')
  expect(await remove(alice, file.id)).toBe('404 attachment.not_found')
  expect(await remove(outsider, crypto.randomUUID())).toBe('404 attachment.not_found')
  expect((await bob.download(file.url)).status).toBe(200)
  expect(await remove(bob, file.id)).toBe('204')
  expect(await remove(bob, file.id)).toBe('204')
  expect((await bob.download(file.url)).problem?.code).toBe('attachment.not_found')
  expect(await outcome(bob.ask('POST', `/conversations/${home}/messages`, { attachment_ids: [file.id] }))).toBe(
    '404 attachment.not_found',
  )
})

test('one file of a message goes for everyone who hears of it, and the message stays with its name', async () => {
  const message = await send(bob, 'first.txt', 'second.txt')
  const [first, second] = message.attachments
  const [alicesEar, outsidersEar] = [await listen(alice), await listen(outsider)]
  expect(await remove(outsider, first.id)).toBe('404 attachment.not_found')
  expect(await remove(bob, first.id)).toBe('204')
  const heard = await alicesEar.next('attachment.removed')
  expect(heard.data.attachments).toMatchObject([
    { id: first.id, filename: 'first.txt', state: 'removed', url: null, sha256: null, variants: [] },
    { id: second.id, state: 'ready' },
  ])
  expect(heard.data).toEqual(await alice.get(`/messages/${message.id}`))
  expect(heard.data).toMatchObject({ type: 'file', deleted_at: null })
  expect((await alice.download(first.url)).problem?.code).toBe('attachment.not_found')
  expect((await alice.download(second.url)).status).toBe(200)
  expect(await remove(bob, first.id)).toBe('204')
  await alice.settled()
  await outsider.settled()
  expect(alicesEar.all('attachment.removed')).toHaveLength(1)
  expect(outsidersEar.frames.filter((frame) => frame.type.startsWith('attachment'))).toEqual([])
})

test('two who remove the same file at once are told once', async () => {
  const message = await send(bob, 'twice.txt')
  const ear = await listen(alice)
  const [{ id }] = message.attachments
  expect(await outcomes([bob, moderator, bob].map((who) => who.ask('DELETE', `/attachments/${id}`)))).toEqual([
    '204',
    '204',
    '204',
  ])
  await alice.settled()
  expect(ear.all('attachment.removed')).toHaveLength(1)
})

test('what somebody else has sent is removed by a moderator alone, at any time; its sender has the delete window', async () => {
  const message = await send(bob, 'old.txt', 'older.txt')
  const [first, second] = message.attachments
  const member = await world.person(`member${Date.now()}`)
  await alice.post(`/conversations/${home}/members`, { user_ids: [member.id] })
  expect(await remove(member, first.id)).toBe('403 message.forbidden')
  await age(message.id, 86_401)
  expect(await remove(bob, first.id)).toBe('410 message.delete_window_over')
  expect(await remove(moderator, first.id)).toBe('204')
  await alice.delete(`/conversations/${home}/members/${member.id}`)
  expect(await remove(member, second.id)).toBe('404 attachment.not_found')
  expect((await alice.get(`/messages/${message.id}`)).attachments).toMatchObject([
    { state: 'removed' },
    { state: 'ready' },
  ])
})

test('a file of a deleted message is gone already', async () => {
  const message = await send(bob, 'gone.txt')
  const ear = await listen(alice)
  await bob.delete(`/messages/${message.id}`)
  expect(await remove(bob, message.attachments[0].id)).toBe('204')
  await alice.settled()
  expect(ear.all('attachment.removed')).toEqual([])
  expect((await bob.get(`/messages/${message.id}`)).attachments).toEqual([])
})

test('the files of a deleted conversation go with it, and give their room back', async () => {
  const group = (await world.group(alice, bob)).id
  const file = await bob.upload('minutes.txt', `minutes ${crypto.randomUUID()}`)
  await bob.say(group, '', { attachment_ids: [file.id] })
  const psql = await world.session()
  const bytes = async () =>
    (await psql.query('select bytes from media_usage where user_id = $1', [bob.id])).rows[0].bytes as string
  const before = Number(await bytes())
  const ear = await listen(alice)
  await alice.delete(`/conversations/${group}`)
  expect((await bob.download(file.url)).status).toBe(404)
  await expect.poll(async () => Number(await bytes())).toBe(before - file.size)
  await alice.settled()
  expect(ear.stream(group).map((frame) => frame.type)).toEqual(['conversation.deleted'])
})

test('what is known of a file can be read before a message has it, by its uploader alone', async () => {
  const file = await bob.upload('draft.txt', `a draft ${crypto.randomUUID()}`)
  expect(await bob.get(`/attachments/${file.id}/info`)).toEqual(file)
  expect(await outcome(alice.ask('GET', `/attachments/${file.id}/info`))).toBe('404 attachment.not_found')
})

test('an address that lets its bearer read a file lets them do nothing else to it', async () => {
  const file = await bob.upload('signed.txt', 'signed')
  const { data } = await bob.post('/attachments/urls', { attachment_ids: [file.id] })
  const read = await fetch(`${bob.url}${data[0].url}`)
  expect([read.status, await read.text()]).toEqual([200, 'signed'])
  for (const method of ['DELETE', 'PATCH']) {
    const refused = await fetch(`${bob.url}${data[0].url}`, { method })
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'auth.unauthenticated' }])
  }
  expect((await bob.download(file.url)).status).toBe(200)
})

test('files come to a message that has some, and everyone hears the message as it is now', async () => {
  const message = await send(bob, 'one.txt')
  const [second, third] = [await bob.upload('two.txt', 'two!'), await bob.upload('three.txt', 'three!')]
  const ear = await listen(alice)
  const at = `/messages/${message.id}/attachments`
  const now = await bob.post<Message>(at, { attachment_ids: [third.id, second.id] })
  expect(now.attachments.map(({ id }) => id)).toEqual([message.attachments[0].id, third.id, second.id])
  expect(now).toMatchObject({ id: message.id, type: 'file', edited_at: expect.any(String) })
  expect((await ear.next('message.edited')).data).toEqual(now)
  expect((await alice.download(second.url)).status).toBe(200)

  expect(await bob.post(at, { attachment_ids: [second.id] })).toEqual(now)
  await alice.settled()
  expect(ear.all('message.edited')).toHaveLength(1)
})

test('a message that has got more files is still the one that its client_id has sent', async () => {
  const [file, more] = [await bob.upload('a.txt', 'a!'), await bob.upload('b.txt', 'b!')]
  const input = { content: 'look', attachment_ids: [file.id], client_id: crypto.randomUUID() }
  const sent = await bob.post(`/conversations/${home}/messages`, input)
  const now = await bob.post(`/messages/${sent.id}/attachments`, { attachment_ids: [more.id] })
  const again = await bob.ask('POST', `/conversations/${home}/messages`, input)
  expect([again.status, again.body]).toEqual([200, now])
})

test('nobody but its sender adds files to a message, in time, of what the message and the conversation take', async () => {
  const message = await send(bob, 'mine.txt')
  const add = (who: Person, ids: string[], id = message.id) =>
    outcome(who.ask('POST', `/messages/${id}/attachments`, { attachment_ids: ids }))
  const [mine, alices] = [await bob.upload('c.txt', 'c!'), await alice.upload('d.txt', 'd!')]
  expect(await add(outsider, [alices.id])).toBe('404 message.not_found')
  expect(await add(alice, [alices.id])).toBe('403 message.forbidden')
  expect(await add(bob, [alices.id])).toBe('404 attachment.not_found')
  expect(await add(bob, [])).toBe('422 request.invalid')
  expect(await add(bob, [mine.id, mine.id])).toBe('422 request.invalid')
  const elsewhere = await send(bob, 'e.txt')
  expect(await add(bob, [elsewhere.attachments[0].id])).toBe('409 attachment.in_use')
  const text = await bob.say(home, 'only text')
  expect(await add(bob, [mine.id], text.id)).toBe('409 message.not_editable')

  const video = await bob.post('/attachments/external', external())
  const film = await bob.say(home, '', { attachment_ids: [video.id] })
  expect(film.type).toBe('video')
  expect(await add(bob, [mine.id], film.id)).toBe('403 attachment.not_allowed_here')
  const sequel = await bob.post('/attachments/external', external())
  expect(await add(bob, [sequel.id], film.id)).toBe('200')

  const psql = await world.session()
  const settings = (value: object) =>
    psql.query('update conversations set settings = $2 where id = $1', [home, JSON.stringify(value)])
  await settings({ max_file_size: 1 })
  expect(await add(bob, [mine.id])).toBe('403 attachment.not_allowed_here')
  await settings({})
  await age(message.id, 901)
  expect(await add(bob, [mine.id])).toBe('410 message.edit_window_over')
})

test('a message has ten files at most, also when two requests bring the last one', async () => {
  const message = await send(bob, ...Array.from({ length: 8 }, (_, n) => `${n}.txt`))
  const files = []
  for (let n = 0; n < 4; n++) files.push((await bob.upload(`more ${n}.txt`, `more ${n}`)).id)
  const add = (ids: string[]) => bob.ask('POST', `/messages/${message.id}/attachments`, { attachment_ids: ids })
  expect(await outcome(add(files.slice(0, 3)))).toBe('422 request.invalid')
  expect((await outcomes([add(files.slice(0, 2)), add(files.slice(2, 4))])).sort()).toEqual([
    '200',
    '422 request.invalid',
  ])
  expect((await bob.get(`/messages/${message.id}`)).attachments).toHaveLength(HARD.attachments)
})

test('a file that another service keeps is linked like others and takes no room', async () => {
  const usage = async () => {
    const psql = await world.session()
    const { rows } = await psql.query('select bytes::int from media_usage where user_id = $1', [outsider.id])
    return rows[0].bytes
  }
  const input = external({ filename: '../../talk.exe' })
  const file = await outsider.post('/attachments/external', input)
  expect(file).toMatchObject({
    state: 'external',
    url: null,
    kind: 'video',
    mime_type: 'video/mp4',
    filename: 'talk.exe.mp4',
    size: input.size,
    external: { media_id: input.media_id, upload_status: 'pending' },
  })
  expect(await usage()).toBe(0)
  expect(await outsider.post('/attachments/urls', { attachment_ids: [file.id] })).toMatchObject({ data: [] })
  expect((await outsider.download(`/attachments/${file.id}`)).problem?.code).toBe('attachment.not_found')
  const { id: theirs } = await world.group(outsider, bob)
  const message = await outsider.say(theirs, '', { attachment_ids: [file.id] })
  expect(message).toMatchObject({ type: 'video', attachments: [{ id: file.id, message_id: message.id, url: null }] })
  expect(await remove(outsider, file.id)).toBe('204')
  expect((await bob.get(`/messages/${message.id}`)).attachments).toMatchObject([{ state: 'removed', external: null }])
})

test.each([
  ['no media_id', { media_id: '' }, '422 request.invalid'],
  ['the longest media_id', { media_id: 'm'.repeat(255) }, '201'],
  ['a media_id that is too long', { media_id: 'm'.repeat(256) }, '422 request.invalid'],
  ['an unknown status', { upload_status: 'done' }, '422 request.invalid'],
  ['no size', { size: 0 }, '422 request.invalid'],
  ['a type that is none', { mime_type: 'video' }, '422 request.invalid'],
  ['an address', { url: 'http://127.0.0.1/' }, '422 request.invalid'],
])('a file elsewhere with %s', async (_, more, end) => {
  expect(await outcome(alice.ask('POST', '/attachments/external', external(more)))).toBe(end)
})

test('how far a service has come is said by the uploader, and heard by those who see the file', async () => {
  const file = await bob.post('/attachments/external', external())
  const set = (who: Person, upload_status: string) => who.ask('PATCH', `/attachments/${file.id}`, { upload_status })
  expect(await outcome(set(alice, 'uploaded'))).toBe('404 attachment.not_found')
  expect((await set(bob, 'failed')).body).toMatchObject({ external: { upload_status: 'failed' } })
  const message = await bob.say(home, '', { attachment_ids: [file.id] })
  const [ear, outsidersEar] = [await listen(alice), await listen(outsider)]
  expect(await outcome(set(outsider, 'uploaded'))).toBe('404 attachment.not_found')
  expect(await outcome(set(alice, 'uploaded'))).toBe('403 message.forbidden')
  expect(await outcome(set(bob, 'done'))).toBe('422 request.invalid')
  expect((await set(bob, 'uploaded')).body.external.upload_status).toBe('uploaded')
  const heard = await ear.next('attachment.ready')
  expect(heard.data).toEqual(await alice.get(`/messages/${message.id}`))
  expect(heard.data.attachments).toMatchObject([{ state: 'external', external: { upload_status: 'uploaded' } }])
  expect(await outcome(set(bob, 'uploaded'))).toBe('200')
  await alice.settled()
  await outsider.settled()
  expect(ear.all('attachment.ready')).toHaveLength(1)
  expect(outsidersEar.all('attachment.ready')).toEqual([])

  await remove(bob, file.id)
  expect(await outcome(set(bob, 'failed'))).toBe('404 attachment.not_found')
  const here = await bob.upload('here.txt', 'here')
  expect(await outcome(bob.ask('PATCH', `/attachments/${here.id}`, { upload_status: 'failed' }))).toBe(
    '404 attachment.not_found',
  )
})

test('so many files elsewhere wait for their messages, and no more, also when two come at once', async () => {
  const carol = await world.person('carol')
  const psql = await world.session()
  await psql.query(
    `insert into attachments (id, external, user_id, kind, mime_type, filename, size)
     select gen_random_uuid(), '{"media_id": "m", "upload_status": "pending"}', $1, 'file', 'text/plain', 'a.txt', 1
     from generate_series(1, $2)`,
    [carol.id, HARD.open_uploads - 1],
  )
  const ends = await outcomes([1, 2].map(() => carol.ask('POST', '/attachments/external', external())))
  expect(ends.sort()).toEqual(['201', '409 upload.too_many'])
  expect((await carol.upload('a.txt', 'a')).state).toBe('ready')
})

test('a deleted account takes its files with it, out of every conversation, and its open uploads', async () => {
  const dora = await world.person('dora')
  const { id: group } = await world.group(alice, dora)
  const { id: direct } = await alice.post('/conversations', { type: 'direct', user_ids: [dora.id] })
  const [one, two, loose] = [
    await dora.upload('one.txt', 'one of dora'),
    await dora.upload('two.txt', 'two of dora'),
    await dora.upload('loose.txt', 'loose of dora'),
  ]
  const inGroup = await dora.say(group, 'in the group', { attachment_ids: [one.id] })
  const inDirect = await dora.say(direct, '', { attachment_ids: [two.id] })
  const alices = await alice.upload('alice.txt', 'of alice')
  const ofAlice = await alice.say(group, '', { attachment_ids: [alices.id] })
  const psql = await world.session()
  await psql.query(
    `insert into uploads (user_id, method, expires_at) values ($1, 'resumable', now() + interval '1 h')`,
    [dora.id],
  )
  const ear = await alice.connect()
  await dora.delete('/users/me')
  const heard = await ear.heard('attachment.removed', 2)
  expect(heard.map((frame) => frame.data.id).sort()).toEqual([inGroup.id, inDirect.id].sort())
  expect(await alice.get(`/messages/${inGroup.id}`)).toMatchObject({
    content: 'in the group',
    attachments: [{ state: 'removed', url: null }],
  })
  expect((await alice.download(one.url)).problem?.code).toBe('attachment.not_found')
  expect(await alice.get(`/messages/${ofAlice.id}`)).toEqual(ofAlice)
  const { rows } = await psql.query(
    `select (select bool_and(removed_at is not null) from attachments where user_id = $1) as removed,
       (select bool_and(removed_at is not null) from uploads where user_id = $1) as ended,
       (select bytes::int from media_usage where user_id = $1) as bytes,
       (select count(*)::int from attachments where id = $2) as loose`,
    [dora.id, loose.id],
  )
  expect(rows).toEqual([{ removed: true, ended: true, bytes: 0, loose: 1 }])
})
