// A client that sleeps for longer than the log goes back: what it has missed is gone from there, and it is told so.
import { expect, test } from 'vitest'
import { fork, randomOf } from '../support/random.js'
import { Returner } from '../support/returner.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '20 A client that sleeps past the window of the log'
const PARTITION = 10_000_000
/** Of one night; what is dropped must be older. */
const WINDOW = '1 second'

/** The log goes on in the next partition. */
async function turnPage({ sql }: Stage): Promise<void> {
  await sql.query(
    `select setval(pg_get_serial_sequence('events', 'id'), (select (last_value / ${PARTITION} + 1) * ${PARTITION} from events_id_seq))`,
  )
}

/** As the housekeeper does it each minute; a writer in the way makes it give up for that time. Below it nothing is left. */
async function drop({ sql }: Stage): Promise<number> {
  await sql.query('select drop_event_partitions($1::interval)', [WINDOW])
  return readFloor({ sql })
}

async function readFloor({ sql }: Pick<Stage, 'sql'>): Promise<number> {
  const { rows } = await sql.query('select floor::float from log_state')
  return rows[0].floor
}

test(`${FAULT}: it loads afresh and holds what the others hold (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  // What is in memory would answer instead of the log.
  const stage = await Stage.open({ nodes: 2, settings: { EVENT_WINDOW: '1s', EVENT_CACHE: '1kB' } })
  const sleeper = await stage.person('sleeper')
  const company = await gather(stage, random, { listeners: [sleeper] })
  const { workload } = company
  const own = { person: sleeper, urls: stage.urls, psql: stage.sql, random: fork(random), batch: false }
  const client = await Returner.begin(own)
  const nights = long(4, 1)
  for (let night = 1; night <= nights; night++) {
    await client.visit('news')
    const token = await sleeper.position()
    await workload.acknowledges(long(200, 30))
    const floor = await readFloor(stage)
    await turnPage(stage)
    await workload.acknowledges(long(200, 30))
    await expect.poll(() => drop(stage), { timeout: 30_000 }).toBeGreaterThan(floor)
    progress(FAULT, `night ${night} of ${nights}: a partition is gone`)
    // One that begins now has never seen what is gone.
    const young = stage.node(night % 2)
    await young.kill()
    await stage.start(young)
    for (const url of stage.urls) {
      const ear = await sleeper.resume(token, url)
      expect(ear.all('resync').map(({ data }) => data)).toEqual([{ reason: 'window' }])
      expect(ear.all('resumed')).toEqual([])
      ear.cut()
    }
    const { resync } = client.did
    await client.visit('news')
    expect(client.did.resync).toBe(resync + 1)
    // It is awake again: from now on it misses nothing.
    await workload.acknowledges(10)
    await client.visit('resumed')
  }
  await company.end()
  const listeners = [...company.listeners, { person: sleeper, client }]
  expect(client.did.resync).toBe(nights)
  await audit(stage, { ...company, listeners, hasForgotten: true, fault: FAULT, note: `${nights} nights` })
})
