// Changing and deleting a group: what it does, who may, and who hears it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome } from './request.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const patch = (id: string, body: unknown, person = alice) => person.ask('PATCH', `/conversations/${id}`, body)
/** JSON of exactly so many bytes, as a client would write it. */
const metadata = (bytes: number, key = 'a') => ({ [key]: 'x'.repeat(bytes - JSON.stringify({ [key]: '' }).length) })

test('the owner changes a group, and its members hear it', async () => {
  const home = await world.group(alice, bob)
  const ear = await listen(bob)
  const changes = { name: 'Renamed', description: 'new', is_public: true, metadata: { a: 1 } }
  const { status, body } = await patch(home.id, changes)
  expect([status, body]).toEqual([200, { ...home, ...changes, ...moved(body), me: { ...home.me, unread_count: 4 } }])
  expect(await bob.get(`/conversations/${home.id}`)).toMatchObject(changes)
  const updated = await ear.next('conversation.updated')
  expect(updated).toMatchObject({ stream: home.id, data: { id: home.id, ...changes, member_count: 2 } })
  const actor_id = alice.id
  for (const [index, system] of [
    { kind: 'renamed', params: { actor_id, name: 'Renamed' } },
    { kind: 'described', params: { actor_id, description: 'new' } },
    { kind: 'visibility_changed', params: { actor_id, is_public: true } },
  ].entries()) {
    const { data } = await ear.next('message.created')
    expect(data).toMatchObject({ number: 2 + index, type: 'system', sender_id: null, system })
    if (index === 2) expect(body.last_message).toEqual(data)
  }

  // What is left out stays; null takes the description away.
  expect(await alice.patch(`/conversations/${home.id}`, { description: null })).toMatchObject({
    ...changes,
    description: null,
  })
  expect((await ear.next('conversation.updated')).data.description).toBeNull()
  await bob.settled()
  expect(ear.stream(home.id).map((event) => event.type)).toEqual([
    'conversation.updated',
    'message.created',
    'message.created',
    'message.created',
    'conversation.updated',
    'message.created',
  ])
})

/** What moves by itself when something happens in a conversation. */
function moved({ seq, message_number, last_activity_at, last_message }: Record<string, unknown>) {
  return { seq, message_number, last_activity_at, last_message }
}

test('a change that changes nothing is not heard', async () => {
  const home = await world.group(alice, bob)
  const ear = await listen(bob)
  for (const body of [
    {},
    { name: home.name },
    { is_public: false },
    { description: null },
    { metadata: {} },
    { metadata: { a: null } },
  ])
    expect((await patch(home.id, body)).body).toEqual(home)
  await bob.settled()
  expect(ear.stream(home.id)).toEqual([])
})

test('metadata is merged key by key, and null takes a key away', async () => {
  const home = await world.group(alice, bob)
  const merge = async (more: object) => (await alice.patch(`/conversations/${home.id}`, { metadata: more })).metadata
  expect(await merge({ a: 1, b: { c: 2, d: 3 } })).toEqual({ a: 1, b: { c: 2, d: 3 } })
  expect(await merge({ b: { c: null }, e: [null] })).toEqual({ a: 1, b: { c: null }, e: [null] })
  expect(await merge({ a: null, unknown: null })).toEqual({ b: { c: null }, e: [null] })
  expect(await merge({ '': 'empty' })).toEqual({ b: { c: null }, e: [null], '': 'empty' })
  expect(await merge({ b: null, e: null, '': null })).toEqual({})
})

test('changes of different keys at the same time are all kept', async () => {
  const home = await world.group(alice, bob)
  const keys = Array.from({ length: 8 }, (_, index) => `key${index}`)
  await Promise.all(keys.map((key) => patch(home.id, { metadata: { [key]: true } })))
  expect(Object.keys((await bob.get(`/conversations/${home.id}`)).metadata).sort()).toEqual(keys)
})

test('metadata has at most 16 KiB, of one request and of all together', async () => {
  const home = await world.group(alice, bob)
  const merge = (value: object) => outcome(patch(home.id, { metadata: value }))
  expect(await merge(metadata(9_000))).toBe('200')
  expect(await merge(metadata(9_000, 'b'))).toBe('422 conversation.metadata_too_large')
  expect((await alice.get(`/conversations/${home.id}`)).metadata).toEqual(metadata(9_000))
  expect(await merge({ a: null, ...metadata(9_000, 'b') })).toBe('200')
  expect(await merge({ b: null, ...metadata(16_385) })).toBe('422 request.invalid')
})

