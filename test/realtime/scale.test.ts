// What must not grow with the log, or with a burst: counted in rows and frames, not in seconds.
import { expect, test } from 'vitest'
import { READ } from '../../src/realtime/log.js'
import { touched } from '../support/plans.js'
import { startWorld } from '../support/world.js'

test('a read of the tail touches what it reads, however long the log is and however many holes it has', async () => {
  await using world = await startWorld()
  const session = await world.session()
  await session.query(
    `insert into events (stream_id, seq, type) select gen_random_uuid(), n, 'user.updated' from generate_series(1, 300000) n; analyze events`,
  )
  const { rows } = await session.query('select max(id)::int as head from events')
  const head = rows[0].head
  const holes = Array.from({ length: 200 }, (_, n) => n * 1_000 + 10)
  await session.query(`set plan_cache_mode = force_generic_plan; set jit = off`)
  await session.query(`prepare tail (bigint, bigint[], bigint[]) as ${READ.text}`)
  const plan = async (lows: number[], highs: number[]): Promise<number> => {
    const explained = await session.query(
      `explain (analyze, format json) execute tail (${head}, '{${lows}}', '{${highs}}')`,
    )
    return touched(explained.rows[0]['QUERY PLAN'][0].Plan)
  }
  expect(await plan([], [])).toBeLessThan(100)
  // 200 holes of two ids each: some nodes of the plan, each over 400 rows.
  expect(
    await plan(
      holes,
      holes.map((low) => low + 1),
    ),
  ).toBeLessThan(20_000)
})

test('a burst of many messages in one commit costs a fast reader nothing', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const ear = await bob.connect()
  await bob.settled()
  const before = ear.all('message.created').length
  const session = await world.session()
  const burst = (count: number, size: number) =>
    session.query(
      `insert into messages (conversation_id, sender_id, content) select $1, $2, repeat('x', $3) from generate_series(1, $4)`,
      [group.id, alice.id, size, count],
    )
  await burst(600, 5_000)
  await burst(3_000, 10)
  await ear.heard('message.created', before + 3_600)
  expect(ear.isOpen).toBe(true)
  const numbers = ear.all('message.created').map((frame) => frame.data.number)
  expect(numbers.slice(before)).toEqual(numbers.slice(before).map((_, index) => numbers[before] + index))
})

test('one conversation is read by keys, however long its history is', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const session = await world.session()
  await session.query(
    `insert into messages (conversation_id, sender_id, content) select $1, $2, 'imported' from generate_series(1, 20000); analyze`.replace(
      '$1, $2',
      `'${group.id}', '${alice.id}'`,
    ),
  )
  const explained = await session.query(
    `explain (analyze, format json) select wire from member_conversation_wire where conversation_id = '${group.id}' and user_id = '${bob.id}'`,
  )
  expect(touched(explained.rows[0]['QUERY PLAN'][0].Plan)).toBeLessThan(200)
})

test('an import reads no message again, also in a database that was known to be empty', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const session = await world.session()
  // Known to be empty: the cheapest plan would then be to read the whole table for each row.
  await session.query('delete from messages')
  await session.query('vacuum analyze messages')
  const read = async () => {
    const { rows } = await session.query(
      `select seq_tup_read::int as rows from pg_stat_xact_user_tables where relname = 'messages'`,
    )
    return rows[0].rows
  }
  await session.query('begin')
  await session.query(
    `insert into messages (conversation_id, sender_id, content) select $1, $2, 'imported' from generate_series(1, 2000)`,
    [group.id, alice.id],
  )
  expect(await read()).toBeLessThan(10_000)
  await session.query('rollback')
})

test('a read that was planned while there was nothing to read goes by keys all the same', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const session = await world.session()
  await session.query(`set plan_cache_mode = force_generic_plan; set jit = off`)
  await session.query(`prepare tail (bigint, bigint[], bigint[]) as ${READ.text}`)
  await session.query(`execute tail (0, '{}', '{}')`)
  await session.query(
    `insert into messages (conversation_id, sender_id, content) select $1, $2, 'imported' from generate_series(1, 2000)`,
    [group.id, alice.id],
  )
  const explained = await session.query(`explain (analyze, format json) execute tail (0, '{}', '{}')`)
  expect(touched(explained.rows[0]['QUERY PLAN'][0].Plan)).toBeLessThan(50_000)
})
