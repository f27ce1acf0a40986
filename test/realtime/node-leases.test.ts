// A lease by itself, without a server around it: what is done when it fails, is lost, or another's has ended.
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { Doorbell } from '../../src/db/doorbell.js'
import { createPool, type Pool } from '../../src/db/pool.js'
import { takeNodeAway } from '../../src/domain/nodes.js'
import { readPresent } from '../../src/domain/presence.js'
import { writeLeases } from '../../src/domain/presence-leases.js'
import { createLogger } from '../../src/observe.js'
import { Nodes } from '../../src/realtime/nodes.js'
import { createDatabase, databaseConfig, type TestDatabase } from '../support/test-server.js'

const logger = createLogger('silent')
let database: TestDatabase
let pool: Pool
let db: Database
beforeAll(async () => {
  database = await createDatabase(inject('templateUrl'))
  pool = createPool(databaseConfig(database.url), logger)
  db = new Database(pool, new Doorbell(pool, logger, () => undefined))
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})
beforeEach(() => pool.query('truncate nodes, presence_leases'))

function node(leaseS = 60) {
  const id = crypto.randomUUID()
  const gone: string[] = []
  const losses: string[] = []
  const nodes = new Nodes({
    db,
    id,
    leaseS,
    graceS: 0,
    report: () => ({ lag_ms: 7, sockets: 3 }),
    now: Date.now,
    onLost: () => losses.push(id),
    onGone: (userIds) => gone.push(...userIds),
    logger,
  })
  return { id, nodes, gone, losses }
}

/** A node whose lease has ended, with so many users. */
async function deadNode(users: number, renewed = '1 minute'): Promise<string> {
  const { rows } = await pool.query(
    `insert into nodes (id, version, expires_at, renewed_at, lag_ms, sockets)
     values (gen_random_uuid(), 'dead', now(), now() - $1::interval, 0, 0) returning id`,
    [renewed],
  )
  await pool.query(
    `insert into presence_leases select gen_random_uuid(), $1, 'online' from generate_series(1, $2::int)`,
    [rows[0].id, users],
  )
  return rows[0].id
}
const idsOf = async () => (await pool.query('select id from nodes')).rows.map(({ id }) => id)
const leases = async () => (await pool.query('select from presence_leases')).rowCount

test('two nodes that find a dead one take each of its users away once, however many they are', async () => {
  await deadNode(12_000)
  const taken = await Promise.all(
    [1, 2].map(async () => {
      const userIds: string[] = []
      const sizes: number[] = []
      for (;;) {
        const some = await takeNodeAway(db, Date.now())
        if (!some) return { userIds, sizes }
        userIds.push(...some)
        sizes.push(some.length)
      }
    }),
  )
  const all = taken.flatMap(({ userIds }) => userIds)
  expect([all.length, new Set(all).size]).toEqual([12_000, 12_000])
  expect(Math.max(...taken.flatMap(({ sizes }) => sizes))).toBe(5_000)
  expect([await idsOf(), await leases()]).toEqual([[], 0])
})

test('whoever is taken away was last seen when their node last renewed, unless they hide or were seen later', async () => {
  const dead = await deadNode(0, '10 minutes')
  const { rows: users } = await pool.query(
    `insert into users (username, display_name) values ('ann', 'Ann'), ('ben', 'Ben'), ('cleo', 'Cleo') returning id`,
  )
  const [ann, ben, cleo] = users.map(({ id }) => id)
  await pool.query(`insert into presence_leases select u, $1, 'away' from unnest($2::uuid[]) u`, [
    dead,
    [ann, ben, cleo],
  ])
  await pool.query(`insert into presence (user_id, status) values ($1, 'invisible')`, [ben])
  await pool.query(`insert into presence (user_id, last_seen_at) values ($1, now() - interval '1 minute')`, [cleo])
  expect((await takeNodeAway(db, Date.now()))?.sort()).toEqual([ann, ben, cleo].sort())
  const { rows } = await pool.query(
    `select user_id, round(extract(epoch from now() - last_seen_at) / 60)::int as minutes from presence`,
  )
  expect(new Map(rows.map((row) => [row.user_id, row.minutes]))).toEqual(
    new Map([
      [ann, 10],
      [ben, null],
      [cleo, 1],
    ]),
  )
})

test('a node that lives is taken away by nobody', async () => {
  const { id, nodes } = node()
  await nodes.start()
  await writeLeases(db, id, [{ user_id: crypto.randomUUID(), state: 'online' }])
  expect(await takeNodeAway(db, Date.now())).toBeUndefined()
  expect([await idsOf(), await leases()]).toEqual([[id], 1])
  await nodes.stop()
})

