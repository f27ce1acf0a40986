// What other roles and other people's objects in the same database can and cannot do to us.
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { migrate } from '../../src/db/migrator.js'
import { createLogger } from '../../src/observe.js'
import { createDatabase, databaseConfig, type TestDatabase } from '../support/test-server.js'

let database: TestDatabase
let owner: pg.Client

beforeAll(async () => {
  database = await createDatabase(inject('templateUrl'))
  owner = new pg.Client(database.url)
  await owner.connect()
})
afterAll(async () => {
  await owner.end()
  await database.drop()
})

test('nobody but the owner may run a function that runs with the rights of the owner', async () => {
  const { rows } = await owner.query(`
    select p.proname from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.prosecdef
      and has_function_privilege('pg_read_all_data', p.oid, 'execute')`)
  expect(rows).toEqual([])
  const { rows: all } = await owner.query(
    `select count(*)::int as n from pg_proc where pronamespace = 'public'::regnamespace and prosecdef`,
  )
  expect(all[0].n).toBeGreaterThan(10)
})

test('a role without a grant cannot put our triggers on a table of its own', async () => {
  await owner.query(`create role stranger_${process.pid}; set role stranger_${process.pid}`)
  await owner.query('create temp table fake (conversation_id uuid, user_id uuid, role text, joined_at timestamptz)')
  await expect(
    owner.query(`create trigger t after insert on fake referencing new table as new_rows
      for each statement execute function tg_members__append_added()`),
  ).rejects.toThrow('permission denied')
  await owner.query(`reset role; drop table fake; drop role stranger_${process.pid}`)
})

test("a view of somebody else's survives a migration, and one that reads ours stops it by name", async () => {
  await owner.query('create view their_report as select count(*) from messages')
  await owner.query(`update schema_history set hash = '' where name = 'sql/functions/may_send.sql'`)
  const run = () => migrate(databaseConfig(database.url), createLogger('silent'))
  expect(await run()).toEqual({ migrations: 0, objects: 1 })
  expect((await owner.query('select * from their_report')).rows).toHaveLength(1)
  await owner.query('create view their_wire as select wire from message_wire')
  await owner.query(`update schema_history set hash = '' where name = 'sql/functions/may_send.sql'`)
  await expect(run()).rejects.toMatchObject({ detail: expect.stringContaining('their_wire') })
  expect((await owner.query('select * from their_wire')).rows).toEqual([])
})

test('who and where a row is, and that it was deleted, cannot be changed', async () => {
  const { rows: users } = await owner.query(
    `insert into users (username, display_name) values ('ann', 'Ann'), ('ben', 'Ben') returning id`,
  )
  const [ann, ben] = users.map((row) => row.id)
  const home = (await owner.query(`insert into conversations (type, name) values ('group', 'g') returning id`)).rows[0]
    .id
  await owner.query('insert into members (conversation_id, user_id) values ($1, $2)', [home, ann])
  await owner.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    home,
    ann,
    'text',
  ])
  await owner.query(`update messages set content = null, deleted_at = now() where conversation_id = $1`, [home])
  const refused = [
    `update members set user_id = '${ben}' where user_id = '${ann}'`,
    `update messages set sender_id = '${ben}' where conversation_id = '${home}'`,
    `update messages set content = 'back', deleted_at = null where conversation_id = '${home}'`,
    `update conversations set type = 'direct', name = null, direct_low = '${ann}', direct_high = '${ben}' where id = '${home}'`,
    `update users set id = gen_random_uuid() where id = '${ben}'`,
  ]
  for (const statement of refused)
    await expect(owner.query(statement), statement).rejects.toMatchObject({ code: 'RT500' })
  await owner.query('update conversations set deleted_at = now() where id = $1', [home])
  await expect(owner.query('update conversations set deleted_at = null where id = $1', [home])).rejects.toMatchObject({
    code: 'RT500',
  })
})
