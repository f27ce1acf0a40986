import { once } from 'node:events'
import pg from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { Doorbell } from '../../src/db/doorbell.js'
import { Listener } from '../../src/db/listener.js'
import { createPool, type Pool } from '../../src/db/pool.js'
import { createLogger, createMetrics } from '../../src/observe.js'
import { createDatabase, databaseConfig, type TestDatabase } from '../support/test-server.js'

const logger = createLogger('silent')
const metrics = createMetrics()
let database: TestDatabase
let pool: Pool
let psql: pg.Client
let listener: Listener

/** Each call of `ring` resolves the oldest waiter. */
function signal() {
  const waiting: (() => void)[] = []
  let rung = 0
  return {
    ring: () => {
      const next = waiting.shift()
      if (next) next()
      else rung++
    },
    next: async () => {
      if (rung > 0) rung--
      else await new Promise<void>((resolve) => waiting.push(resolve))
    },
    count: () => rung,
  }
}
const bell = signal()
const connected = signal()

beforeAll(async () => {
  database = await createDatabase(inject('templateUrl'))
  pool = createPool(databaseConfig(database.url), logger)
  psql = new pg.Client(database.url)
  await psql.connect()
  const options = { config: databaseConfig(database.url), pool, nodeId: 'here', logger, metrics }
  listener = new Listener({
    ...options,
    onBell: bell.ring,
    onSignals: () => undefined,
    onEpoch: () => undefined,
    onConnected: connected.ring,
  })
  await listener.start()
  await connected.next()
})
afterAll(async () => {
  await listener.stop()
  await listener.stop()
  await psql.end()
  await pool.end()
  await database.drop()
})

test('an empty payload is the bell, from whoever sends it', async () => {
  await psql.query(`notify earshot, ''`)
  await bell.next()
  new Doorbell(pool, logger, () => undefined).ring()
  await bell.next()
})

test('a node hears the bells of the others, and not its own: it has woken its tail already', async () => {
  const witness = new pg.Client(database.url)
  await witness.connect()
  await witness.query('listen earshot')
  const rung = once(witness, 'notification')
  new Doorbell(pool, logger, () => undefined, 'here').ring()
  expect((await rung)[0]).toMatchObject({ payload: 'b:here' })
  await witness.end()
  new Doorbell(pool, logger, () => undefined, 'elsewhere').ring()
  await bell.next()
  expect(bell.count()).toBe(0)
})

test('heartbeats of others, and what nobody understands, are no bell', async () => {
  for (const payload of ['h:elsewhere:1', 's:[]', 'x'.repeat(7_000)])
    await psql.query('select pg_notify($1, $2)', ['earshot', payload])
  await psql.query(`notify somewhere_else, ''`)
  await psql.query(`notify earshot, ''`)
  // Notifications come in order: by the time of this one the others have been heard.
  await bell.next()
  expect(bell.count()).toBe(0)
})

test('a listener that is killed is back by itself, and says so', async () => {
  await psql.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'earshot-listener-here'`,
  )
  await connected.next()
  await psql.query(`notify earshot, ''`)
  await bell.next()
  expect(listener.healthy).toBe(true)
})

test('a ring wakes the own tail at once, and a storm of rings is a handful on the bus', async () => {
  let woken = 0
  const door = new Doorbell(pool, logger, () => woken++)
  for (let n = 0; n < 1_000; n++) door.ring()
  expect(woken).toBe(1_000)
  await bell.next()
  await bell.next()
  await psql.query(`notify earshot, ''`)
  await bell.next()
  expect(bell.count()).toBe(0)
})
