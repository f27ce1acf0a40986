// What may be sent in a group: who decides it, and that it holds while a file comes in and when it is linked.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blackPng } from '../media/bytes.js'
import type { Person } from '../support/person.js'
import { file } from '../support/pictures.js'
import { openForm } from '../support/slow-client.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome } from './request.js'

const NOTHING_SET = { media_allowed: true, max_file_size: null, allowed_file_types: null }
const REFUSED = '403 attachment.not_allowed_here'

let world: World
let alice: Person
let bob: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const set = (id: string, settings: object, person = alice) =>
  person.ask('PATCH', `/conversations/${id}/settings`, settings)
async function groupWith(settings: object): Promise<string> {
  const { id } = await world.group(alice, bob)
  expect(await outcome(set(id, settings))).toBe('200')
  return id
}
/** Each way in which a file comes into a conversation. */
const uploadFor = (id: string, bytes: Uint8Array | string, name: string) =>
  outcome(bob.sendForm(`/uploads?conversation_id=${id}`, { file: file(bytes, name) }))
const sendWith = (id: string, bytes: Uint8Array | string, name: string) =>
  outcome(bob.sendForm(`/conversations/${id}/attachments`, { file: file(bytes, name) }))
async function linkLater(id: string, bytes: Uint8Array | string, name: string) {
  const attachment = await bob.upload(name, bytes)
  return outcome(bob.ask('POST', `/conversations/${id}/messages`, { attachment_ids: [attachment.id] }))
}
const everyWay = async (...args: [id: string, bytes: Uint8Array | string, name: string]) => [
  await uploadFor(...args),
  await sendWith(...args),
  await linkLater(...args),
]
/** Files that somebody still has, or that are on their way. */
async function filesOf(person: Person): Promise<number> {
  const psql = await world.session()
  const { rows } = await psql.query(
    `select (select count(*) from attachments where user_id = $1 and removed_at is null)::int
      + (select count(*) from uploads where user_id = $1)::int as files`,
    [person.id],
  )
  return rows[0].files
}

test('settings are the same wherever they are read, and members hear when they change', async () => {
  const home = await world.group(alice, bob)
  const at = `/conversations/${home.id}/settings`
  expect([home.settings, await bob.get(at)]).toEqual([NOTHING_SET, NOTHING_SET])
  const ear = await listen(bob)
  const changes = { max_file_size: 1_000, allowed_file_types: ['file'] }
  const settings = { ...NOTHING_SET, ...changes }
  expect((await set(home.id, changes)).body).toEqual(settings)
  expect((await ear.next('conversation.updated')).data).toMatchObject({ id: home.id, settings })
  const system = { kind: 'settings_changed', params: { actor_id: alice.id, ...changes } }
  expect((await ear.next('message.created')).data).toMatchObject({ type: 'system', system })
  expect([await bob.get(at), (await bob.get(`/conversations/${home.id}`)).settings]).toEqual([settings, settings])

  // What is as it was is told to nobody; what is left out stays.
  for (const same of [{}, changes, { media_allowed: true }]) expect((await set(home.id, same)).body).toEqual(settings)
  expect((await set(home.id, { max_file_size: null })).body).toEqual({ ...settings, max_file_size: null })
  await bob.settled()
  expect(ear.stream(home.id).map(({ type }) => type)).toEqual(
    Array(2).fill(['conversation.updated', 'message.created']).flat(),
  )
})

test('settings are read by members and changed by those who may change the group', async () => {
  const { id } = await world.group(alice, bob)
  const direct = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const change = { media_allowed: false }
  expect(await outcome(set(id, change, bob))).toBe('403 conversation.forbidden')
  expect(await outcome(set(id, change, outsider))).toBe('404 conversation.not_found')
  expect(await outcome(outsider.ask('GET', `/conversations/${id}/settings`))).toBe('404 conversation.not_found')
  expect(await outcome(set(direct.id, change))).toBe('409 conversation.not_for_direct')
  expect(await bob.get(`/conversations/${direct.id}/settings`)).toEqual(NOTHING_SET)
  expect(await bob.get(`/conversations/${id}/settings`)).toEqual(NOTHING_SET)
})

test.each([
  { media_allowed: null },
  { media_allowed: 'no' },
  { max_file_size: 0 },
  { max_file_size: 1.5 },
  { max_file_size: '1' },
  { allowed_file_types: [] },
  { allowed_file_types: ['program'] },
  { allowed_file_types: 'image' },
  { unknown: true },
])('%j is no setting', async (settings) => {
  const { id } = await world.group(alice, bob)
  expect(await outcome(set(id, settings))).toBe('422 request.invalid')
})

