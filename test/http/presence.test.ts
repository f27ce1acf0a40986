import { afterAll, beforeAll, expect, test } from 'vitest'
import { Clock } from '../support/clock.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { outcome } from './request.js'

const YEAR_S = 366 * 86_400
const clock = new Clock()
let world: World
let alice: Person
let bob: Person
let carol: Person
beforeAll(async () => {
  world = await startWorld({}, clock)
  ;[alice, bob, carol] = await world.people('alice', 'bob', 'carol')
})
afterAll(() => world[Symbol.asyncDispose]())

const put = (person: Person, input: object) => person.ask('PUT', '/users/me/presence', input)
const later = (seconds: number) => new Date(clock.now() + seconds * 1_000).toISOString()

test('what somebody sets is theirs to read, and stays', async () => {
  expect(await alice.get('/users/me/presence')).toEqual({
    user_id: alice.id,
    status: 'online',
    invisible_until: null,
    last_seen_at: null,
  })
  for (const status of ['away', 'busy', 'invisible', 'online']) {
    const answer = await put(alice, { status })
    expect(answer).toMatchObject({ status: 200, body: { user_id: alice.id, status, invisible_until: null } })
    expect(await alice.get('/users/me/presence')).toEqual(answer.body)
  }
  const invisible_until = later(60)
  expect((await put(alice, { status: 'invisible', invisible_until })).body.invisible_until).toBe(invisible_until)
  expect((await put(alice, { status: 'busy' })).body.invisible_until).toBeNull()
  expect(await bob.get('/users/me/presence')).toMatchObject({ user_id: bob.id, status: 'online' })
})

test.each([
  ['no status', () => ({}), '422 request.invalid'],
  ['a status that nobody sets', () => ({ status: 'offline' }), '422 request.invalid'],
  ['an unknown field', () => ({ status: 'busy', until: null }), '422 request.invalid'],
  ['an end for what has none', () => ({ status: 'busy', invisible_until: later(60) }), '422 request.invalid'],
  ['an end that is no time', () => ({ status: 'invisible', invisible_until: 'tomorrow' }), '422 request.invalid'],
  [
    'an end without a zone',
    () => ({ status: 'invisible', invisible_until: '2100-01-01T00:00:00' }),
    '422 request.invalid',
  ],
  ['an end that is now', () => ({ status: 'invisible', invisible_until: later(0) }), '422 request.time_past'],
  ['an end that has passed', () => ({ status: 'invisible', invisible_until: later(-1) }), '422 request.time_past'],
  ['an end in a year', () => ({ status: 'invisible', invisible_until: later(YEAR_S) }), '200'],
  [
    'an end after more than a year',
    () => ({ status: 'invisible', invisible_until: later(YEAR_S + 1) }),
    '422 request.invalid',
  ],
])('setting it with %s', async (_what, input, expected) => {
  await put(carol, { status: 'away' })
  const before = await carol.get('/users/me/presence')
  expect(await outcome(put(carol, input()))).toBe(expected)
  if (expected !== '200') expect(await carol.get('/users/me/presence')).toEqual(before)
})

test('up to a hundred people are told of at once, each once, in the order asked for', async () => {
  const ids = Array.from({ length: 101 }, () => crypto.randomUUID())
  const { data } = await alice.get(`/users/presence?ids=${ids.slice(1).join()}`)
  expect(data).toEqual(ids.slice(1).map((user_id) => ({ user_id, status: 'offline', last_seen_at: null })))
  expect(await outcome(alice.ask('GET', `/users/presence?ids=${ids.join()}`))).toBe('422 request.invalid')
  for (const query of ['', '?ids=', '?ids=alice', `?ids=${ids[0]},`]) {
    expect(await outcome(alice.ask('GET', `/users/presence${query}`))).toBe('422 request.invalid')
  }
  expect((await alice.get(`/users/presence?ids=${ids[0]},${ids[0]?.toUpperCase()}`)).data).toHaveLength(1)
})

test('members see how many are here; whoever is behind a block, invisible or gone is not among them', async () => {
  const [owner, here, away, hidden, blocked, absent, removed] = await world.people(
    'owner',
    'here',
    'away',
    'hidden',
    'blocked',
    'absent',
    'removed',
  )
  const { id: home } = await world.group(owner, here, away, hidden, blocked, absent, removed)
  await owner.delete(`/conversations/${home}/members/${removed.id}`)
  const psql = await world.session()
  await psql.query(`update members set role = 'viewer' where conversation_id = $1 and user_id = $2`, [home, here.id])
  await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [blocked.id, owner.id])
  for (const person of [here, away, hidden, blocked, removed]) await person.connect()
  await put(away, { status: 'away' })
  await put(hidden, { status: 'invisible' })
  const seenBy = async (person: Person) => {
    const { online, ...counts } = await person.get(`/conversations/${home}/presence`)
    const names = [owner, here, away, hidden, blocked, absent, removed].filter(({ id }) => online.includes(id))
    return [counts, names.map(({ name }) => name)]
  }
  // Once the next sweep has written who is here.
  await expect
    .poll(() => seenBy(hidden))
    .toEqual([{ member_count: 6, online_count: 4 }, ['here', 'away', 'hidden', 'blocked']])
  expect(await seenBy(owner)).toEqual([{ member_count: 6, online_count: 2 }, ['here', 'away']])
  expect(await seenBy(here)).toEqual([{ member_count: 6, online_count: 3 }, ['here', 'away', 'blocked']])
  for (const stranger of [removed, alice]) {
    expect(await outcome(stranger.ask('GET', `/conversations/${home}/presence`))).toBe('404 conversation.not_found')
  }
  await owner.delete(`/conversations/${home}`)
  expect(await outcome(here.ask('GET', `/conversations/${home}/presence`))).toBe('404 conversation.not_found')
})
