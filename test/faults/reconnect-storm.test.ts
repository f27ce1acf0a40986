// Very many clients lose their sockets at the same moment and come back within a second, more of them than are let in at once.
import { expect, test } from 'vitest'
import { CLOSE_CODES } from '../../src/contract/close-codes.js'
import { fork, randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { openCrowd } from './support/light-client.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '21 All clients reconnect within a second'
const PATIENCE = { timeout: 240_000, interval: 50 }
const [SOCKETS, USERS, ROOMS] = [long(5_000, 300), long(100, 30), long(10, 2)]
/** Of one user in three seconds: half of them or fewer. */
const LET_IN = long(10, 5)
const REFUSED = CLOSE_CODES.overloaded.code

test(`${FAULT}: all are let in by and by, go on where they were, and nobody misses anything (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  // The clients share a process with what stands between node and database, and keep it busy for seconds on end.
  const patience: Record<string, string> = { DATABASE_CONNECT_TIMEOUT: '60s', DATABASE_STATEMENT_TIMEOUT: '60s' }
  const stage = await Stage.open({ nodes: 1, settings: { WS_CONNECTS: `${LET_IN}/3s`, ...long(patience, {}) } })
  const node = stage.node(0)
  const company = await gather(stage, random, { restMs: long(400, 150) })
  const { workload } = company
  const people = await Promise.all(Array.from({ length: USERS }, (_, n) => stage.person(`crowd${n}`)))
  const [owner, ...writers] = workload.people
  if (!owner) throw new Error('nobody writes')
  for (let room = 0; room < ROOMS; room++) {
    const { id } = await stage.group(owner, ...writers, ...people.filter((_, n) => n % ROOMS === room))
    workload.rooms.push({ id, owner, members: workload.people })
  }
  const crowd = await openCrowd(fork(random), { people, count: SOCKETS, urls: stage.urls })
  const sum = (of: (one: (typeof crowd)[number]) => number) => crowd.reduce((total, one) => total + of(one), 0)
  const live = () => sum((client) => (client.isLive ? 1 : 0))
  const refused = () => sum((client) => client.closes.get(REFUSED) ?? 0)
  await expect.poll(live, PATIENCE).toBe(SOCKETS)

  const storms = {
    'their network is gone': async () => {
      for (const client of crowd) client.cut()
    },
    'their node is killed': async () => {
      await node.kill()
      await expect.poll(live, PATIENCE).toBe(0)
      await stage.start(node)
    },
  }
  for (const [name, strike] of Object.entries(storms)) {
    await workload.acknowledges(long(200, 30))
    const [connected, before, began] = [sum(({ did }) => did.connected), refused(), Date.now()]
    await strike()
    await expect.poll(() => sum(({ did }) => did.connected), PATIENCE).toBeGreaterThanOrEqual(connected + SOCKETS)
    await expect.poll(live, PATIENCE).toBe(SOCKETS)
    progress(FAULT, `${name}: all are live again after ${Date.now() - began} ms, ${refused() - before} were refused`)
    // Whoever is refused waits for ever longer, so that they do not come in vain very often.
    expect(refused() - before).toBeLessThan(SOCKETS * 6)
  }
  expect(refused()).toBeGreaterThan(0)
  await workload.acknowledges(long(200, 30))
  await company.end()
  const { rows } = await stage.sql.query('select id, seq from streams')
  const log = new Map<string, number>(rows.map(({ id, seq }) => [id, seq]))
  await expect.poll(() => crowd.flatMap((client) => client.behind(log)), PATIENCE).toEqual([])
  expect(crowd.flatMap(({ faults }) => faults)).toEqual([])
  const codes = new Set(crowd.flatMap(({ closes }) => [...closes.keys()]))
  expect([...codes].sort()).toEqual([1006, REFUSED])
  const loads = sum(({ did }) => did.limited + did.resync)
  for (const client of crowd) client.leave()
  const note = `${SOCKETS} sockets of ${USERS} users, twice; refused ${refused()} times, ${sum(({ did }) => did.resumed)} times resumed, ${loads} loads`
  await audit(stage, { ...company, fault: FAULT, note })
})
