// Who hears of a reading as it happens, and what two reports at once come to.
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listen } from '../http/listen.js'
import { outcome } from '../http/request.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

let world: World
let psql: pg.Client
let alice: Person
let bob: Person
let carol: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  psql = await world.session()
  ;[alice, bob, carol, outsider] = await world.people('alice', 'bob', 'carol', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const report = (id: string, as: Person, body: object) => as.ask('PUT', `/conversations/${id}/receipts`, body)
async function groupWith(last: number, ...others: Person[]): Promise<string> {
  const { id } = await world.group(alice, ...others)
  for (let number = 2; number <= last; number++) await alice.say(id, `${number}`)
  return id
}
type Listener = Awaited<ReturnType<typeof listen>>
/** What is only signalled reaches those whom the node knows to be there: its tail may still be on the way. */
const hasJoined = (ear: Listener, id: string) => ear.next('message.created', (frame) => frame.stream === id)
/** What was signalled of readings in this conversation, up to the moment when `last` said it has received everything. */
async function heardUntil(ear: Listener, id: string, last: Person): Promise<unknown[]> {
  await report(id, last, { delivered_number: Number.MAX_SAFE_INTEGER })
  await ear.next('receipt.updated', (frame) => frame.stream === id && frame.data.user_id === last.id)
  return ear
    .all('receipt.updated')
    .filter((frame) => frame.stream === id && frame.data.user_id !== last.id)
    .map((frame) => frame.data)
}

test('the others hear how far somebody has read, on every node; the reader and outsiders do not', async () => {
  const second = await world.addNode()
  const far = await world.device(carol, second)
  const id = await groupWith(5, bob, carol)
  const ears = [await listen(alice), await listen(far)]
  const [bobsEar, outsidersEar] = [await listen(bob), await listen(outsider)]
  await report(id, bob, { delivered_number: 4 })
  for (const ear of ears)
    expect(await ear.next('receipt.updated')).toEqual({
      type: 'receipt.updated',
      stream: id,
      data: { user_id: bob.id, read_number: 0, delivered_number: 4 },
    })
  await bobsEar.command('receipt.update', { conversation_id: id, read_number: 5 })
  for (const ear of ears)
    expect((await ear.next('receipt.updated')).data).toEqual({ user_id: bob.id, read_number: 5, delivered_number: 5 })
  // Alice has read and received all: her report is no news.
  await report(id, alice, { read_number: 5 })
  expect(await heardUntil(bobsEar, id, carol)).toEqual([])
  expect(outsidersEar.all('receipt.updated')).toEqual([])
})

test('what moves nothing is not signalled, nor what was marked as unread', async () => {
  const id = await groupWith(5, bob, carol)
  await report(id, bob, { read_number: 4 })
  const ear = await listen(alice)
  // The first report of all is on its way still, within the 100 ms in which they are gathered.
  const before = await heardUntil(ear, id, carol)
  for (const body of [{ read_number: 4 }, { read_number: 2, delivered_number: 3 }]) await report(id, bob, body)
  await bob.ask('PUT', `/conversations/${id}/unread`, { from_number: 2 })
  await report(id, bob, { read_number: 2 })
  await alice.say(id, 'something new to receive')
  expect(await heardUntil(ear, id, carol)).toEqual(before)
})

test('who does not show what they have read is heard to receive only, and not at all if that is old', async () => {
  const id = await groupWith(5, bob, carol)
  await psql.query('update members set show_read_receipts = false where conversation_id = $1 and user_id = $2', [
    id,
    bob.id,
  ])
  const ear = await listen(alice)
  await report(id, bob, { read_number: 2 })
  expect((await ear.next('receipt.updated')).data).toEqual({ user_id: bob.id, read_number: null, delivered_number: 2 })
  await report(id, bob, { delivered_number: 5 })
  expect((await ear.next('receipt.updated')).data).toEqual({ user_id: bob.id, read_number: null, delivered_number: 5 })
  await report(id, bob, { read_number: 4 })
  expect(await heardUntil(ear, id, carol)).toHaveLength(2)
})

test('a blocked pair hears nothing of each other, whoever began', async () => {
  const id = await groupWith(5, bob, carol)
  const ears = { bob: await listen(bob), carol: await listen(carol) }
  await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [bob.id, carol.id])
  await bob.settled()
  await carol.settled()
  for (const who of [bob, carol]) await report(id, who, { read_number: 5 })
  await bob.say(id, 'something for alice to receive')
  expect(await heardUntil(ears.bob, id, alice)).toEqual([])
  await bob.say(id, 'and once more')
  expect(await heardUntil(ears.carol, id, alice)).toEqual([])
  await psql.query('delete from blocks')
})