test('without a row of the node nothing is written of its users', async () => {
  expect(await writeLeases(db, crypto.randomUUID(), [{ user_id: crypto.randomUUID(), state: 'online' }])).toBe(false)
  expect(await leases()).toBe(0)
})

test('what is written of a user while their node is taken away is not left behind', async () => {
  const dead = await deadNode(1)
  const taking = await pool.connect()
  await taking.query('begin')
  await taking.query('select from nodes where id = $1 for update', [dead])
  const writing = writeLeases(db, dead, [{ user_id: crypto.randomUUID(), state: 'online' }])
  const waits = async () =>
    (await pool.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
      .rowCount
  await expect.poll(waits).toBe(1)
  await taking.query('delete from presence_leases')
  await taking.query('delete from nodes')
  await taking.query('commit')
  taking.release()
  expect([await writing, await leases()]).toEqual([false, 0])
})

test('a lease counts for as long as its node lives, whether or not somebody has taken that away', async () => {
  const user_id = crypto.randomUUID()
  const asking = node()
  await asking.nodes.start()
  const states = async () => (await readPresent(db, asking.id, [user_id]))?.map(({ live }) => live)
  const dead = await deadNode(0)
  await pool.query(`insert into presence_leases values ($1, $2, 'online')`, [user_id, dead])
  expect(await states()).toEqual(['offline'])
  const { id, nodes } = node()
  await nodes.start()
  for (const state of ['away', 'online', 'offline', 'away'] as const) {
    expect(await writeLeases(db, id, [{ user_id, state }])).toBe(true)
    expect(await states()).toEqual([state])
  }
  await nodes.stop()
  expect(await states()).toEqual(['offline'])
  // Whoever has no lease of its own may not trust those of the others.
  await asking.nodes.stop()
  expect(await states()).toBeUndefined()
})

test('that a dead node cannot be taken away says nothing about the lease of the one that tries', async () => {
  const { id, nodes, gone } = node()
  await nodes.start()
  const dead = await deadNode(1)
  await pool.query('alter table presence rename to away')
  nodes.renewSoon()
  await nodes.sweep()
  expect([nodes.settled, gone, (await idsOf()).sort()]).toEqual([true, [], [id, dead].sort()])
  await pool.query('alter table away rename to presence')
  nodes.renewSoon()
  await nodes.sweep()
  expect([gone.length, await idsOf()]).toEqual([1, [id]])
  await nodes.stop()
})

test('a node renews when it is time and not before, and takes away what has ended meanwhile', async () => {
  const { id, nodes, gone, losses } = node()
  await nodes.start()
  const dead = await deadNode(2)
  await nodes.sweep()
  expect((await idsOf()).sort()).toEqual([id, dead].sort())
  nodes.renewSoon()
  const renewal = nodes.sweep()
  expect(nodes.settled).toBe(false)
  await renewal
  expect([await idsOf(), gone.length, losses, nodes.settled]).toEqual([[id], 2, [], true])
  expect(nodes.list()).toEqual([expect.objectContaining({ id, lag_ms: 7, sockets: 3, self: true })])
  await nodes.stop()
  expect([await idsOf(), losses]).toEqual([[], []])
  // Nor does it come back.
  nodes.renewSoon()
  await nodes.sweep()
  expect(await idsOf()).toEqual([])
})

test('a renewal that fails is tried again after a second, not before', async () => {
  const { id, nodes } = node()
  await nodes.start()
  await pool.query('alter table nodes rename to away')
  nodes.renewSoon()
  await expect(nodes.sweep()).rejects.toThrow('nodes')
  // What it reads of the others may not be all that there is.
  expect(nodes.settled).toBe(false)
  await nodes.sweep()
  await pool.query('delete from away')
  await pool.query('alter table away rename to nodes')
  const failed = performance.now()
  await expect
    .poll(
      async () => {
        await nodes.sweep()
        return idsOf()
      },
      { timeout: 10_000 },
    )
    .toEqual([id])
  expect(performance.now() - failed).toBeGreaterThan(500)
  await nodes.stop()
})

test('a node that has lost its lease takes nobody away before the others have had the time to come back', async () => {
  const { id, nodes, gone, losses } = node(3)
  await nodes.start()
  const other = await deadNode(1)
  await pool.query('update nodes set expires_at = now() where id = $1', [id])
  nodes.renewSoon()
  await nodes.sweep()
  expect([losses, gone, nodes.settled]).toEqual([[id], [], false])
  expect((await idsOf()).sort()).toEqual([id, other].sort())
  const renew = async () => {
    nodes.renewSoon()
    await nodes.sweep()
    return idsOf()
  }
  await expect.poll(renew, { timeout: 10_000 }).toEqual([id])
  expect([losses, gone.length, nodes.settled]).toEqual([[id], 1, true])
  await nodes.stop()
})
