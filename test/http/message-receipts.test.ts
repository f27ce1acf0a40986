// Who received a message and who read it, when.
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { Doorbell } from '../../src/db/doorbell.js'
import { createPool } from '../../src/db/pool.js'
import { listMessageReceipts } from '../../src/domain/receipts.js'
import { createLogger } from '../../src/observe.js'
import type { Person } from '../support/person.js'
import { databaseConfig } from '../support/test-server.js'
import { startWorld, type World } from '../support/world.js'
import { outcome } from './request.js'

let world: World
let psql: pg.Client
let alice: Person
let bob: Person
let carol: Person
let dave: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  psql = await world.session()
  ;[alice, bob, carol, dave, outsider] = await world.people('alice', 'bob', 'carol', 'dave', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const report = (id: string, as: Person, body: object) => as.ask('PUT', `/conversations/${id}/receipts`, body)
const sql = async (text: string, values: unknown[] = []) => (await psql.query(text, values)).rows
const receipts = (message: { id: string }, as: Person = alice) => as.get(`/messages/${message.id}/receipts`)
type Row = { user_id: string; delivered_at: string | null; read_at: string | null }
const byPerson = (data: Row[]) => Object.fromEntries(data.map(({ user_id, ...rest }) => [user_id, rest]))
const counts = ({ member_count, delivered_count, read_count, status }: Record<string, unknown>) => [
  member_count,
  delivered_count,
  read_count,
  status,
]

test('a message is sent, then delivered, then read once that holds for every member, and each has their time', async () => {
  const { id } = await world.group(alice, bob, carol)
  const [first, second] = [await alice.say(id, 'first'), await alice.say(id, 'second')]
  expect(counts(await receipts(first))).toEqual([2, 0, 0, 'sent'])
  await report(id, bob, { delivered_number: first.number })
  expect(counts(await receipts(first))).toEqual([2, 1, 0, 'sent'])
  await report(id, carol, { read_number: first.number })
  expect(counts(await receipts(first))).toEqual([2, 2, 1, 'delivered'])
  const before = byPerson((await receipts(first)).data)
  expect(before[bob.id]).toEqual({ delivered_at: expect.any(String), read_at: null })
  // Received by being read.
  expect(before[carol.id]).toEqual({ delivered_at: before[carol.id]?.read_at, read_at: expect.any(String) })

  await report(id, bob, { read_number: second.number })
  expect(counts(await receipts(first))).toEqual([2, 2, 2, 'read'])
  expect(counts(await receipts(second))).toEqual([2, 1, 1, 'sent'])
  const after = byPerson((await receipts(first)).data)
  expect(after[bob.id]).toEqual({ delivered_at: before[bob.id]?.delivered_at, read_at: expect.any(String) })
  expect(after[carol.id]).toEqual(before[carol.id])
  expect(byPerson((await receipts(second)).data)[carol.id]).toEqual({ delivered_at: null, read_at: null })
  // Everybody in it sees the same.
  expect(await receipts(first, bob)).toEqual(await receipts(first))

  const times = await sql(
    `select user_id, wire_time(at) as at from receipts where conversation_id = $1 and kind = 'read' and user_id <> $2`,
    [id, alice.id],
  )
  for (const { user_id, at } of times) expect(after[user_id]?.read_at).toBe(at)
  expect(times).toHaveLength(2)
})

test('the first time counts: a later report does not change when a message was read', async () => {
  const { id } = await world.group(alice, bob)
  const said = await alice.say(id, 'once')
  await report(id, bob, { read_number: said.number })
  const before = await receipts(said)
  const later = await alice.say(id, 'and again')
  await report(id, bob, { read_number: later.number, delivered_number: later.number })
  expect(await receipts(said)).toEqual(before)
})

test('whoever answers has read what was said before', async () => {
  const { id } = await world.group(alice, bob)
  const said = await alice.say(id, 'a question')
  const answer = await bob.say(id, 'an answer')
  expect(counts(await receipts(said))).toEqual([1, 1, 1, 'read'])
  expect(counts(await receipts(answer, bob))).toEqual([1, 0, 0, 'sent'])
})

test('who joined later is not among those who were there; who comes back is, for what they had received', async () => {
  const { id } = await world.group(alice, bob, carol)
  const read = await alice.say(id, 'carol reads this')
  await report(id, carol, { read_number: read.number })
  const unread = await alice.say(id, 'and not this')
  await carol.post(`/conversations/${id}/leave`)
  expect(counts(await receipts(read))).toEqual([1, 0, 0, 'sent'])
  await alice.post(`/conversations/${id}/members`, { user_ids: [carol.id, dave.id] })
  for (const who of [carol, dave]) await report(id, who, { read_number: 100 })
  expect(byPerson((await receipts(read)).data)).toEqual({
    [bob.id]: { delivered_at: null, read_at: null },
    [carol.id]: { delivered_at: expect.any(String), read_at: expect.any(String) },
  })
  expect(Object.keys(byPerson((await receipts(unread)).data))).toEqual([bob.id])
  const now = await alice.say(id, 'to all three')
  expect(counts(await receipts(now))).toEqual([3, 0, 0, 'sent'])
})

test('who hides their receipts is shown as having received it, and sees their own truly', async () => {
  const { id } = await world.group(alice, bob)
  const said = await alice.say(id, 'hidden')
  await sql('update members set show_read_receipts = false where conversation_id = $1 and user_id = $2', [id, bob.id])
  await report(id, bob, { read_number: said.number })
  expect(await receipts(said)).toMatchObject({
    data: [{ user_id: bob.id, delivered_at: expect.any(String), read_at: null }],
    read_count: 0,
    status: 'delivered',
  })
  expect(await receipts(said, bob)).toMatchObject({
    data: [{ read_at: expect.any(String) }],
    read_count: 1,
    status: 'read',
  })
})

test('a system message has no sender, so it is for all; alone in a group, nobody is left to read', async () => {
  const { id } = await world.group(alice, bob)
  const [created] = (await alice.get(`/conversations/${id}/messages`)).data
  expect(counts(await receipts(created))).toEqual([2, 0, 0, 'sent'])
  await bob.post(`/conversations/${id}/leave`)
  const said = await alice.say(id, 'anybody?')
  expect(await receipts(said)).toEqual({
    data: [],
    next_cursor: null,
    has_more: false,
    member_count: 0,
    delivered_count: 0,
    read_count: 0,
    status: 'sent',
  })
})

test('pages leave nobody out, and each has the counts of all', async () => {
  const { id } = await world.group(alice, bob, carol, dave)
  const said = await alice.say(id, 'to three')
  await report(id, bob, { read_number: said.number })
  const found: string[] = []
  let cursor = ''
  do {
    const page = await alice.get(`/messages/${said.id}/receipts?limit=2${cursor}`)
    expect(counts(page)).toEqual([3, 1, 1, 'sent'])
    found.push(...page.data.map((row: { user_id: string }) => row.user_id))
    cursor = page.has_more ? `&cursor=${page.next_cursor}` : ''
  } while (cursor)
  expect(found).toEqual([bob.id, carol.id, dave.id].sort())
})

test('the receipts of a message are for those who can see it', async () => {
  const { id } = await world.group(alice, bob, carol)
  const said = await alice.say(id, 'ours')
  await alice.delete(`/conversations/${id}/members/${carol.id}`)
  for (const who of [carol, outsider])
    expect(await outcome(who.ask('GET', `/messages/${said.id}/receipts`))).toBe('404 message.not_found')
  await bob.ask('PUT', `/messages/${said.id}/hidden`)
  expect(await outcome(bob.ask('GET', `/messages/${said.id}/receipts`))).toBe('404 message.not_found')
  expect(await outcome(alice.ask('GET', `/messages/${said.id}/receipts`))).toBe('200')
  await alice.delete(`/messages/${said.id}`)
  expect(await outcome(alice.ask('GET', `/messages/${said.id}/receipts`))).toBe('200')
  await alice.delete(`/conversations/${id}`)
  expect(await outcome(alice.ask('GET', `/messages/${said.id}/receipts`))).toBe('404 message.not_found')
})

test('a full group is answered by one probe for each member and kind, however often they have read', async () => {
  const { id } = await world.group(alice, bob)
  await alice.say(id, 'to a thousand')
  await sql(
    `with people as (insert into users (username, display_name) select 'extra' || n, 'Extra' from generate_series(1, 998) n returning id)
     insert into members (conversation_id, user_id) select $1, id from people`,
    [id],
  )
  await sql(
    'insert into messages (conversation_id, sender_id, content) select $1, $2, n from generate_series(3, 60) n',
    [id, alice.id],
  )
  // Each of them has read one message after the other, and more were said in other places.
  for (const home of [id, crypto.randomUUID()])
    await sql(
      `insert into receipts (conversation_id, user_id, kind, from_number, to_number)
       select $1, user_id, kind, n, n from members, generate_series(3, 60) n, unnest('{read,delivered}'::text[]) kind
       where conversation_id = $2 and user_id not in ($3, $4)`,
      [home, id, alice.id, bob.id],
    )
  await sql('analyze receipts; analyze members')
  const [message] = await sql('select id from messages where conversation_id = $1 and number = 30', [id])

  // The same statement in a session of ours, which counts what it touches.
  await using pool = ownPool()
  const touched = async () => {
    await pool.query('select pg_stat_force_next_flush()')
    const { rows } = await pool.query<{ scanned: number; fetched: number }>(
      `select seq_tup_read as scanned, idx_tup_fetch as fetched from pg_stat_user_tables where relname = 'receipts'`,
    )
    return rows[0] ?? { scanned: 0, fetched: 0 }
  }
  const db = new Database(pool, new Doorbell(pool, createLogger('silent'), () => undefined))
  const before = await touched()
  const page = await listMessageReceipts(db, { user_id: alice.id, session_id: alice.sessionId }, message.id, {
    limit: 1,
  })
  const after = await touched()
  expect(counts(page)).toEqual([999, 998, 998, 'sent'])
  expect(after.scanned - before.scanned).toBe(0)
  expect(after.fetched - before.fetched).toBeLessThanOrEqual(2 * 999)
})

function ownPool() {
  const pool = createPool({ ...databaseConfig(world.database.url), pool_max: 1 }, createLogger('silent'))
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.end() })
}
