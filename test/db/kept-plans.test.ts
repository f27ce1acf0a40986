// Plans that a connection keeps, as PostgreSQL tells of them.
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import { KEEP_PLAN } from '../../src/db/kept-plans.js'
import { createPool, discardLost, type Pool } from '../../src/db/pool.js'
import { createLogger } from '../../src/observe.js'
import { openRecorder } from '../support/recorder.js'
import { createDatabase, databaseConfig, type TestDatabase } from '../support/test-server.js'

let database: TestDatabase
let pool: Pool
let db: Kysely<unknown>
beforeAll(async () => {
  database = await createDatabase(inject('templateUrl'))
})
afterAll(() => database.drop())
beforeEach(() => open(database.url))
afterEach(async () => {
  vi.useRealTimers()
  await pool.end()
})

/** One connection, so that what is asked about it is asked of it. */
function open(url: string): void {
  pool = createPool({ ...databaseConfig(url), pool_max: 1 }, createLogger('silent'))
  db = new Kysely({ dialect: new PostgresDialect({ pool: discardLost(pool) }) })
}

const kept = async (value: number) =>
  (await sql<{ n: number }>`${KEEP_PLAN} select ${value}::int as n`.execute(db)).rows
const known = async () => (await pool.query('select count(*)::int as count from pg_prepared_statements')).rows[0].count

test('a statement that is to be kept is prepared once, whatever its values; any other is not', async () => {
  for (const value of [1, 2, 3]) expect(await kept(value)).toEqual([{ n: value }])
  expect(await known()).toBe(1)
  await sql`select ${4}::int as n`.execute(db)
  expect(await known()).toBe(1)
  await sql`${KEEP_PLAN} select ${5}::int + 1 as n`.execute(db)
  expect(await known()).toBe(2)
})

test('after ten seconds a connection plans anew, and not before', async () => {
  const recorder = await openRecorder(database.url)
  await pool.end()
  open(recorder.url)
  vi.useFakeTimers({ toFake: ['Date'] })
  const during = (work: () => Promise<unknown>) => recorder.during(/discard plans/, work)
  expect(await during(() => kept(1))).toEqual([])
  vi.setSystemTime(Date.now() + 9_999)
  expect(await during(() => kept(2))).toEqual([])
  vi.setSystemTime(Date.now() + 1)
  expect(await during(() => kept(3))).toEqual(['discard plans'])
  expect(await during(() => kept(4))).toEqual([])
  // Also when the clock was set back.
  vi.setSystemTime(Date.now() - 60_000)
  expect(await during(() => kept(5))).toEqual(['discard plans'])
  expect(await during(() => kept(6))).toEqual([])
})

test('behind a pooler, which knows nothing of what was prepared, it is answered all the same, and not tried again', async () => {
  expect(await kept(1)).toEqual([{ n: 1 }])
  await pool.query('deallocate all')
  expect(await kept(2)).toEqual([{ n: 2 }])
  expect(await kept(3)).toEqual([{ n: 3 }])
  expect(await known()).toBe(0)
})

test('a statement that somebody else has prepared under its name does not stand in its way', async () => {
  await kept(1)
  const { rows } = await pool.query('select name, statement from pg_prepared_statements')
  await pool.end()
  open(database.url)
  await pool.query(`prepare ${pg.escapeIdentifier(rows[0].name)} as select 'another'`)
  expect(await kept(2)).toEqual([{ n: 2 }])
})

test('what is wrong with the statement itself is told', async () => {
  await expect(sql`${KEEP_PLAN} select 1 / ${0}::int`.execute(db)).rejects.toMatchObject({ code: '22012' })
  await expect(sql`${KEEP_PLAN} select from nowhere`.execute(db)).rejects.toMatchObject({ code: '42P01' })
  expect(await kept(1)).toEqual([{ n: 1 }])
})
