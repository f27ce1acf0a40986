// Jobs of a node that was killed are done by others, soon.
import pg from 'pg'
import { expect, test, vi } from 'vitest'
import { Database } from '../../src/db/database.js'
import { Doorbell } from '../../src/db/doorbell.js'
import { createPool } from '../../src/db/pool.js'
import { releaseJobsOfTheDead, workerName } from '../../src/jobs/dead-workers.js'
import { createLogger } from '../../src/observe.js'
import { earshot } from '../cli/earshot.js'
import { databaseConfig } from '../support/test-server.js'
import { startWorld } from '../support/world.js'

const logger = createLogger('fatal')
/** On a machine that has much to do. */
const BUSY = { timeout: 20_000 }

test('a job whose worker is connected no more is free again; a living or a just missing one keeps its own', async () => {
  await using world = await startWorld({ JOBS: '0' })
  const psql = await world.session()
  const pool = createPool(databaseConfig(world.database.url), logger)
  const db = new Database(pool, new Doorbell(pool, logger, () => undefined))
  const [dead, missing, living] = [workerName('dead'), workerName('missing'), workerName('living')]
  const node = new pg.Client({ connectionString: world.database.url, application_name: living })
  await node.connect()
  for (const [name, age] of [
    [dead, 61],
    [missing, 10],
    [living, 3_600],
    ['somebody else', 3_600],
  ]) {
    await psql.query(`select graphile_worker.add_job('make_previews', '{}')`)
    await psql.query(
      `update graphile_worker._private_jobs set locked_by = $1, locked_at = now() - $2 * interval '1 second'
       where locked_by is null`,
      [name, age],
    )
  }
  expect(await releaseJobsOfTheDead(db)).toBe(1)
  const { rows } = await psql.query('select locked_by from graphile_worker.jobs order by id')
  expect(rows.map((row) => row.locked_by)).toEqual([null, missing, living, 'somebody else'])
  expect(await releaseJobsOfTheDead(db)).toBe(0)
  await node.end()
  await pool.end()
})

test('a node takes its jobs in the name that its connections bear', async () => {
  await using world = await startWorld({ JOBS: '0' })
  const [alice, bob] = await world.people('alice', 'bob')
  const { id: home } = await world.group(alice, bob)
  const file = await alice.upload('notes.txt', 'notes')
  await alice.say(home, '', { attachment_ids: [file.id] })
  const psql = await world.session()
  const other = await world.session()
  await other.query('begin')
  await other.query('select from streams where id = $1 for update', [home])
  const node = await world.addNode({ JOBS: '1' })
  await psql.query(`select graphile_worker.add_job('remove_files_of_account', $1::json)`, [
    JSON.stringify({ user_id: alice.id }),
  ])
  await vi.waitFor(async () => {
    const { rows } = await psql.query(`
      select locked_by, (
        select count(*)::int > 0 from pg_stat_activity s
        where s.application_name = j.locked_by and s.datname = current_database()) as connected
      from graphile_worker.jobs j`)
    expect(rows).toEqual([{ locked_by: workerName(node.nodeId), connected: true }])
  }, BUSY)
  await other.query('rollback')
})

test('a node that is killed in the middle of a job leaves it to the others', async () => {
  await using world = await startWorld({ JOBS: '0' })
  const [alice, bob] = await world.people('alice', 'bob')
  const { id: home } = await world.group(alice, bob)
  const file = await alice.upload('notes.txt', 'notes')
  await alice.say(home, '', { attachment_ids: [file.id] })
  const psql = await world.session()
  const other = await world.session()
  const pool = createPool(databaseConfig(world.database.url), logger)
  const db = new Database(pool, new Doorbell(pool, logger, () => undefined))
  await other.query('begin')
  await other.query('select from streams where id = $1 for update', [home])
  await psql.query(`select graphile_worker.add_job('remove_files_of_account', $1::json)`, [
    JSON.stringify({ user_id: alice.id }),
  ])
  const environment = { DATABASE_URL: world.database.url, UPLOADS_DIR: world.uploads, PORT: '0', HOST: '127.0.0.1' }
  const node = earshot(environment)
  const holder = () =>
    psql.query('select locked_by from graphile_worker.jobs where locked_by is not null').then(({ rows }) => rows)
  await vi.waitFor(async () => expect(await holder()).toHaveLength(1), BUSY)
  node.kill('SIGKILL')
  await node.exit
  await psql.query(`update graphile_worker._private_jobs set locked_at = now() - interval '2 minutes'`)
  await vi.waitFor(async () => expect(await releaseJobsOfTheDead(db)).toBe(1), BUSY)
  await other.query('rollback')
  expect(await holder()).toEqual([])
  const ear = await bob.connect()
  await world.addNode({ JOBS: '1' })
  await ear.heard('attachment.removed', 1)
  await pool.end()
})
