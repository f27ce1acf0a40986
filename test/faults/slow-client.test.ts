// A client behind a line that carries almost nothing, and what it costs the others: nothing.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fork, randomOf } from '../support/random.js'
import { Returner } from '../support/returner.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { LOUD, Speaker } from './support/speaker.js'
import { Stage } from './support/stage.js'

const FAULT = '18 A client behind a slow line'
const LATENCY_MS = 2_000
const BYTES_PER_SECOND = 2_000

test(`${FAULT}: the others hear everything meanwhile, and it ends right (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 1, settings: { ...LOUD, WS_QUEUE_BYTES: '262144' } })
  const line = await stage.line()
  const slow = await stage.person('slow')
  slow.patience = { urls: [line.url], ms: 120_000 }
  const company = await gather(stage, random, { listeners: [slow] })
  const speaker = await Speaker.before(stage, [slow])
  const own = { person: slow, urls: [line.url], psql: stage.sql, random: fork(random), batch: true }
  const client = await Returner.begin(own)
  const following = client.follow()
  await expect.poll(() => client.count, { timeout: 10_000 }).toBeGreaterThan(0)

  Object.assign(line.proxy, { latencyMs: LATENCY_MS, bytesPerSecond: BYTES_PER_SECOND })
  const behind = async () => (await stage.node(0).metric('earshot_sockets_behind_total')) > 0
  await speaker.speakUntil(behind)
  progress(FAULT, `behind after ${speaker.bytes} bytes`)
  for (let n = 0; n < long(60, 10); n++) {
    // Whoever speaks has the bystander hear it.
    await speaker.speak()
    await company.workload.acknowledges(5)
    if (long(true, false)) await delay(1_000)
  }
  const { missed, strange } = await client.holdAgainstLog()
  expect(missed.length).toBeGreaterThan(speaker.said / 2)
  expect(strange).toEqual([])

  Object.assign(line.proxy, { latencyMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY })
  await company.end()
  client.leave()
  await following
  const listeners = [...company.listeners, { person: slow, client }]
  const { resumed, resync } = client.did
  expect(resumed + resync).toBeGreaterThan(0)
  const note = `${LATENCY_MS} ms and ${BYTES_PER_SECOND} B/s; ${missed.length} events behind, caught up ${resumed} times, loaded afresh ${resync} times`
  await audit(stage, { ...company, listeners, fault: FAULT, note })
})
