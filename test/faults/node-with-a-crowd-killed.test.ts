// kill -9 of a node on which very many are: all of them go elsewhere, at the same time.
import { expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { fork, randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { allLive, openCrowd } from './support/light-client.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '04 A node with many sockets is killed'
const PATIENCE = { timeout: 120_000, interval: 50 }

/** A lease and the grace, as they are for everybody. */
const LEASES = { NODE_LEASE: '45s', PRESENCE_GRACE: '30s' }
const PRESENCE_MS = 75_000

test(`${FAULT}: they go on at the others, and miss nothing (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: long(3, 2), settings: long<Record<string, string>>(LEASES, {}) })
  const [sockets, users, rooms] = [long(2_000, 200), long(50, 10), long(10, 2)]
  const people: Person[] = []
  while (people.length < users) people.push(await stage.person(`crowd${people.length}`))
  const company = await gather(stage, random, { restMs: long(400, 100) })
  const { workload } = company
  const [owner, ...writers] = workload.people
  if (!owner) throw new Error('nobody writes')
  for (let room = 0; room < rooms; room++) {
    const { id } = await stage.group(owner, ...writers, ...people.filter((_, n) => n % rooms === room))
    workload.rooms.push({ id, owner, members: workload.people })
  }
  const crowd = await openCrowd(fork(random), { people, count: sockets, urls: stage.urls })
  // On a busy machine somebody may have gone on to the next at once.
  const there = crowd.filter(({ url }) => url === stage.node(0).url)
  expect(there.length).toBeGreaterThan(0.9 * sockets)
  const [stayer] = people
  const leaver = await stage.person('leaver', stage.node(0))
  await stage.group(owner, leaver)
  const ear = await leaver.connect(stage.node(0).url)
  const shown = async () => {
    const { data } = await owner.get(`${stage.node(1).url}/api/v1/users/presence?ids=${stayer?.id},${leaver.id}`)
    return data.map(({ status }: { status: string }) => status)
  }
  await expect.poll(shown, PATIENCE).toEqual(['online', 'online'])
  await workload.acknowledges(long(200, 40))

  const killedAt = Date.now()
  await stage.node(0).kill()
  await expect.poll(() => there.every(({ closes }) => closes.size > 0), PATIENCE).toBe(true)
  await allLive(crowd)
  const backMs = Date.now() - killedAt
  progress(FAULT, `all ${there.length} are live again after ${backMs} ms`)
  expect(crowd.filter(({ url }) => url === stage.node(0).url)).toEqual([])
  // Who was there and has not come back: the dead node could not say so.
  await ear.closed
  await expect.poll(shown, { ...PATIENCE, timeout: killedAt + PRESENCE_MS - Date.now() }).toEqual(['online', 'offline'])
  progress(FAULT, `who has not come back is shown as offline after ${Date.now() - killedAt} ms`)

  await workload.acknowledges(long(200, 40))
  await stage.start(stage.node(0))
  await company.end()
  const { rows } = await stage.sql.query('select id, seq from streams')
  const log = new Map<string, number>(rows.map(({ id, seq }) => [id, seq]))
  await expect.poll(() => crowd.flatMap((client) => client.behind(log)), PATIENCE).toEqual([])
  expect(crowd.flatMap(({ faults }) => faults)).toEqual([])
  expect(crowd.map(({ did }) => did.limited + did.resync).filter((loads) => loads > 0)).toEqual([])
  for (const client of crowd) client.leave()
  await audit(stage, { ...company, fault: FAULT, note: `${there.length} sockets, all back within ${backMs} ms` })
})
