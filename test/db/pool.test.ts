import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { createPool } from '../../src/db/pool.js'
import { createLogger } from '../../src/observe.js'
import { createDatabase, databaseConfig } from '../support/test-server.js'

test('a connection that is lost idle, or between two statements of a transaction, does not end the process', async () => {
  const database = await createDatabase(inject('templateUrl'))
  const killer = new pg.Client(database.url)
  await killer.connect()
  const pool = createPool(databaseConfig(database.url), createLogger('silent'))
  const kill = async (client: pg.PoolClient) => {
    const { rows } = await client.query('select pg_backend_pid() as pid')
    return () => killer.query('select pg_terminate_backend($1)', [rows[0].pid])
  }

  const busy = await pool.connect()
  await busy.query('begin')
  const killBusy = await kill(busy)
  await Promise.all([new Promise<void>((resolve) => busy.once('end', resolve)), killBusy()])
  await expect(busy.query('commit')).rejects.toThrow()
  busy.release(true)

  const idle = await pool.connect()
  const killIdle = await kill(idle)
  idle.release()
  await Promise.all([new Promise<void>((resolve) => pool.once('remove', () => resolve())), killIdle()])

  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await pool.end()
  await killer.end()
  await database.drop()
})