test('whoever was removed hears nothing of those who stay', async () => {
  const id = await groupWith(3, bob, carol)
  const [ear, alicesEar] = [await listen(carol), await listen(alice)]
  await alice.delete(`/conversations/${id}/members/${carol.id}`)
  await carol.settled()
  await report(id, bob, { read_number: 3 })
  await alicesEar.next('receipt.updated')
  const other = await groupWith(2, bob, carol)
  await hasJoined(ear, other)
  await report(other, bob, { read_number: 2 })
  await ear.next('receipt.updated', (frame) => frame.stream === other)
  expect(ear.all('receipt.updated').filter((frame) => frame.stream === id)).toEqual([])
})

test('a hundred members hear of each other, and with one more nobody does', async () => {
  const id = await groupWith(3, bob, carol)
  const add = (count: number) =>
    psql.query(
      `with people as (insert into users (username, display_name) select 'x' || replace(gen_random_uuid()::text, '-', ''), 'Extra' from generate_series(1, $2) returning id)
       insert into members (conversation_id, user_id) select $1, id from people`,
      [id, count],
    )
  const ear = await listen(alice)
  await add(97)
  await report(id, bob, { read_number: 2 })
  expect((await ear.next('receipt.updated')).data).toMatchObject({ user_id: bob.id, read_number: 2 })
  await add(1)
  await report(id, bob, { read_number: 3 })
  const small = await groupWith(2, bob)
  await hasJoined(ear, small)
  await report(small, bob, { read_number: 2 })
  await ear.next('receipt.updated', (frame) => frame.stream === small)
  expect(ear.all('receipt.updated').filter((frame) => frame.stream === id)).toHaveLength(1)
  // It can be read all the same.
  const { body } = await alice.ask('GET', `/conversations/${id}/receipts?limit=100`)
  expect(body.data.find((row: { user_id: string }) => row.user_id === bob.id)).toMatchObject({ read_number: 3 })
})

test('reading many conversations at once is heard in each of them, once', async () => {
  const ids = [await groupWith(2, bob, carol), await groupWith(3, bob, carol)]
  const ear = await listen(alice)
  await bob.post('/conversations/read', { conversation_ids: ids })
  await bob.post('/conversations/read', { conversation_ids: ids })
  for (const [index, id] of ids.entries())
    expect(await heardUntil(ear, id, carol)).toEqual([
      { user_id: bob.id, read_number: index + 2, delivered_number: index + 2 },
    ])
})

const overlaps = async (id: string) =>
  (
    await psql.query(
      `select * from (select *, lag(to_number) over (partition by user_id, kind order by to_number) as before
         from receipts where conversation_id = $1) r where before >= from_number`,
      [id],
    )
  ).rows
const stretchesOf = async (id: string, person: Person) =>
  (
    await psql.query(
      `select from_number::int as from, to_number::int as to from receipts
       where conversation_id = $1 and user_id = $2 and kind = 'read' order by to_number`,
      [id, person.id],
    )
  ).rows.map(({ from, to }) => [from, to])
