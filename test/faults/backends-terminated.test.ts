// Somebody ends every session that a node has with PostgreSQL, again and again: those of the pool, the tail and the listener.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '33 Sessions of a node are terminated'
const EACH_MS = 200
const TERMINATE = `
  select count(*) filter (where pg_terminate_backend(pid)) as ended, count(distinct application_name) as kinds
  from pg_stat_activity where client_port = any($1::int[])`

test(`${FAULT}: its sockets stay, the other node is not disturbed, and nothing is lost (SEED=${SEED})`, async () => {
  const stage = await Stage.open({ nodes: 2 })
  const company = await gather(stage, randomOf(SEED))
  const { workload, listeners } = company
  const person = listeners[0]?.person
  if (!person) throw new Error('nobody listens')
  const ears = await Promise.all(stage.urls.map((url) => person.connect(url)))
  const before = new Set(workload.sends)
  const rounds = long(300, 20)
  let [ended, kinds] = [0, 0]
  for (let round = 1; round <= rounds; round++) {
    const [row] = await stage.postgres.query(TERMINATE, [stage.proxy(1).ports])
    ended += row.ended
    kinds = Math.max(kinds, row.kinds)
    expect((await stage.node(0).health()).status).toBe('up')
    await delay(EACH_MS)
    if (round % 50 === 0) progress(FAULT, `${ended} sessions ended, ${workload.acknowledged} messages acknowledged`)
  }
  // Each kind of them, more than once.
  expect(kinds).toBeGreaterThanOrEqual(3)
  expect(ended).toBeGreaterThan(3 * 3)
  await workload.acknowledges(20)
  await company.end()

  const said = workload.sends
    .filter((send) => !before.has(send))
    .flatMap(({ outcome }) => (outcome && 'id' in outcome ? outcome.id : []))
  expect(said.length).toBeGreaterThan(20)
  for (const ear of ears) {
    for (const id of said) await ear.seen(({ type, data }) => type === 'message.created' && data.id === id)
    expect(ear.isOpen).toBe(true)
    ear.cut()
  }
  expect(await stage.node(0).metric('earshot_tail_errors_total')).toBe(0)
  expect(await stage.node(1).metric('earshot_tail_errors_total')).toBeGreaterThan(0)
  await audit(stage, { ...company, fault: FAULT, note: `${ended} sessions ended, each ${EACH_MS} ms all of one node` })
})