test('metadata of exactly 16 KiB is kept', async () => {
  const home = await world.group(alice, bob)
  expect(await outcome(patch(home.id, { metadata: metadata(16_384) }))).toBe('200')
  expect((await alice.get(`/conversations/${home.id}`)).metadata).toEqual(metadata(16_384))
})

test('a change keeps to the bounds of a group', async () => {
  const home = await world.group(alice, bob)
  for (const good of [{ name: 'n'.repeat(100) }, { description: 'd'.repeat(500) }])
    expect(await outcome(patch(home.id, good))).toBe('200')
  for (const bad of [
    { name: '' },
    { name: 'n'.repeat(101) },
    { name: null },
    { description: 'd'.repeat(501) },
    { description: '' },
    { is_public: null },
    { metadata: null },
    { type: 'direct' },
    { user_ids: [bob.id] },
    { created_by: bob.id },
  ])
    expect([bad, await outcome(patch(home.id, bad))]).toEqual([bad, '422 request.invalid'])
  const other = await world.group(alice, bob)
  expect(await outcome(patch(other.id, { name: 'N'.repeat(100) }))).toBe('409 conversation.name_taken')
  // The own name in another case is not somebody else's.
  expect(await outcome(patch(home.id, { name: 'N'.repeat(100) }))).toBe('200')
})

test('only the owner may change or delete a group, and an outsider does not even find it', async () => {
  const home = await world.group(alice, bob)
  for (const [person, refusal] of [
    [bob, '403 conversation.forbidden'],
    [outsider, '404 conversation.not_found'],
  ] as const) {
    expect(await outcome(patch(home.id, { name: 'mine' }, person))).toBe(refusal)
    expect(await outcome(person.ask('DELETE', `/conversations/${home.id}`))).toBe(refusal)
  }
  expect(await outcome(outsider.ask('GET', `/conversations/${home.id}`))).toBe('404 conversation.not_found')
  expect(await alice.get(`/conversations/${home.id}`)).toEqual(home)
})

test('a direct conversation cannot be changed or deleted', async () => {
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  expect(await outcome(patch(id, { name: 'us' }))).toBe('409 conversation.not_for_direct')
  expect(await outcome(bob.ask('DELETE', `/conversations/${id}`))).toBe('409 conversation.not_for_direct')
  expect(await outcome(patch(id, { name: 'us' }, outsider))).toBe('404 conversation.not_found')
})

test('a deleted group is gone for all its members, who hear it as the last of it', async () => {
  const home = await world.group(alice, bob)
  const said = await bob.say(home.id, 'hello')
  const [bobsEar, outsidersEar] = [await listen(bob), await listen(outsider)]
  expect(await outcome(alice.ask('DELETE', `/conversations/${home.id}`))).toBe('204')
  expect(await bobsEar.next('conversation.deleted')).toMatchObject({ stream: home.id, data: { id: home.id } })
  await outsider.settled()
  expect(outsidersEar.stream(home.id)).toEqual([])

  const at = `/conversations/${home.id}`
  for (const person of [alice, bob]) {
    for (const [method, path, body] of [
      ['GET', at],
      ['PATCH', at, { name: 'again' }],
      ['DELETE', at],
      ['GET', `${at}/members`],
      ['POST', `${at}/members`, { user_ids: [outsider.id] }],
      ['DELETE', `${at}/members/${bob.id}`],
      ['POST', `${at}/leave`],
      ['GET', `${at}/messages`],
      ['POST', `${at}/messages`, { content: 'anybody?' }],
    ] as const)
      expect([method, path, await outcome(person.ask(method, path, body))]).toEqual([
        method,
        path,
        '404 conversation.not_found',
      ])
    for (const [method, path, body] of [
      ['GET', ''],
      ['PATCH', '', { content: 'changed' }],
      ['DELETE', ''],
      ['PUT', '/hidden'],
    ] as const)
      expect(await outcome(person.ask(method, `/messages/${said.id}${path}`, body))).toBe('404 message.not_found')
    expect(JSON.stringify(await person.get('/conversations?limit=100'))).not.toContain(home.id)
  }
  const command = await bobsEar.command('message.send', { conversation_id: home.id, content: 'anybody?' })
  expect(command).toMatchObject({ ok: false, error: { code: 'conversation.not_found' } })
  // Its name is free again.
  await alice.post('/conversations', { type: 'group', name: home.name, user_ids: [bob.id] })
})
