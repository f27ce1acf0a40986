// Replies, edits and deletions: what they do to a message, who may and for how long, and what the others hear.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
let alice: Person
let bob: Person
let carol: Person
let outsider: Person
let home: string
beforeAll(async () => {
  world = await startWorld({ EDIT_WINDOW: '15m', DELETE_WINDOW: '24h' })
  ;[alice, bob, carol, outsider] = await world.people('alice', 'bob', 'carol', 'outsider')
  home = (await world.group(alice, bob, carol)).id
})
afterAll(() => world[Symbol.asyncDispose]())

const edit = (id: string, content: string, as: Person) => as.ask('PATCH', `/messages/${id}`, { content })
const erase = (id: string, as: Person, query = '') => as.ask('DELETE', `/messages/${id}${query}`)
const reply = (reply_to_id: string, as = bob, id = home) =>
  as.ask('POST', `/conversations/${id}/messages`, { content: 'a reply', reply_to_id })
/** Makes a message as old as that, instead of waiting. */
async function age(id: string, interval: string): Promise<void> {
  const psql = await world.session()
  await psql.query('update messages set created_at = now() - $1::interval where id = $2', [interval, id])
}
const systemMessage = async () =>
  (await alice.get(`/conversations/${home}/messages?after=0&limit=1`)).data[0] as { id: string; type: string }

test('a reply shows the first 140 characters of what it replies to, as it is now', async () => {
  const text = '🎈'.repeat(141)
  const first = await alice.say(home, text)
  const { status, body } = await reply(first.id)
  expect(status).toBe(201)
  expect(body.reply_to).toEqual({
    id: first.id,
    number: first.number,
    sender_id: alice.id,
    excerpt: '🎈'.repeat(140),
  })
  await edit(first.id, 'changed', alice)
  expect((await bob.get(`/messages/${body.id}`)).reply_to.excerpt).toBe('changed')
  await erase(first.id, alice)
  expect((await bob.get(`/messages/${body.id}`)).reply_to).toEqual({
    id: first.id,
    number: first.number,
    sender_id: alice.id,
    excerpt: null,
  })
  // The answers and the system can be replied to as well.
  expect((await reply(body.id, alice)).body.reply_to).toMatchObject({ id: body.id, excerpt: 'a reply' })
  expect((await reply((await systemMessage()).id)).body.reply_to).toMatchObject({ sender_id: null, excerpt: null })
})

test('only a message of the same conversation can be replied to', async () => {
  const other = await world.group(alice, bob)
  const elsewhere = await alice.say(other.id, 'elsewhere')
  const foreign = await outsider.say((await world.group(outsider, carol)).id, 'not yours')
  for (const id of [elsewhere.id, foreign.id, crypto.randomUUID(), home])
    expect(await outcome(reply(id))).toBe('422 message.reply_not_found')
  expect(await outcome(reply(elsewhere.id, bob, other.id))).toBe('201')
})

test('a sender edits their text, and everybody hears the new one', async () => {
  const first = await bob.say(home, 'frist', { metadata: { a: 1 }, client_id: crypto.randomUUID() })
  const ear = await listen(alice)
  const { status, body } = await edit(first.id, ' first\n', bob)
  expect([status, body]).toEqual([200, { ...first, content: ' first\n', edited_at: expect.any(String) }])
  expect(Date.parse(body.edited_at)).toBeGreaterThanOrEqual(Date.parse(first.created_at))
  expect(await ear.next('message.edited')).toMatchObject({ stream: home, data: body })
  expect(await alice.get(`/messages/${first.id}`)).toEqual(body)

  // The same text again is no edit.
  expect((await edit(first.id, ' first\n', bob)).body).toEqual(body)
  await alice.settled()
  expect(ear.stream(home)).toHaveLength(1)
})

test('an edited text keeps to the bounds of a text', async () => {
  const { id } = await bob.say(home, 'fine')
  expect(await outcome(edit(id, ' ', bob))).toBe('422 message.empty')
  expect(await outcome(edit(id, 'x'.repeat(5_001), bob))).toBe('422 message.too_long')
  expect(await outcome(edit(id, '🎈'.repeat(5_000), bob))).toBe('200')
  expect(await outcome(bob.ask('PATCH', `/messages/${id}`, { content: 'x', metadata: {} }))).toBe('422 request.invalid')
})

test('nobody edits what somebody else wrote, not even the owner', async () => {
  const said = await bob.say(home, 'mine')
  expect(await outcome(edit(said.id, 'changed', alice))).toBe('403 message.forbidden')
  expect(await outcome(edit(said.id, 'changed', carol))).toBe('403 message.forbidden')
  expect(await outcome(edit(said.id, 'changed', outsider))).toBe('404 message.not_found')
  expect(await outcome(edit(crypto.randomUUID(), 'changed', bob))).toBe('404 message.not_found')
  expect(await bob.get(`/messages/${said.id}`)).toEqual(said)
})

