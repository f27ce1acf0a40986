// The tail's own session: what it leaves behind on a bad day, and what it can do without.
import pg from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createLogger, createMetrics } from '../../src/observe.js'
import { Log } from '../../src/realtime/log.js'
import { Tail } from '../../src/realtime/tail.js'
import { createDatabase, databaseConfig } from '../support/test-server.js'

const logger = createLogger('silent')

async function openDatabase() {
  const database = await createDatabase(inject('templateUrl'))
  const psql = new pg.Client(database.url)
  await psql.connect()
  onTestFinished(async () => {
    await psql.end()
    await database.drop()
  })
  return { url: database.url, psql }
}

test('a read that takes too long is ended by PostgreSQL, so that no backend stays behind and holds a snapshot', async () => {
  const { url, psql } = await openDatabase()
  const log = await Log.open({ ...databaseConfig(url), statement_timeout_ms: 200 }, logger)
  await psql.query('begin')
  await psql.query('lock table events in access exclusive mode')
  await expect(log.read(0, { lows: [], highs: [] })).rejects.toMatchObject({ code: '57014' })
  await log.close()
  const { rows } = await psql.query(
    `select state from pg_stat_activity where application_name = 'earshot-tail' and datname = current_database()
       and state <> 'idle'`,
  )
  expect(rows).toEqual([])
  await psql.query('rollback')
})

test('where nothing can be written the log is read, from its start on and while its position cannot be stored', async () => {
  const { url, psql } = await openDatabase()
  const readOnly = Object.assign(new URL(url), { search: '?options=-c%20default_transaction_read_only%3Don' }).href
  const { rows: before } = await psql.query('select safe, epoch from log_state')
  const heard: string[] = []
  let hear = (_: string) => {}
  const metrics = createMetrics()
  const tail = new Tail({
    openLog: () => Log.open(databaseConfig(readOnly), logger),
    onEvent: ({ type }) => {
      heard.push(type)
      hear(type)
    },
    onBegin: () => undefined,
    onNewEpoch: () => undefined,
    pollMs: () => 5,
    logger,
    metrics,
  })
  // Its first read is also the first time that it stores where it is.
  await tail.start()
  const isHeard = new Promise<string>((resolve) => {
    hear = resolve
  })
  await psql.query(`insert into conversations (type, name) values ('group', 'a')`)
  expect(await isHeard).toBe('conversation.created')
  await tail.stop()
  expect((await psql.query('select safe, epoch from log_state')).rows).toEqual(before)
  expect((await metrics.expose()).text).toContain('earshot_tail_errors_total 0')
})
