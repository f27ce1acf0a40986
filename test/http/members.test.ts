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
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, carol, outsider] = await world.people('alice', 'bob', 'carol', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const add = (id: string, people: { id: string }[], as = alice) =>
  as.ask('POST', `/conversations/${id}/members`, { user_ids: people.map((person) => person.id) })
const remove = (id: string, person: { id: string }, as = alice) =>
  as.ask('DELETE', `/conversations/${id}/members/${person.id}`)
const leave = (id: string, as: Person) => as.ask('POST', `/conversations/${id}/leave`)
const membersOf = async (id: string, as = alice, query = '?limit=100') =>
  (await as.get(`/conversations/${id}/members${query}`)).data.map((member: { user: { id: string } }) => member.user.id)
const ids = (...people: Person[]) => people.map((person) => person.id).sort()

test('members see who is in a conversation, page by page', async () => {
  const home = await world.group(alice, bob, carol)
  const seen: { user: { id: string }; role: string }[] = []
  for (let query = '?limit=1'; query; ) {
    const { data, next_cursor, has_more } = await carol.get(`/conversations/${home.id}/members${query}`)
    expect(data).toHaveLength(1)
    expect(has_more).toBe(next_cursor !== null)
    seen.push(...data)
    query = has_more ? `?limit=1&cursor=${next_cursor}` : ''
  }
  expect(seen.map((member) => member.user.id)).toEqual(ids(alice, bob, carol))
  expect(seen.find((member) => member.user.id === alice.id)).toEqual({
    user: await bob.get(`/users/${alice.id}`),
    role: 'owner',
    nickname: null,
    joined_at: home.me.joined_at,
  })
  expect(seen.filter((member) => member.role === 'member')).toHaveLength(2)

  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  expect(await membersOf(id)).toEqual(ids(alice, bob))
  for (const query of ['limit=0', 'limit=101', 'limit=-1', 'cursor=made-up', 'role=owner'])
    expect(await outcome(bob.ask('GET', `/conversations/${home.id}/members?${query}`))).toBe('422 request.invalid')
  expect(await outcome(outsider.ask('GET', `/conversations/${home.id}/members`))).toBe('404 conversation.not_found')
})

test('who is added is told of the conversation, and those in it are told of them', async () => {
  const home = await world.group(alice, bob)
  const [bobsEar, carolsEar] = [await listen(bob), await listen(carol)]
  const { status, body } = await add(home.id, [carol, bob, carol])
  expect([status, body.data]).toEqual([
    200,
    [{ user: await alice.get(`/users/${carol.id}`), role: 'member', nickname: null, joined_at: expect.any(String) }],
  ])
  const added = await bobsEar.next('member.added')
  expect(added).toMatchObject({
    stream: home.id,
    data: { user_id: carol.id, role: 'member', joined_at: body.data[0].joined_at, member_count: 3 },
  })
  const said = (await bobsEar.next('message.created')).data
  expect(said).toMatchObject({
    type: 'system',
    sender_id: null,
    system: { kind: 'added', params: { actor_id: alice.id, user_ids: [carol.id] } },
  })

  const joined = await carolsEar.next('conversation.joined')
  expect(joined).toMatchObject({
    stream: carol.id,
    data: { conversation_id: home.id, seq: added.seq, conversation: { id: home.id, me: { role: 'member' } } },
  })
  await carol.settled()
  // From the event after their own joining on, everything is theirs.
  expect(carolsEar.stream(home.id).map((event) => [event.seq, event.type])).toEqual([
    [added.seq! + 1, 'message.created'],
  ])
  expect(await carol.get(`/conversations/${home.id}/messages`)).toMatchObject({ data: [{ number: 1 }, said] })
})

test('who is a member already is not added again, and nobody hears of it', async () => {
  const home = await world.group(alice, bob)
  const ear = await listen(bob)
  expect((await add(home.id, [bob, alice])).body).toEqual({ data: [] })
  await bob.settled()
  expect(ear.stream(home.id)).toEqual([])
  expect(ear.all('conversation.joined')).toEqual([])
  expect((await alice.get(`/conversations/${home.id}`)).member_count).toBe(2)
})

test('only those who exist can be added, all of them or none', async () => {
  const home = await world.group(alice, bob)
  const gone = await world.person('gone')
  await gone.delete('/users/me')
  const stranger = { id: crypto.randomUUID() }
  for (const people of [[carol, stranger], [carol, gone], [stranger]])
    expect(await outcome(add(home.id, people))).toBe('404 user.not_found')
  expect(await outcome(add(home.id, []))).toBe('422 request.invalid')
  expect(await outcome(add(home.id, Array(101).fill(carol)))).toBe('422 request.invalid')
  expect(await outcome(add(home.id, Array(100).fill(bob)))).toBe('200')
  expect(await membersOf(home.id)).toEqual(ids(alice, bob))
})

test('only the owner may add and remove, and an outsider does not even find the conversation', async () => {
  const home = await world.group(alice, bob, carol)
  expect(await outcome(add(home.id, [outsider], bob))).toBe('403 conversation.forbidden')
  expect(await outcome(remove(home.id, carol, bob))).toBe('403 conversation.forbidden')
  expect(await outcome(remove(home.id, alice, bob))).toBe('403 conversation.forbidden')
  expect(await outcome(add(home.id, [outsider], outsider))).toBe('404 conversation.not_found')
  expect(await outcome(remove(home.id, bob, outsider))).toBe('404 conversation.not_found')
  expect(await outcome(leave(home.id, outsider))).toBe('404 conversation.not_found')
  expect(await membersOf(home.id)).toEqual(ids(alice, bob, carol))
})

test('a conversation takes as many members as it may have, and not one more', async () => {
  await using small = await startWorld({ MAX_MEMBERS: '3' })
  const [ann, ben, cleo, dan, eve] = await small.people('ann', 'ben', 'cleo', 'dan', 'eve')
  expect((await small.group(ann, ben, cleo)).member_count).toBe(3)
  const tooMany = { type: 'group', name: 'too many', user_ids: ids(ben, cleo, dan) }
  expect(await outcome(ann.ask('POST', '/conversations', tooMany))).toBe('409 member.too_many')
  expect((await ann.get('/conversations')).data).toHaveLength(1)

  const home = await small.group(ann, ben)
  expect(await outcome(add(home.id, [cleo, dan], ann))).toBe('409 member.too_many')
  expect(await membersOf(home.id, ann)).toEqual(ids(ann, ben))
  expect(await outcome(add(home.id, [cleo, ben], ann))).toBe('200')
  expect(await outcome(add(home.id, [dan], ann))).toBe('409 member.too_many')
  expect(await outcome(remove(home.id, cleo, ann))).toBe('204')

  const race = [cleo, dan, eve].flatMap((person) => [add(home.id, [person], ann), add(home.id, [person], ann)])
  const ends = await outcomes(race)
  // One of them got the last place; asking for that one again is no addition.
  expect(ends).toEqual(['200', '200', ...Array(4).fill('409 member.too_many')])
  expect((await ann.get(`/conversations/${home.id}`)).member_count).toBe(3)
  expect(await membersOf(home.id, ann)).toHaveLength(3)
})

test('who is removed hears it, and nothing after it; those who stay hear who is gone', async () => {
  const home = await world.group(alice, bob, carol)
  const said = await bob.say(home.id, 'I was here')
  const [bobsEar, carolsEar] = [await listen(bob), await listen(carol)]
  expect(await outcome(remove(home.id, bob))).toBe('204')
  const removed = await carolsEar.next('member.removed')
  expect(removed).toMatchObject({
    stream: home.id,
    data: { user_id: bob.id, reason: 'removed', member_count: 2 },
  })
  expect((await carolsEar.next('message.created')).data.system).toEqual({
    kind: 'removed',
    params: { actor_id: alice.id, user_id: bob.id },
  })
  expect(await bobsEar.next('conversation.left')).toMatchObject({
    stream: bob.id,
    data: { conversation_id: home.id, seq: removed.seq, reason: 'removed' },
  })
  await alice.say(home.id, 'now that bob is gone')
  await bob.settled()
  expect(bobsEar.stream(home.id)).toEqual([])

  for (const [method, path, body] of [
    ['GET', ''],
    ['GET', '/members'],
    ['GET', '/messages'],
    ['POST', '/messages', { content: 'let me in' }],
    ['POST', '/leave'],
  ] as const)
    expect(await outcome(bob.ask(method, `/conversations/${home.id}${path}`, body))).toBe('404 conversation.not_found')
  for (const [method, path, body] of [
    ['GET', ''],
    ['PATCH', '', { content: 'changed' }],
    ['DELETE', ''],
    ['PUT', '/hidden'],
    ['DELETE', '/hidden'],
  ] as const)
    expect(await outcome(bob.ask(method, `/messages/${said.id}${path}`, body))).toBe('404 message.not_found')
  expect(await outcome(remove(home.id, bob))).toBe('404 member.not_found')
  expect(await outcome(remove(home.id, outsider))).toBe('404 member.not_found')
  expect(await outcome(remove(home.id, { id: crypto.randomUUID() }))).toBe('404 member.not_found')
})

test('of two removals of one member, one removes', async () => {
  const home = await world.group(alice, bob, carol)
  const ear = await listen(carol)
  const ends = await outcomes([remove(home.id, bob), remove(home.id, bob), leave(home.id, bob)])
  expect(ends.filter((end) => end === '204')).toHaveLength(1)
  await carol.settled()
  expect(ear.stream(home.id).map((event) => event.type)).toEqual(['member.removed', 'message.created'])
  expect((await alice.get(`/conversations/${home.id}`)).member_count).toBe(2)
})

test('a member may leave, by either route', async () => {
  const home = await world.group(alice, bob, carol)
  const ear = await listen(alice)
  const bobsEar = await listen(bob)
  expect(await outcome(leave(home.id, bob))).toBe('204')
  expect((await ear.next('member.removed')).data).toEqual({ user_id: bob.id, reason: 'left', member_count: 2 })
  expect((await ear.next('message.created')).data.system).toEqual({ kind: 'left', params: { user_id: bob.id } })
  expect((await bobsEar.next('conversation.left')).data).toMatchObject({ conversation_id: home.id, reason: 'left' })
  expect(await outcome(leave(home.id, bob))).toBe('404 conversation.not_found')

  expect(await outcome(remove(home.id, { id: carol.id.toUpperCase() }, carol))).toBe('204')
  expect((await ear.next('member.removed')).data).toEqual({ user_id: carol.id, reason: 'left', member_count: 1 })
  expect(await membersOf(home.id)).toEqual([alice.id])
})

test('the owner cannot leave', async () => {
  const home = await world.group(alice, bob)
  expect(await outcome(leave(home.id, alice))).toBe('409 conversation.owner_cannot_leave')
  expect(await outcome(remove(home.id, alice))).toBe('409 conversation.owner_cannot_leave')
  expect(await membersOf(home.id)).toEqual(ids(alice, bob))
})

test('a direct conversation keeps its two people', async () => {
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  expect(await outcome(add(id, [carol]))).toBe('409 conversation.not_for_direct')
  expect(await outcome(remove(id, bob))).toBe('409 conversation.not_for_direct')
  expect(await outcome(leave(id, bob))).toBe('409 conversation.not_for_direct')
  expect(await outcome(leave(id, carol))).toBe('404 conversation.not_found')
  expect(await membersOf(id)).toEqual(ids(alice, bob))
})

test('who is added again hears again, but not live what was said meanwhile', async () => {
  const home = await world.group(alice, bob)
  const ear = await listen(bob)
  await remove(home.id, bob)
  const meanwhile = await alice.say(home.id, 'while bob is away')
  await add(home.id, [bob])
  const again = await alice.say(home.id, 'welcome back')
  const heard = await ear.next('message.created', (frame) => frame.data.content !== null)
  expect(heard.data).toEqual(again)
  await bob.settled()
  expect(ear.frames.filter((frame) => frame.seq !== undefined).map((frame) => frame.type)).toEqual([
    'conversation.left',
    'conversation.joined',
    'message.created',
    'message.created',
    'user.updated',
  ])
  expect(await bob.get(`/messages/${meanwhile.id}`)).toEqual(meanwhile)
  expect(await outcome(bob.ask('POST', `/conversations/${home.id}/messages`, { content: 'thanks' }))).toBe('201')
})
