// What the listeners hear only makes it quicker: without them the nodes look by themselves.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { randomOf } from '../support/random.js'
import type { Intercept } from '../support/tcp-proxy.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const TERMINATED = '10 The listeners are terminated each second'
const DEAF = '11 No bell is heard at all'
const LISTENERS = 'earshot-listener-%'
/** Much longer than the poll needs: the pace is written down, not required. */
const GENEROUS_MS = 5_000

test(`${TERMINATED}: they come back, and nothing is lost between (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const company = await gather(stage, random)
  const seconds = long(120, 4)
  let terminated = 0
  for (let second = 1; second <= seconds; second++) {
    const { rows } = await stage.sql.query(
      'select pg_terminate_backend(pid) as done from pg_stat_activity where application_name like $1',
      [LISTENERS],
    )
    terminated += rows.filter(({ done }) => done).length
    progress(TERMINATED, `${terminated} after ${second} s, ${company.workload.acknowledged} acknowledged`)
    await delay(1_000)
  }
  expect(terminated).toBeGreaterThan(seconds)
  await company.workload.acknowledges(20)
  await company.end()
  for (const node of stage.nodes) {
    expect(node.lines.some((line) => line.includes('the listener has reconnected'))).toBe(true)
    await expect.poll(() => node.metric('earshot_listener_up'), { timeout: 20_000 }).toBe(1)
  }
  await expect.poll(() => stage.postgres.backends(LISTENERS), { timeout: 20_000 }).toHaveLength(2)
  await audit(stage, { ...company, fault: TERMINATED, note: `${terminated} times` })
})

test(`${DEAF}: it is slower, and right (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  // No session of a listener comes about any more: it is known by the name that its first packet gives.
  let refused = 0
  const refuse: Intercept = (chunk, from) => {
    if (from !== 'client' || !chunk.includes('application_name\0earshot-listener-')) return false
    refused++
    return true
  }
  for (const proxy of stage.proxies) proxy.intercept = refuse
  await stage.sql.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name like $1', [
    LISTENERS,
  ])
  await expect.poll(() => stage.postgres.backends(LISTENERS), { timeout: 10_000 }).toEqual([])
  const [ann, ben] = await Promise.all([stage.person('ann', stage.node(0)), stage.person('ben', stage.node(1))])
  const { id } = await stage.group(ann, ben)
  const ear = await ben.connect(stage.node(1).url)
  // While nobody else writes: whoever writes wakes the tail of their own node.
  const hear = async (count: number): Promise<string> => {
    const waits: number[] = []
    for (let n = 0; n < count; n++) {
      const message = await ann.say(id, `message ${n}`)
      const { at } = await ear.seen(({ type, data }) => type === 'message.created' && data.id === message.id)
      waits.push(Date.now() - Date.parse(at ?? ''))
      await delay(random() * 100)
    }
    waits.sort((a, b) => a - b)
    expect(waits.at(-1)).toBeLessThan(GENEROUS_MS)
    const of = (share: number) => waits[Math.min(count - 1, Math.floor(count * share))]
    return `p50 ${of(0.5)} ms, p95 ${of(0.95)} ms`
  }
  const notes = [`at first ${await hear(long(50, 12))}`]
  const listening = () => Promise.all(stage.nodes.map(async (node) => (await node.health()).services.listener.status))
  if (long(true, false)) {
    // They know it once no heartbeat has come back for 10 s, and look more often.
    await expect.poll(listening, { timeout: 20_000 }).toEqual(['down', 'down'])
    notes.push(`known to be deaf ${await hear(200)}`)
  }
  ear.cut()
  const company = await gather(stage, random)
  await company.workload.acknowledges(long(1_000, 60))
  await company.workload.end()
  expect(refused).toBeGreaterThan(1)
  expect(await stage.postgres.backends(LISTENERS)).toEqual([])
  for (const proxy of stage.proxies) {
    proxy.intercept = undefined
    proxy.cut()
  }
  // Only now: a node that knows itself to be deaf says so in its health.
  await company.end()
  await audit(stage, { ...company, fault: DEAF, note: notes.join('; ') })
  await expect.poll(listening, { timeout: 30_000 }).toEqual(['up', 'up'])
})