test('a file of the largest size is taken in every way, and one byte more in none', async () => {
  const id = await groupWith({ max_file_size: 1_000 })
  expect(await everyWay(id, 'x'.repeat(1_000), 'a.txt')).toEqual(['201', '201', '201'])
  const before = await filesOf(bob)
  expect(await everyWay(id, 'x'.repeat(1_001), 'a.txt')).toEqual([REFUSED, REFUSED, REFUSED])
  // The one that was refused when it was linked is still its uploader's.
  expect(await filesOf(bob)).toBe(before + 1)
})

test('only kinds of files that are allowed are taken, in every way', async () => {
  const id = await groupWith({ allowed_file_types: ['image'] })
  expect(await everyWay(id, blackPng(2, 2), 'a.png')).toEqual(['201', '201', '201'])
  expect(await everyWay(id, 'text', 'a.txt')).toEqual([REFUSED, REFUSED, REFUSED])
  // The name makes no picture of it.
  expect(await everyWay(id, 'text', 'a.png')).toEqual([REFUSED, REFUSED, REFUSED])
})

test('without media no file is taken in any way, but texts are, and files elsewhere', async () => {
  const id = await groupWith({ media_allowed: false })
  const elsewhere = (await world.group(alice, bob)).id
  expect(await everyWay(id, 'text', 'a.txt')).toEqual([REFUSED, REFUSED, REFUSED])
  expect(await everyWay(elsewhere, 'text', 'a.txt')).toEqual(['201', '201', '201'])
  expect((await bob.say(id, 'text')).content).toBe('text')
  expect(await outcome(set(id, { media_allowed: true }))).toBe('200')
  expect(await sendWith(id, 'text', 'a.txt')).toBe('201')
})

test('a file that turns out too large is refused before the rest of it has come', async () => {
  const id = await groupWith({ max_file_size: 100_000 })
  const before = await filesOf(bob)
  const form = await openForm(bob, `/conversations/${id}/attachments`, 'a.txt')
  await form.write('x'.repeat(200_000))
  // The rest is never sent: only a server that does not wait for it answers.
  expect(await form.answer()).toMatch(/^HTTP\/1.1 403 [\s\S]*attachment\.not_allowed_here/)
  await form.vanish()
  expect(await filesOf(bob)).toBe(before)
})

test('a file that was allowed when it began to come is refused once it no longer is', async () => {
  const id = await groupWith({})
  const before = await filesOf(bob)
  const form = await openForm(bob, `/conversations/${id}/attachments`, 'a.txt')
  await form.write('x'.repeat(150_000))
  const psql = await world.session()
  // Its upload has begun: the settings of that moment are those that it comes in with.
  await expect
    .poll(async () => (await psql.query('select from uploads where conversation_id = $1', [id])).rowCount)
    .toBe(1)
  expect(await outcome(set(id, { media_allowed: false }))).toBe('200')
  await form.write('x'.repeat(50_000))
  await form.finish()
  expect(await form.answer()).toMatch(/^HTTP\/1.1 403 [\s\S]*attachment\.not_allowed_here/)
  await form.vanish()
  expect(await filesOf(bob)).toBe(before)
})

test('after a change is answered no forbidden file is sent, whatever was on its way', async () => {
  for (let round = 1; round <= 4; round++) {
    const { id } = await world.group(alice, bob)
    const files = await Promise.all([1, 2, 3, 4, 5, 6].map((nth) => bob.upload(`${nth}.txt`, `${round} ${nth}`)))
    const send = (file: { id: string }) =>
      outcome(bob.ask('POST', `/conversations/${id}/messages`, { attachment_ids: [file.id] }))
    const sends = files.slice(0, 5).map(send)
    const change = await set(id, { media_allowed: false })
    expect([change.status, await send(files[5])]).toEqual([200, REFUSED])
    const ends = await Promise.all(sends)
    expect(['201', REFUSED]).toEqual(expect.arrayContaining(ends))

    const { data } = await bob.get(`/conversations/${id}/messages`)
    const kinds = data.map((message: { system: { kind: string } | null }) => message.system?.kind ?? 'file')
    const sent = ends.filter((end) => end === '201').length
    expect(kinds).toEqual(['created', ...Array(sent).fill('file'), 'settings_changed'])
  }
})
