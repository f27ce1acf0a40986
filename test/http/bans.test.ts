import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
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
  world = await startWorld()
  const people = await world.people('alice', 'bob', 'carol', 'outsider')
  ;[alice, bob, carol, outsider] = people
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  home = (await world.group(alice, bob, carol)).id
})

const ban = (whom: Person, body: object = {}, who = alice) =>
  who.ask('PUT', `/conversations/${home}/bans/${whom.id}`, body)
const unban = (whom: Person, who = alice) => who.ask('DELETE', `/conversations/${home}/bans/${whom.id}`)
const add = (whom: Person) => outcome(alice.ask('POST', `/conversations/${home}/members`, { user_ids: [whom.id] }))
const inOneHour = () => new Date(Date.now() + 3_600_000).toISOString()

test('a banned member is out at once, on every node, and hears nothing more', async () => {
  const second = await world.addNode()
  const elsewhere = await bob.connect(second.url)
  const [bobsEar, carolsEar] = [await listen(bob), await listen(carol)]
  const { status, body } = await ban(bob, { reason: 'spam' })
  expect([status, body]).toEqual([
    200,
    {
      user: await alice.get(`/users/${bob.id}`),
      banned_by: alice.id,
      reason: 'spam',
      banned_until: null,
      created_at: expect.any(String),
    },
  ])
  const banned = await carolsEar.next('member.banned')
  expect(banned.data).toEqual({ user_id: bob.id, banned_by: alice.id, banned_until: null })
  const removed = await carolsEar.next('member.removed')
  expect(removed.data).toEqual({ user_id: bob.id, reason: 'banned', member_count: 2 })
  expect((await carolsEar.next('message.created')).data.system).toEqual({
    kind: 'banned',
    params: { actor_id: alice.id, user_id: bob.id, banned_until: null },
  })
  expect((await bobsEar.next('conversation.left')).data).toEqual({
    conversation_id: home,
    seq: removed.seq,
    reason: 'banned',
  })

  await alice.say(home, 'he is gone')
  for (const path of [`/conversations/${home}`, `/conversations/${home}/messages`, `/conversations/${home}/members`])
    expect(await outcome(bob.ask('GET', path))).toBe('404 conversation.not_found')
  await bob.settled()
  for (const heard of [bobsEar.stream(home), elsewhere.stream(home)]) {
    expect(heard.filter((frame) => (frame.seq ?? 0) >= (removed.seq ?? 0))).toEqual([])
  }
})

test('nobody brings back who is banned, until the ban ends or is ended', async () => {
  await ban(bob)
  expect(await add(bob)).toBe('403 member.banned')
  const three = { user_ids: [outsider.id, bob.id] }
  expect(await outcome(alice.ask('POST', `/conversations/${home}/members`, three))).toBe('403 member.banned')
  expect((await alice.get(`/conversations/${home}`)).member_count).toBe(2)

  const ear = await listen(carol)
  expect(await outcome(unban(bob))).toBe('204')
  expect((await ear.next('member.unbanned')).data).toEqual({ user_id: bob.id })
  expect((await ear.next('message.created')).data.system).toEqual({
    kind: 'unbanned',
    params: { actor_id: alice.id, user_id: bob.id },
  })
  expect(await add(bob)).toBe('200')
  expect(await outcome(unban(bob))).toBe('404 ban.not_found')
})

test('a ban with an end is over when its time has come', async () => {
  const until = inOneHour()
  const { body } = await ban(bob, { banned_until: until })
  expect(new Date(body.banned_until)).toEqual(new Date(until))
  expect(await add(bob)).toBe('403 member.banned')
  const psql = await world.session()
  await psql.query(`update bans set banned_until = now() where conversation_id = '${home}'`)
  expect((await alice.get(`/conversations/${home}/bans`)).data).toEqual([])
  expect(await outcome(unban(bob))).toBe('404 ban.not_found')
  expect(await add(bob)).toBe('200')
  // The old row is no obstacle to a new ban, and does not make it older.
  await psql.query(`update bans set created_at = now() - interval '60 days' where conversation_id = '${home}'`)
  const again = (await ban(bob)).body
  expect(again.banned_until).toBeNull()
  expect(Date.now() - Date.parse(again.created_at)).toBeLessThan(86_400_000)
  expect((await alice.get(`/conversations/${home}/bans`)).data).toHaveLength(1)
})

test('somebody who is not a member can be banned in advance, and a ban can be changed', async () => {
  expect(await outcome(ban(outsider))).toBe('200')
  expect(await add(outsider)).toBe('403 member.banned')
  const ear = await listen(carol)
  const until = inOneHour()
  expect((await ban(outsider, { banned_until: until, reason: 'shorter' })).body.reason).toBe('shorter')
  expect((await ear.next('member.banned')).data.banned_until).toBe(until)
  expect((await alice.get(`/conversations/${home}/bans`)).data).toHaveLength(1)
})

test('a ban that is asked for twice is told once, with its end in the form of all times', async () => {
  const ear = await listen(carol)
  const first = await ban(bob, { banned_until: '2098-01-01T02:00:00+05:00', reason: 'r' })
  const second = await ban(bob, { banned_until: '2097-12-31T21:00:00Z', reason: 'r' })
  expect(second.body).toEqual(first.body)
  await carol.settled()
  expect(ear.all('member.banned')).toHaveLength(1)
  const said = ear.all('message.created').map((event) => event.data.system)
  expect(said).toEqual([
    { kind: 'banned', params: { actor_id: alice.id, user_id: bob.id, banned_until: '2097-12-31T21:00:00.000Z' } },
  ])
})

