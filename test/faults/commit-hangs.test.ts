// A standby is waited for that does not exist: every COMMIT hangs, though PostgreSQL answers everything else.
import { expect, test } from 'vitest'
import { fork, pick, randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { Prober } from './support/prober.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

/** The statement, the network, and a wait for a connection: see SETTINGS. */
const LONGEST_MS = 4_000 + 2_000 + 2_000
/** A machine that does much else. */
const SLACK_MS = 2_000
const RINGING = `select count(*) as count from pg_stat_activity where wait_event_type = 'Lock' and query like '%pg_notify%'`
/** Of each node one that tells news, and a heartbeat while the one before gives up. */
const RINGERS = 6
const STALLED = 'degraded: down, stalled'
const HANGING = `select count(*) as count from pg_stat_activity where wait_event = 'SyncRep'`

const FAULT = '32 A commit never returns'
test(`${FAULT}: writes are refused in time, reads and sockets go on, and each is stored once (SEED=${SEED})`, async () => {
  const stage = await Stage.open({ nodes: 2 })
  const random = randomOf(SEED)
  const company = await gather(stage, fork(random))
  const prober = await Prober.begin(stage)
  // Where nobody else writes, so that nobody holds its stream.
  const quiet = await stage.group(prober.person, ...company.workload.people)
  const rounds = long(3, 1)
  let stored = 0
  for (let round = 1; round <= rounds; round++) {
    await company.workload.acknowledges(40)
    await stage.postgres.set('synchronous_standby_names', 'nobody')
    // As another service writes: it has rung in its transaction, and holds the lock of all who ring until its commit is through.
    const foreign = await stage.postgres.connect()
    const hanging = foreign.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
      quiet.id,
      prober.person.id,
      'by another hand',
    ])
    hanging.catch(() => undefined)
    await expect.poll(async () => (await stage.postgres.query(HANGING))[0].count).toBeGreaterThan(0)
    const client_id = crypto.randomUUID()
    const refusals = [prober.refused(() => prober.write('once', client_id)), prober.refused()]
    const reads: number[] = []
    let isOver = false
    const over = Promise.all(refusals).finally(() => {
      isOver = true
    })
    while (!isOver) {
      const { status, ms } = await prober.read()
      expect(status).toBe(200)
      reads.push(ms)
      expect(await prober.ear.command('ping')).toMatchObject({ ok: true })
      const typist = pick(random, company.workload.people)
      await typist.ask('POST', `/conversations/${quiet.id}/typing`, { typing: random() < 0.5 })
    }
    for (const { ms } of await over) expect(ms).toBeLessThan(LONGEST_MS + SLACK_MS)
    expect((await stage.postgres.query(HANGING))[0].count).toBeGreaterThan(0)
    const said = async () => {
      const reports = await Promise.all(stage.nodes.map((node) => node.health()))
      return reports.map(
        ({ status, services }) => `${status}: ${services.database.writes}, ${services.database.reason}`,
      )
    }
    await expect.poll(said, { timeout: LONGEST_MS }).toEqual([STALLED, STALLED])
    // While one hangs, nobody waits behind it.
    expect((await prober.refused()).ms).toBeLessThan(SLACK_MS)
    // Heartbeats and news of typing wanted to ring as well all the time, and have not piled up behind it.
    const ringing = async () => (await stage.postgres.query(RINGING))[0].count
    expect(await ringing()).toBeLessThanOrEqual(RINGERS)
    await stage.postgres.set('synchronous_standby_names', '')
    await hanging
    await foreign.end()
    // It was refused because nobody knew, and may well be there.
    const written = async () => (await prober.write('once', client_id)).status
    await expect.poll(written, { timeout: LONGEST_MS }).toBeLessThan(300)
    const [{ count }] = await stage.postgres.query('select count(*) as count from messages where client_id = $1', [
      client_id,
    ])
    expect(count).toBe(1)
    stored++
    progress(FAULT, `hung ${round} of ${rounds} times, the longest read took ${Math.max(...reads)} ms`)
  }
  await company.workload.acknowledges(40)
  await prober.hears()
  await company.end()
  expect((await stage.postgres.query(HANGING))[0].count).toBe(0)
  await audit(stage, { ...company, fault: FAULT, note: `${stored} times` })
})