/** Until so many statements of this kind wait for a lock. */
async function waiting(count: number, like: string): Promise<void> {
  for (let waits = 0; waits < count; ) {
    const { rows } = await psql.query(
      `select count(*)::int as n from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
      [like],
    )
    waits = rows[0].n
  }
}

test('of two devices that report at once the larger position stands, and nothing is read twice', async () => {
  const id = await groupWith(9, bob)
  const phone = await world.device(bob)
  const holder = await world.session()
  await holder.query('begin')
  await holder.query('select from members where conversation_id = $1 and user_id = $2 for no key update', [id, bob.id])
  const first = report(id, bob, { read_number: 8 })
  await waiting(1, '%advance_receipts%')
  // What comes meanwhile waits behind it.
  const second = report(id, phone, { read_number: 5 })
  const third = report(id, phone, { read_number: 9 })
  await holder.query('commit')
  expect(await Promise.all([first, second, third].map(outcome))).toEqual(['200', '200', '200'])
  expect((await bob.get(`/conversations/${id}`)).me).toMatchObject({ read_number: 9, delivered_number: 9 })
  const stretches = await stretchesOf(id, bob)
  expect(stretches[0]?.[0]).toBe(1)
  expect(stretches.at(-1)?.[1]).toBe(9)
  expect(await overlaps(id)).toEqual([])
})

test('a report that waits while its member speaks does not read again what was read by speaking', async () => {
  const id = await groupWith(4, bob)
  const holder = await world.session()
  await holder.query('begin')
  await holder.query(`insert into messages (conversation_id, sender_id, content) values ($1, $2, 'an answer')`, [
    id,
    bob.id,
  ])
  const reports = [report(id, bob, { read_number: 3 }), report(id, bob, { read_number: 5, delivered_number: 5 })]
  await waiting(1, '%advance_receipts%')
  await holder.query('commit')
  expect(await Promise.all(reports.map(outcome))).toEqual(['200', '200'])
  expect((await bob.get(`/conversations/${id}`)).me).toMatchObject({ read_number: 5, unread_count: 0 })
  expect(await stretchesOf(id, bob)).toEqual([[1, 5]])
})

test('a report that waits while its member is removed is refused, and leaves nothing behind', async () => {
  const id = await groupWith(4, bob)
  const holder = await world.session()
  await holder.query('begin')
  await holder.query('delete from members where conversation_id = $1 and user_id = $2', [id, bob.id])
  const reports = [
    report(id, bob, { read_number: 4 }),
    bob.ask('PUT', `/conversations/${id}/unread`, { from_number: 1 }),
  ]
  const all = bob.post('/conversations/read', { conversation_ids: [id] })
  await waiting(3, '%')
  await holder.query('commit')
  expect(await Promise.all(reports.map(outcome))).toEqual(Array(2).fill('404 conversation.not_found'))
  expect(await all).toMatchObject({ successful: 0, failed: 1 })
  expect(await stretchesOf(id, bob)).toEqual([])
})

test('a report of one whose own stream is held waits, and nobody else does', async () => {
  const id = await groupWith(4, bob)
  const holder = await world.session()
  await holder.query('begin')
  await holder.query('select from streams where id = $1 for no key update', [bob.id])
  const waits = report(id, bob, { read_number: 3 })
  await waiting(1, '%advance_receipts%')
  for (const read_number of [2, 3, 4]) expect(await outcome(report(id, alice, { read_number }))).toBe('200')
  await holder.query('rollback')
  expect(await outcome(waits)).toBe('200')
})

test('a report does not wait for who is speaking', async () => {
  const id = await groupWith(4, bob)
  const holder = await world.session()
  await holder.query('begin')
  await holder.query(`insert into messages (conversation_id, sender_id, content) values ($1, $2, 'slowly')`, [
    id,
    alice.id,
  ])
  expect((await report(id, bob, { read_number: 5 })).body).toMatchObject({ read_number: 4, unread_count: 0 })
  expect(await outcome(bob.ask('PUT', `/conversations/${id}/unread`, { from_number: 2 }))).toBe('200')
  expect((await bob.post('/conversations/read', { conversation_ids: [id] })).successful).toBe(1)
  await holder.query('commit')
  expect((await bob.get(`/conversations/${id}`)).me).toMatchObject({
    read_number: 4,
    unread_from: null,
    unread_count: 1,
  })
})

test('many reports in one statement are done together: each for its own, the furthest of each counts', async () => {
  const [one, two] = [await groupWith(6, bob, carol), await groupWith(6, carol)]
  const { rows } = await psql.query(
    `select user_id, conversation_id, read_number::int, delivered_number::int, read_moved, delivered_moved, member_count
     from advance_receipts($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])`,
    [
      [bob.id, carol.id, bob.id, outsider.id, carol.id, bob.id],
      [one, one, one, one, two, two],
      [3, null, 5, 4, 2, 6],
      [null, 4, 4, 4, 9, null],
    ],
  )
  const order = (row: { user_id: string; conversation_id: string }) => `${row.conversation_id}${row.user_id}`
  expect(rows.sort((a, b) => (order(a) < order(b) ? -1 : 1))).toEqual(
    [
      {
        user_id: bob.id,
        conversation_id: one,
        read_number: 5,
        delivered_number: 5,
        read_moved: true,
        delivered_moved: true,
        member_count: 3,
      },
      {
        user_id: carol.id,
        conversation_id: one,
        read_number: 0,
        delivered_number: 4,
        read_moved: false,
        delivered_moved: true,
        member_count: 3,
      },
      {
        user_id: carol.id,
        conversation_id: two,
        read_number: 2,
        delivered_number: 6,
        read_moved: true,
        delivered_moved: true,
        member_count: 2,
      },
    ].sort((a, b) => (order(a) < order(b) ? -1 : 1)),
  )
  expect(await stretchesOf(one, bob)).toEqual([[1, 5]])
})
