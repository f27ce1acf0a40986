// What the server says in a conversation: for every change one message, of a kind and with its facts, by nobody else.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SYSTEM_KINDS, SystemCategory } from '../../src/contract/system-messages.js'
import { blackPng } from '../media/bytes.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { outcome } from './request.js'

let world: World
let alice: Person
let bob: Person
let carol: Person

beforeAll(async () => {
  world = await startWorld()
  const people = await world.people('alice', 'bob', 'carol')
  ;[alice, bob, carol] = people
})
afterAll(() => world[Symbol.asyncDispose]())

test('every kind is said when its change is made, with who did what to whom', async () => {
  const home = await world.group(alice, bob)
  const at = `/conversations/${home.id}`
  await alice.patch(at, { name: 'Named', description: 'Described', is_public: true, metadata: { mine: 1 } })
  await alice.patch(at, { description: null })
  await alice.sendForm(`${at}/avatar`, { file: new File([blackPng(1, 1)], 'black.png') }, 'PUT')
  await alice.delete(`${at}/avatar`)
  await alice.patch(`${at}/settings`, { max_file_size: 1_000, media_allowed: true })
  await alice.post(`${at}/members`, { user_ids: [carol.id] })
  await alice.patch(`${at}/members/${bob.id}`, { role: 'admin', nickname: 'Bobby' })
  await alice.delete(`${at}/members/${carol.id}`)
  await alice.ask('PUT', `${at}/bans/${carol.id}`, {})
  await alice.delete(`${at}/bans/${carol.id}`)
  const { id, number } = await bob.say(home.id, 'oops')
  await alice.delete(`/messages/${id}?reason=secret`)
  await alice.post(`${at}/transfer`, { user_id: bob.id })
  await alice.post(`${at}/leave`)

  const { data } = await bob.get(`${at}/messages?limit=100`)
  const said = data.filter((one: { type: string }) => one.type === 'system')
  const actor_id = alice.id
  expect(said.map((one: { system: unknown }) => one.system)).toEqual([
    { kind: 'created', params: { actor_id, name: home.name } },
    { kind: 'renamed', params: { actor_id, name: 'Named' } },
    { kind: 'described', params: { actor_id, description: 'Described' } },
    { kind: 'visibility_changed', params: { actor_id, is_public: true } },
    { kind: 'described', params: { actor_id, description: null } },
    { kind: 'photo_changed', params: { actor_id } },
    { kind: 'photo_removed', params: { actor_id } },
    { kind: 'settings_changed', params: { actor_id, max_file_size: 1_000 } },
    { kind: 'added', params: { actor_id, user_ids: [carol.id] } },
    { kind: 'role_changed', params: { actor_id, user_id: bob.id, role: 'admin' } },
    { kind: 'nickname_changed', params: { actor_id, user_id: bob.id, nickname: 'Bobby' } },
    { kind: 'removed', params: { actor_id, user_id: carol.id } },
    { kind: 'banned', params: { actor_id, user_id: carol.id, banned_until: null } },
    { kind: 'unbanned', params: { actor_id, user_id: carol.id } },
    { kind: 'message_deleted', params: { actor_id, user_id: bob.id, number } },
    { kind: 'ownership_transferred', params: { actor_id, user_id: bob.id } },
    { kind: 'left', params: { user_id: alice.id } },
  ])
  expect(new Set(said.map((one: { system: { kind: string } }) => one.system.kind))).toEqual(
    new Set(Object.keys(SYSTEM_KINDS)),
  )
  for (const message of said) expect(message).toMatchObject({ sender_id: null, content: null, client_id: null })
  expect(JSON.stringify(data)).not.toContain('secret')
  expect(new Set(Object.values(SYSTEM_KINDS))).toEqual(new Set(SystemCategory.options))
})

test('who deletes their own message, or edits it, makes the system say nothing', async () => {
  const home = await world.group(alice, bob)
  const { id } = await alice.say(home.id, 'mine')
  await alice.patch(`/messages/${id}`, { content: 'mine, still' })
  await alice.delete(`/messages/${id}`)
  expect((await bob.get(`/conversations/${home.id}`)).message_number).toBe(2)
})

test('nobody forges, edits or deletes what the system says', async () => {
  const home = await world.group(alice, bob)
  const at = `/conversations/${home.id}`
  const forged = { kind: 'removed', params: { actor_id: alice.id, user_id: bob.id } }
  const ear = await alice.connect()
  for (const more of [
    { type: 'system' },
    { system: forged },
    { type: 'system', system: forged },
    { sender_id: null },
  ]) {
    const body = { content: 'x', ...more }
    expect(await outcome(alice.ask('POST', `${at}/messages`, body))).toBe('422 request.invalid')
    const reply = await ear.command('message.send', { conversation_id: home.id, ...body })
    expect(reply.error.code).toBe('request.invalid')
  }
  const { last_message } = await alice.get(at)
  expect(last_message.type).toBe('system')
  expect(await outcome(alice.ask('PATCH', `/messages/${last_message.id}`, { content: 'x' }))).toBe(
    '403 message.forbidden',
  )
  expect(await outcome(alice.ask('DELETE', `/messages/${last_message.id}`))).toBe('403 message.forbidden')
  expect((await alice.get(at)).message_number).toBe(1)
})
