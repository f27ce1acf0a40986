// The tail against writers who do everything that makes ids show up late, or never: it hands out every committed event
// once, in the order of its stream.
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { createLogger, createMetrics } from '../../src/observe.js'
import { Log, type LogEvent } from '../../src/realtime/log.js'
import { Tail } from '../../src/realtime/tail.js'
import { createDatabase, databaseConfig, type TestDatabase } from '../support/test-server.js'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const INSERT = 'insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)'

/** A tail on a database of its own, with three conversations and nobody else in them. */
async function startTail() {
  const database = await createDatabase(inject('templateUrl'))
  const logger = createLogger('silent')
  const metrics = createMetrics()
  const events: LogEvent[] = []
  let woken: (() => void) | undefined
  const tail = new Tail({
    openLog: () => Log.open(databaseConfig(database.url), logger),
    onEvent: (event) => {
      events.push(event)
      woken?.()
    },
    onBegin: () => undefined,
    onNewEpoch: () => undefined,
    pollMs: () => 5,
    logger,
    metrics,
  })
  await tail.start()
  /** Looks again after each event. */
  const until = async (isSo: () => boolean) => {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        woken = resolve
      })
    }
  }
  const session = await connect(database)
  const user = (
    await session.query(`insert into users (username, display_name) values ('writer', 'Writer') returning id`)
  ).rows[0].id
  const { rows } = await session.query(
    `insert into conversations (type, name) values ('group', 'a'), ('group', 'b'), ('group', 'c') returning id`,
  )
  return {
    database,
    events,
    /** How often a stream's seq had to reveal what the holes should have known. */
    alarms: async () => (await metrics.tailGaps.get()).values[0]?.value,
    user: user as string,
    homes: rows.map((row) => row.id as string),
    session,
    tail,
    until,
    /** Resolves once as many events were handed out as the log holds. */
    caughtUp: async () => {
      const count = Number((await session.query('select count(*) as n from events')).rows[0].n)
      await until(() => events.length >= count)
    },
    [Symbol.asyncDispose]: async () => {
      await tail.stop()
      await session.end()
      await database.drop()
    },
  }
}

async function connect(database: TestDatabase): Promise<pg.Client> {
  const client = new pg.Client(database.url)
  await client.connect()
  return client
}

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

async function expectEachOnceInOrder(session: pg.Client, events: LogEvent[]): Promise<void> {
  const { rows } = await session.query('select id from events order by id')
  expect(events.map((event) => event.id).sort((a, b) => a - b)).toEqual(rows.map((row) => Number(row.id)))
  for (const stream of new Set(events.map((event) => event.stream_id))) {
    const seqs = events.filter((event) => event.stream_id === stream).map((event) => event.seq)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
  }
}

test(`eight writers with roll-backs, savepoints, two streams at once and held transactions (SEED=${SEED})`, async () => {
  await using world = await startTail()
  const { database, homes, user } = world
  const writer = async (number: number) => {
    const chance = random(SEED + number)
    const session = await connect(database)
    for (let turn = 0; turn < 60; turn++) {
      // In one order, as everybody must who takes two.
      const chosen = homes.filter(() => chance() < 0.4).sort()
      await session.query('begin')
      for (const home of chosen) {
        await session.query(INSERT, [home, user, `${number}/${turn}`])
        if (chance() < 0.2) {
          await session.query('savepoint s')
          await session.query(INSERT, [home, user, 'never'])
          await session.query('rollback to s')
        }
      }
      if (chance() < 0.1) await session.query('select pg_sleep(0.02)')
      await session.query(chance() < 0.07 ? 'rollback' : 'commit')
    }
    await session.end()
  }
  const vandal = async () => {
    const session = await connect(database)
    const own = (await session.query(`insert into conversations (type, name) values ('group', 'own') returning id`))
      .rows[0].id
    for (let turn = 0; turn < 3; turn++) {
      await session.query('begin')
      await session.query(
        `insert into messages (conversation_id, sender_id, content) select $1, $2, 'never' from generate_series(1, 20000)`,
        [own, user],
      )
      await session.query('rollback')
    }
    await session.end()
  }
  await Promise.all([vandal(), ...Array.from({ length: 8 }, (_, number) => writer(number))])
  await world.caughtUp()
  await expectEachOnceInOrder(world.session, world.events)
  expect(await world.alarms()).toBe(0)
})

test('a transaction of 12,000 rows that commits behind the head comes whole, and in order', async () => {
  await using world = await startTail()
  const { database, homes, user, session } = world
  const slow = await connect(database)
  await slow.query('begin')
  await slow.query(
    `insert into messages (conversation_id, sender_id, content) select $1, $2, 'late ' || n from generate_series(1, 12000) n`,
    [homes[0], user],
  )
  await session.query(INSERT, [homes[1], user, 'ahead'])
  await world.until(() =>
    world.events.some((event) => event.stream_id === homes[1] && event.type === 'message.created'),
  )
  const held = world.tail.safe
  expect(world.events.some((event) => event.stream_id === homes[0] && event.type === 'message.created')).toBe(false)
  await slow.query('commit')
  await session.query(INSERT, [homes[0], user, 'after'])
  await world.caughtUp()
  await slow.end()
  await expectEachOnceInOrder(session, world.events)
  expect(await world.alarms()).toBe(0)
  expect(world.tail.safe).toBeGreaterThan(held)
})

test('a node that starts later begins at the stored position, and misses nothing after it', async () => {
  await using world = await startTail()
  const { database, homes, user, session } = world
  await session.query(INSERT, [homes[0], user, 'one'])
  await world.caughtUp()
  await world.tail.stop()
  await session.query(INSERT, [homes[0], user, 'two'])
  const stored = Number((await session.query('select safe from log_state')).rows[0].safe)
  expect(stored).toBe(world.events.at(-1)?.id)
  const later: LogEvent[] = []
  const heardTwo = new Promise<void>((resolve) => {
    const logger = createLogger('silent')
    const next = new Tail({
      openLog: () => Log.open(databaseConfig(database.url), logger),
      onEvent: (event) => {
        later.push(event)
        if (event.data.includes('two')) next.stop().then(resolve, resolve)
      },
      onBegin: () => undefined,
      onNewEpoch: () => undefined,
      pollMs: () => 5,
      logger,
      metrics: createMetrics(),
    })
    next.start().catch(() => undefined)
  })
  await heardTwo
  expect(later.map((event) => event.id)).toEqual([stored + 1])
})