test('nobody adds who is banned by an insert either, and who is not banned becomes a member by one', async () => {
  await ban(bob)
  const psql = await world.session()
  const insert = (user: string) =>
    psql.query('insert into members (conversation_id, user_id) values ($1, $2)', [home, user])
  await expect(insert(bob.id)).rejects.toThrow('member.banned')
  await insert(outsider.id)
  expect(await outcome(outsider.ask('GET', `/conversations/${home}`))).toBe('200')
  // A conversation and its members in one statement: there is no stream yet when the members come.
  const { rows } = await psql.query(
    `with made as (insert into conversations (type, name, created_by) values ('group', 'psql ' || gen_random_uuid(), $1) returning id)
     insert into members (conversation_id, user_id, role) select id, $1, 'owner' from made returning conversation_id`,
    [outsider.id],
  )
  expect((await outsider.get(`/conversations/${rows[0].conversation_id}`)).me).toMatchObject({
    role: 'owner',
    read_number: 0,
  })
})

test('a member whom another service has banned by a row alone is removed by the same ban', async () => {
  const psql = await world.session()
  await psql.query('insert into bans (conversation_id, user_id) values ($1, $2)', [home, bob.id])
  expect(await outcome(bob.ask('GET', `/conversations/${home}`))).toBe('200')
  expect(await outcome(ban(bob))).toBe('200')
  expect(await outcome(bob.ask('GET', `/conversations/${home}`))).toBe('404 conversation.not_found')
})

test('a ban and a deletion of the banned account wait for each other without a deadlock', async () => {
  const gone = await world.person(`gone${Date.now()}`)
  await alice.post(`/conversations/${home}/members`, { user_ids: [gone.id] })
  const psql = await world.session()
  const locks = async () =>
    (
      await psql.query(
        `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
    ).rows[0].n
  const deadlocks = async () =>
    (await psql.query('select deadlocks::int as n from pg_stat_database where datname = current_database()')).rows[0].n
  const holder = await world.session()
  await holder.query('begin')
  await holder.query('select from streams where id = $1 for no key update', [home])
  const banning = ban(gone)
  while ((await locks()) < 1);
  const deleting = gone.ask('DELETE', '/users/me')
  while ((await locks()) < 2);
  await holder.query('rollback')
  expect(await outcomes([banning, deleting])).toEqual(['200', '204'])
  expect(await deadlocks()).toBe(0)
})

test('the list of bans is for moderators, page by page', async () => {
  for (const whom of [bob, outsider]) await ban(whom, { reason: `of ${whom.name}` })
  expect(await outcome(carol.ask('GET', `/conversations/${home}/bans`))).toBe('403 conversation.forbidden')
  await alice.patch(`/conversations/${home}/members/${carol.id}`, { role: 'moderator' })
  const first = await carol.get(`/conversations/${home}/bans?limit=1`)
  const second = await carol.get(`/conversations/${home}/bans?limit=1&cursor=${first.next_cursor}`)
  expect([first.has_more, second.has_more]).toEqual([true, false])
  expect([...first.data, ...second.data].map((one) => one.reason).sort()).toEqual(['of bob', 'of outsider'])
  for (const query of ['limit=0', 'limit=101', 'limit=-1', 'cursor=made-up', 'user=bob'])
    expect(await outcome(carol.ask('GET', `/conversations/${home}/bans?${query}`))).toBe('422 request.invalid')
})

test('a ban needs a time to come, a reason of bounded length, and somebody who exists', async () => {
  for (const bad of [
    { banned_until: 'tomorrow' },
    { banned_until: 7 },
    { reason: '' },
    { reason: 'r'.repeat(501) },
    { user_id: carol.id },
  ])
    expect([bad, await outcome(ban(bob, bad))]).toEqual([bad, '422 request.invalid'])
  for (const past of ['2020-01-01T00:00:00Z', new Date().toISOString()])
    expect(await outcome(ban(bob, { banned_until: past }))).toBe('422 request.time_past')
  expect(await outcome(ban(bob, { reason: 'r'.repeat(500) }))).toBe('200')
  const path = `/conversations/${home}/bans/${crypto.randomUUID()}`
  expect(await outcome(alice.ask('PUT', path, {}))).toBe('404 user.not_found')
  expect(await outcome(ban(carol, {}, outsider))).toBe('404 conversation.not_found')
  const direct = await alice.post('/conversations', { type: 'direct', user_ids: [carol.id] })
  expect(await outcome(alice.ask('PUT', `/conversations/${direct.id}/bans/${carol.id}`, {}))).toBe(
    '409 conversation.not_for_direct',
  )
})

test('a ban and an addition at the same time leave either a ban or a member, never both', async () => {
  for (let round = 0; round < 5; round++) {
    home = (await world.group(alice, carol)).id
    const ends = await outcomes([ban(bob), alice.ask('POST', `/conversations/${home}/members`, { user_ids: [bob.id] })])
    expect([
      ['200', '200'],
      ['200', '403 member.banned'],
    ]).toContainEqual(ends)
    expect(await outcome(bob.ask('GET', `/conversations/${home}`))).toBe('404 conversation.not_found')
  }
})
