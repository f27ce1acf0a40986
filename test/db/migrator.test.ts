import pg from 'pg'
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest'
import { migrate } from '../../src/db/migrator.js'
import { createLogger } from '../../src/observe.js'
import { createEmptyDatabase, databaseConfig, type TestDatabase } from '../support/test-server.js'

const logger = createLogger('silent')
let database: TestDatabase
let client: pg.Client

beforeEach(async () => {
  database = await createEmptyDatabase(inject('templateUrl'))
  client = new pg.Client(database.url)
  await client.connect()
})
afterEach(async () => {
  await client.end()
  await database.drop()
})

const run = () => migrate(databaseConfig(database.url), logger)

test('three nodes that start at once migrate once', async () => {
  const results = await Promise.all([run(), run(), run()])
  const applied = results.map((result) => result.migrations).sort()
  expect(applied.slice(0, 2)).toEqual([0, 0])
  expect(applied[2]).toBeGreaterThan(0)
  const { rows } = await client.query(`select count(*)::int as n from schema_history where name like 'migrations/%'`)
  expect(rows[0].n).toBe(applied[2])
})

test('a second run changes nothing', async () => {
  await run()
  const before = await client.query('select name, hash, applied_at from schema_history order by name')
  expect(await run()).toEqual({ migrations: 0, objects: 0 })
  expect((await client.query('select name, hash, applied_at from schema_history order by name')).rows).toEqual(
    before.rows,
  )
})

test('an object whose text has changed is applied again, and the views with it', async () => {
  await run()
  await client.query(`create or replace function may_send(role text, blocked boolean) returns boolean language sql immutable return true;
    update schema_history set hash = 'of another text' where name = 'sql/functions/may_send.sql'`)
  expect(await run()).toEqual({ migrations: 0, objects: 1 })
  expect((await client.query(`select may_send('stranger', false) as may`)).rows).toEqual([{ may: false }])
  expect(
    (await client.query(`select count(*)::int as n from information_schema.views where table_schema = 'public'`))
      .rows[0].n,
  ).toBe(7)
})

test('whoever reads and writes meanwhile in another order does not stop it', async () => {
  await run()
  await client.query(`update schema_history set hash = 'of another text' where name = 'sql/triggers/users.sql'`)
  await client.query('begin')
  await client.query('lock table users in row exclusive mode')
  const running = run()
  const psql = new pg.Client(database.url)
  await psql.connect()
  await vi.waitFor(async () => {
    const { rows } = await psql.query(
      `select from pg_locks where not granted and relation = 'users'::regclass and database = (select oid from pg_database where datname = current_database())`,
    )
    expect(rows).toHaveLength(1)
  })
  await psql.end()
  // It has taken the views already, and waits for the table; PostgreSQL ends the one of the two that has waited longer.
  await client.query('select from user_wire')
  await client.query('commit')
  expect(await running).toEqual({ migrations: 0, objects: 1 })
})

test('a database of a newer Earshot is refused in one sentence', async () => {
  await run()
  await client.query(`insert into schema_history (name, hash) values ('migrations/9999_future.sql', '')`)
  await expect(run()).rejects.toThrow(/migrated by a newer Earshot \(migrations\/9999_future\.sql\)/)
})

test('a migration that fails leaves the database as it was', async () => {
  // Something of the same name is in the way of the last table.
  await client.query('create table hidden_messages (id int)')
  await expect(run()).rejects.toThrow(/migrations\/0004_messages\.sql failed/)
  const { rows } = await client.query(`select tablename from pg_tables where schemaname = 'public'`)
  expect(rows).toEqual([{ tablename: 'hidden_messages' }])
})

test('ids are version 7 and rise with time, on every supported PostgreSQL', async () => {
  await run()
  const { rows } = await client.query(
    'select uuidv7()::text as id, clock_timestamp() as at, pg_sleep(0.002) from generate_series(1, 3)',
  )
  for (const { id, at } of rows) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    const ms = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
    expect(Math.abs(ms - at.getTime())).toBeLessThan(1_000)
  }
  expect(rows.map((row) => row.id)).toEqual(rows.map((row) => row.id).sort())
})
