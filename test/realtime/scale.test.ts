// What must not grow with the log, or with a burst: counted in rows and frames, not in seconds.
import { expect, test } from 'vitest'
import { readMembersPresence, readPresent, readVisible } from '../../src/domain/presence.js'
import { writeLeases } from '../../src/domain/presence-leases.js'
import { READ } from '../../src/realtime/log.js'
import { recordSql, touched } from '../support/plans.js'
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

test('what somebody has missed is found by keys, however long the log and the streams are, and whatever was planned before', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const session = await world.session()
  /** Rows and index entries that were read for it, in all tables. */
  const find = async (since: number) => {
    // What this session has done before may still be counted along.
    const read = async (): Promise<number> => {
      const { rows } = await session.query(
        `select sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid))::int as rows
         from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')`,
      )
      return rows[0].rows
    }
    await session.query('begin')
    const before = await read()
    const { rows } = await session.query('select * from missed_events($1, $2, 2000, 200)', [bob.id, since])
    const after = await read()
    await session.query('rollback')
    return { ...rows[0], read: after - before }
  }
  const head = async () => (await session.query('select last_value::int as id from events_id_seq')).rows[0].id as number
  const lengthen = async (events: number, messages: number) => {
    await session.query(
      `insert into events (stream_id, seq, type) select gen_random_uuid(), n, 'user.updated' from generate_series(1, $1::int) n`,
      [events],
    )
    await session.query(
      `insert into messages (conversation_id, sender_id, content)
       select id, $1, n from conversations cross join generate_series(1, $2::int) n order by id, n`,
      [alice.id, messages],
    )
  }
  // Planned while there was next to nothing.
  await session.query('analyze')
  await find(0)
  await session.query(
    `with made as (
       insert into conversations (type, name, created_by) select 'group', 'group ' || n, $1 from generate_series(1, 500) n returning id)
     insert into members (conversation_id, user_id, role) select made.id, u, 'owner' from made, unnest($2::uuid[]) u`,
    [alice.id, [alice.id, bob.id]],
  )
  const counts: number[] = []
  for (const [events, messages] of [
    [1_000, 10],
    [100_000, 15],
  ] as const) {
    await lengthen(events, messages)
    const since = await head()
    const { rows: active } = await session.query('select id from conversations order by id limit 3')
    for (const { id } of active) await alice.say(id, 'missed')
    const { ids, limited, too_much, read } = await find(since)
    expect({ count: ids.length, limited, too_much }).toEqual({ count: 3, limited: [], too_much: false })
    counts.push(read)
  }
  const [short = 0, long = 0] = counts
  // Each of the 500 stays is looked at, and whether its stream has moved: by one key each.
  expect(short).toBeLessThan(5_000)
  expect(long).toBeLessThan(short * 1.3)
  // Nor by what others have said since.
  const since = await head()
  await alice.say((await session.query('select id from conversations order by id limit 1')).rows[0].id, 'missed')
  await lengthen(50_000, 0)
  const far = await find(since)
  expect(far.ids).toHaveLength(1)
  expect(far.read).toBeLessThan(5_000)
  // Somebody who has missed everything reads no more than what makes it too much.
  const all = await find(0)
  expect(all.too_much).toBe(true)
  expect(all.read).toBeLessThan(60_000)
}, 60_000)

test('who is here is read by keys, however many are here and however many nodes there are', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const session = await world.session()
  const actor = { user_id: alice.id, session_id: alice.sessionId }
  const users = Array.from({ length: 200 }, () => crypto.randomUUID())
  const pairs = [bob.id, ...users].map((user_id) => ({ watcher_id: alice.id, user_id }))
  const count = async () => {
    const present = await recordSql(session, (db) => readPresent(db, world.node.nodeId, [bob.id, ...users]))
    expect(present.result?.find(({ user_id }) => user_id === bob.id)?.live).toBe('online')
    const visible = await recordSql(session, (db) => readVisible(db, pairs))
    expect(visible.result.map(({ live }) => live)).toEqual(['online'])
    const members = await recordSql(session, (db) => readMembersPresence(db, actor, group.id))
    expect(members.result.members.map(({ user_id }) => user_id)).toEqual([bob.id])
    const changes = [{ user_id: bob.id, state: 'online' } as const, { user_id: alice.id, state: 'offline' } as const]
    const written = await recordSql(session, (db) => writeLeases(db, nodeId, changes))
    expect(written.result).toBe(true)
    return [present.rows, visible.rows, members.rows, written.rows]
  }
  const { nodeId } = world.node
  await session.query(`insert into presence_leases values ($1, $2, 'online')`, [bob.id, nodeId])
  // Known to be all but empty, and then full.
  await session.query('analyze presence_leases, nodes')
  const few = await count()
  await session.query(
    `insert into presence_leases
     select gen_random_uuid(), case when n % 2 = 0 then $1::uuid else gen_random_uuid() end, 'online' from generate_series(1, 50000) n`,
    [nodeId],
  )
  const unknown = await count()
  await session.query('analyze presence_leases')
  for (const rows of [few, unknown, await count()]) {
    expect(Math.max(...rows.slice(0, 2))).toBeLessThan(5_000)
    expect(Math.max(...rows.slice(2))).toBeLessThan(100)
  }
})
