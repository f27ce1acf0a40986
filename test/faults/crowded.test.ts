// Others have taken what the nodes need: every connection, or a lock that they do not give back.
import type pg from 'pg'
import { expect, test } from 'vitest'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { Prober } from './support/prober.js'
import { long, progress, SEED } from './support/results.js'
import { SETTINGS, Stage } from './support/stage.js'

const CONNECTIONS = 40
const OURS = `select count(*) as count from pg_stat_activity where application_name like 'earshot%'`
const END_OURS = `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'earshot%'`

const FAULT = '17 Every connection is taken'
test(`${FAULT}: writes are refused until there is one, and the nodes find it by themselves (SEED=${SEED})`, async () => {
  const stage = await Stage.open({ nodes: long(2, 1), postgres: { max_connections: String(CONNECTIONS) } })
  const company = await gather(stage, randomOf(SEED))
  const prober = await Prober.begin(stage)
  const admin = await stage.postgres.connect()
  const rounds = long(3, 1)
  for (let round = 1; round <= rounds; round++) {
    await company.workload.acknowledges(40)
    const others: pg.Client[] = []
    // The nodes come back for each that they lose, so it is a race that they lose in the end.
    while ((await admin.query(OURS)).rows[0].count > 0 || (await isFree(stage))) {
      await admin.query(END_OURS)
      const more = Array.from({ length: 5 }, () => stage.postgres.connect())
      for (const one of await Promise.allSettled(more)) if (one.status === 'fulfilled') others.push(one.value)
      expect(others.length).toBeLessThanOrEqual(CONNECTIONS)
    }
    expect((await prober.refused()).body.code).toBe('unavailable')
    expect((await prober.refused(() => prober.read())).body.code).toBe('unavailable')
    expect(await prober.ear.command('ping')).toMatchObject({ ok: true })
    for (const node of stage.nodes) {
      const { status, services } = await node.health()
      expect(status).toBe('down')
      expect(services.database).toMatchObject({ status: 'down', writes: 'down' })
    }
    expect((await stage.node(0).health()).services.database.reason).toMatch(/^(too_many_connections|lost)$/)
    await Promise.all(others.map((one) => one.end()))
    progress(FAULT, `taken ${round} of ${rounds} times`)
  }
  await company.workload.acknowledges(40)
  await prober.hears()
  await admin.end()
  await company.end()
  await audit(stage, { ...company, fault: FAULT, note: `${rounds} times, ${CONNECTIONS} connections` })
})

async function isFree(stage: Stage): Promise<boolean> {
  return stage.postgres.connect().then(
    (client) => client.end().then(() => true),
    () => false,
  )
}

const LOCKED = '17 A lock is held longer than a statement may take'
test(`${LOCKED}: reads and writes are refused in time, and all goes on when it ends (SEED=${SEED})`, async () => {
  const stage = await Stage.open({ nodes: long(2, 1) })
  const company = await gather(stage, randomOf(SEED))
  const prober = await Prober.begin(stage)
  const holder = await stage.postgres.connect()
  const rounds = long(3, 1)
  for (let round = 1; round <= rounds; round++) {
    await company.workload.acknowledges(40)
    await holder.query('begin; lock table messages in access exclusive mode')
    const [write, read] = await Promise.all([prober.refused(), prober.refused(() => prober.read())])
    for (const { ms } of [write, read]) expect(ms).toBeLessThan(LONGEST_MS)
    expect(stage.postgres.output).toContain('canceling statement due to statement timeout')
    expect(await prober.ear.command('ping')).toMatchObject({ ok: true })
    await holder.query('rollback')
    progress(LOCKED, `held ${round} of ${rounds} times`)
  }
  await company.workload.acknowledges(40)
  await prober.hears()
  await holder.end()
  await company.end()
  await audit(stage, { ...company, fault: LOCKED, note: `${rounds} times` })
})

/** A wait for a connection, a statement, and the network. */
const LONGEST_MS =
  Number.parseInt(SETTINGS.DATABASE_STATEMENT_TIMEOUT ?? '', 10) * 1_000 +
  Number.parseInt(SETTINGS.DATABASE_CONNECT_TIMEOUT ?? '', 10) * 1_000 +
  2_000
