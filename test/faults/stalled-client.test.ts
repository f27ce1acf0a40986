// Clients that stop reading while much is said: the node lets go of them instead of keeping it all.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fork, randomOf } from '../support/random.js'
import { Returner } from '../support/returner.js'
import { gather } from './support/audience.js'
import { audit, type Listener } from './support/auditor.js'
import type { NodeProcess } from './support/node-process.js'
import { long, progress, SEED } from './support/results.js'
import { LOUD, Speaker } from './support/speaker.js'
import { Stage } from './support/stage.js'

const FAULT = '19 Clients that stop reading'
const QUEUE_BYTES = 262_144
const STALLED = 4
const TOO_SLOW = 'earshot_socket_closes_total{code="4408"}'
/** What else a node may need while it works, garbage included. */
const SPARE_BYTES = 16_000_000

/** Where buffers are, the queues of sockets among them. */
const memory = (node: NodeProcess) => node.metric('nodejs_external_memory_bytes')

test(`${FAULT}: they are closed as too slow, their queues stay bounded, and they come back without a loss (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  // Whoever reads nothing answers no ping either, and would be cut for that.
  const settings = { ...LOUD, WS_QUEUE_BYTES: String(QUEUE_BYTES), WS_STALL: long('30s', '6s'), WS_PING_INTERVAL: '5m' }
  const stage = await Stage.open({ nodes: 1, settings })
  const node = stage.node(0)
  const people = await Promise.all(Array.from({ length: STALLED }, (_, n) => stage.person(`stalled${n}`)))
  const company = await gather(stage, random, { listeners: people })
  const speaker = await Speaker.before(stage, people)
  const stalled: Listener[] = []
  for (const person of people) {
    const own = { person, urls: stage.urls, psql: stage.sql, random: fork(random), batch: false }
    stalled.push({ person, client: await Returner.begin(own) })
  }
  const following = stalled.map(({ client }) => client.follow())
  await expect.poll(() => stalled.every(({ client }) => client.count > 0), { timeout: 10_000 }).toBe(true)

  const before = await memory(node)
  for (const { client } of stalled) client.stopReading()
  const began = Date.now()
  await speaker.speakUntil(async () => (await node.metric('earshot_sockets_behind_total')) >= STALLED)
  // Far more than may be kept for them.
  const most = before + STALLED * QUEUE_BYTES + SPARE_BYTES
  const enough = speaker.bytes + long(5, 1.5) * most
  await speaker.speakUntil(async () => speaker.bytes > enough)
  await expect.poll(() => memory(node), { timeout: 20_000 }).toBeLessThan(most)
  progress(FAULT, `${speaker.bytes} bytes said, ${(await memory(node)) - before} more in memory`)
  const closed = async () => {
    await company.workload.acknowledges(5)
    return node.metric(TOO_SLOW)
  }
  await expect.poll(closed, { timeout: 90_000 }).toBe(STALLED)
  // Whoever is still away when the socket has been cut never hears why: for them it was the network.
  if (long(true, false)) await delay(Math.max(0, began + 180_000 - Date.now()))
  for (const { client } of stalled) client.readOn()
  await company.workload.acknowledges(20)
  await company.end()
  for (const { client } of stalled) client.leave()
  await Promise.all(following)
  for (const { client } of stalled) expect([1006, 4408]).toContain(client.closes[0])
  const note = `${STALLED} clients, ${speaker.bytes} bytes said; ${stalled.map(({ client }) => client.did.resync).join(' ')} times loaded afresh`
  await audit(stage, { ...company, listeners: [...company.listeners, ...stalled], fault: FAULT, note })
})
