// The primary dies and its standby takes over: one that has everything, and one that lacks what came last.
import { expect, test } from 'vitest'
import { randomOf } from '../support/random.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { allLoadAfresh, gather, resyncs } from './support/audience.js'
import { audit } from './support/auditor.js'
import { lossesSince, mark } from './support/losses.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

/** A standby that begins late still finds what it needs. */
const POSTGRES = { wal_keep_size: '512MB' }

const SYNC = '06 Fail-over to a synchronous standby'
test(`${SYNC}: nothing is lost, every client loads afresh, and no node is restarted (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2, postgres: POSTGRES })
  const company = await gather(stage, random)
  const pids = stage.nodes.map(({ pid }) => pid)
  const rounds = long(3, 1)
  for (let round = 1; round <= rounds; round++) {
    const name = `standby${round}`
    const primary = stage.postgres
    const standby = await primary.backup()
    stage.own(standby)
    await standby.follow(primary.port, name)
    await standby.start()
    await primary.set('synchronous_standby_names', name)
    await primary.isFollowedBy(name, 'sync')
    await company.workload.acknowledges(long(300, 60))
    const before = resyncs(company)
    const was = mark(company.workload)
    await primary.kill()
    await standby.promote()
    stage.failOverTo(standby)
    await allLoadAfresh(company, before)
    expect(await lossesSince(stage, company.workload, was)).toEqual({ sends: [], reads: [] })
    progress(SYNC, `failed over ${round} of ${rounds} times, ${company.workload.acknowledged} acknowledged`)
  }
  await company.workload.acknowledges(60)
  await company.end()
  expect(stage.nodes.map(({ pid }) => pid)).toEqual(pids)
  await audit(stage, { ...company, fault: SYNC, note: `${rounds} fail-overs` })
})

const LATE = '07 Fail-over to a standby that lacks the last 2 s'
test(`${LATE}: no client keeps what the database has lost, and who asks again is stored (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2, postgres: POSTGRES })
  const company = await gather(stage, random)
  const { workload } = company
  const pids = stage.nodes.map(({ pid }) => pid)
  const rounds = long(3, 1)
  let lost = 0
  for (let round = 1; round <= rounds; round++) {
    const name = `standby${round}`
    const primary = stage.postgres
    const line = await TcpProxy.open(primary.url)
    const standby = await primary.backup()
    stage.own(standby)
    await standby.follow(line.port, name)
    await standby.start()
    await workload.acknowledges(long(300, 40))
    const was = mark(workload)
    await primary.isFollowedBy(name)
    // From here on the standby hears nothing.
    line.close()
    const silent = Date.now()
    do await workload.acknowledges(10)
    while (Date.now() - silent < 2_000)
    const before = resyncs(company)
    await primary.kill()
    await standby.promote()
    stage.failOverTo(standby)
    await allLoadAfresh(company, before)
    const losses = await lossesSince(stage, workload, was)
    expect(losses.sends.length).toBeGreaterThan(10)
    lost += losses.sends.length
    await workload.askAgain(losses)
    progress(LATE, `failed over ${round} of ${rounds} times, ${lost} lost by the standby`)
  }
  await workload.acknowledges(60)
  await company.end()
  expect(stage.nodes.map(({ pid }) => pid)).toEqual(pids)
  const note = `${rounds} fail-overs; ${lost} acknowledged messages were not on the standby and were sent again`
  await audit(stage, { ...company, fault: LATE, note })
})