test('neither a deleted message nor one of the system can be edited', async () => {
  const { id } = await alice.say(home, 'gone soon')
  await alice.delete(`/messages/${id}`)
  expect(await outcome(edit(id, 'back again', alice))).toBe('409 message.not_editable')
  const system = await systemMessage()
  expect(system.type).toBe('system')
  for (const person of [alice, bob])
    expect(await outcome(edit(system.id, 'changed', person))).toBe('403 message.forbidden')
})

test('a text can be edited for a while, and not after it', async () => {
  const said = await alice.say(home, 'a while ago')
  await age(said.id, '14 minutes 50 seconds')
  expect(await outcome(edit(said.id, 'just in time', alice))).toBe('200')
  await age(said.id, '15 minutes 1 second')
  expect(await outcome(edit(said.id, 'too late', alice))).toBe('410 message.edit_window_over')
  expect((await bob.get(`/messages/${said.id}`)).content).toBe('just in time')
})

test('a sender deletes their message for everyone: it keeps its place and loses its content', async () => {
  const said = await bob.say(home, 'a secret', { metadata: { secret: true }, client_id: crypto.randomUUID() })
  const ear = await listen(alice)
  const { status, body } = await erase(said.id, bob)
  expect(status).toBe(200)
  expect(body).toEqual({
    ...said,
    content: null,
    metadata: {},
    deleted_at: expect.any(String),
    deleted_by: bob.id,
  })
  expect(await ear.next('message.deleted')).toMatchObject({ stream: home, data: body })
  expect((await alice.get(`/conversations/${home}/messages?around=${said.number}&limit=1`)).data).toEqual([body])

  // A repeat, also by somebody who may, changes nothing and is not heard.
  expect([(await erase(said.id, bob)).body, (await erase(said.id, alice)).body]).toEqual([body, body])
  await alice.settled()
  expect(ear.stream(home)).toHaveLength(1)
  const psql = await world.session()
  const { rows } = await psql.query("select from messages where content like '%a secret%' or metadata ? 'secret'")
  expect(rows).toEqual([])
})

test('of deletions that race, all agree and one is heard', async () => {
  const said = await bob.say(home, 'twice')
  const ear = await listen(carol)
  expect(await outcomes([erase(said.id, bob), erase(said.id, alice), erase(said.id, bob)])).toEqual(
    Array(3).fill('200'),
  )
  await carol.settled()
  expect(ear.all('message.deleted')).toHaveLength(1)
  // That it was not the author, if so, is said once too.
  expect(ear.stream(home).length).toBeLessThanOrEqual(2)
})

test('a message can be deleted by its sender for a while, and by the owner at any time', async () => {
  const said = await bob.say(home, 'yesterday')
  await age(said.id, '23 hours 59 minutes')
  expect(await outcome(erase((await said).id, carol))).toBe('403 message.forbidden')
  expect(await outcome(erase(said.id, outsider))).toBe('404 message.not_found')
  await age(said.id, '24 hours 1 second')
  expect(await outcome(erase(said.id, bob))).toBe('410 message.delete_window_over')
  expect(await bob.get(`/messages/${said.id}`)).toMatchObject({ content: 'yesterday', deleted_at: null })

  const { status, body } = await erase(said.id, alice, '?reason=spam%20%F0%9F%8E%88')
  expect([status, body.deleted_by]).toEqual([200, alice.id])
  const psql = await world.session()
  const { rows } = await psql.query('select delete_reason from messages where id = $1', [said.id])
  expect(rows).toEqual([{ delete_reason: 'spam 🎈' }])

  const inTime = await bob.say(home, 'today')
  await age(inTime.id, '23 hours 59 minutes')
  expect(await outcome(erase(inTime.id, bob))).toBe('200')
})

test('a reason has at most 500 characters', async () => {
  const { id } = await bob.say(home, 'why?')
  expect(await outcome(erase(id, alice, `?reason=${'r'.repeat(501)}`))).toBe('422 request.invalid')
  expect(await outcome(erase(id, alice, '?because=of'))).toBe('422 request.invalid')
  expect(await outcome(erase(id, alice, `?reason=${'r'.repeat(500)}`))).toBe('200')
})

test('what the system says cannot be deleted, and in a direct conversation only the own messages can', async () => {
  const system = await systemMessage()
  for (const person of [alice, bob]) expect(await outcome(erase(system.id, person))).toBe('403 message.forbidden')
  const direct = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const said = await bob.say(direct.id, 'mine')
  expect(await outcome(erase(said.id, alice))).toBe('403 message.forbidden')
  expect(await outcome(erase(said.id, bob))).toBe('200')
})
