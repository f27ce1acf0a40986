// What the others see of the people of a node that dies, stops, or is taken for dead.
import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { App } from '../../src/app.js'
import { Clock } from '../support/clock.js'
import type { Person } from '../support/person.js'
import { startProcess } from '../support/process-node.js'
import { openRelay } from '../support/relay.js'
import { leasesOf, nextOf, type Scene, seenThrough, statusesOf, watchScene, watchThrough } from '../support/watching.js'
import { startWorld, type World } from '../support/world.js'

const LEASE = { NODE_LEASE: '3s' }
const clock = new Clock()
let world: World
let second: App
let psql: Client
let scene: Scene
beforeAll(async () => {
  world = await startWorld(LEASE, clock)
  second = await world.addNode()
  psql = await world.session()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  scene = await watchScene(world, clock)
})

const becomes = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 10_000, interval: 20 })
const leases = (person: Person) => leasesOf(psql, person)
const seen = (node: { url: string }, person: Person) => seenThrough(node, scene.alice, person)
const statusAt = async (node: { url: string }, person: Person): Promise<string> => (await seen(node, person)).status
const nodes = () => [world.node, second]

test('when a node is killed its people are offline after its lease and were last seen when it lived; who is elsewhere stays', async () => {
  const { bob, ear, mark, marker } = scene
  const other = await watchThrough(second, scene)
  const dying = await startProcess(world, '0', LEASE)
  await bob.connect(dying.url)
  const elsewhere = await marker.connect(dying.url)
  await nextOf(ear, bob)
  await nextOf(other, bob)
  const connected = Date.now()
  await becomes(() => leases(marker)).toEqual(['online', 'online'])
  await dying.kill()
  const killed = Date.now()
  clock.pass(2)
  const gone = await nextOf(ear, bob)
  expect(gone.status).toBe('offline')
  expect(await nextOf(other, bob)).toEqual(gone)
  const seenAt = Date.parse(gone.last_seen_at)
  // A renewal before, at most: the clock of the database is that of this machine.
  expect(seenAt).toBeGreaterThan(connected - 1_500)
  expect(seenAt).toBeLessThanOrEqual(killed)
  for (const node of nodes()) expect(await seen(node, bob)).toEqual(gone)
  expect(elsewhere.isOpen).toBe(false)
  await becomes(() => leases(marker)).toEqual(['online'])
  await mark()
  expect(statusesOf(ear, marker)).not.toContain('offline')
  expect(statusesOf(ear, bob)).toEqual(['online', 'offline'])
})

test('the people of a process that is asked to end are offline after the grace', async () => {
  const { bob, ear } = scene
  const leaving = await startProcess(world, '0', { NODE_LEASE: '10m', WS_DRAIN: '1s', PRESENCE_GRACE: '1s' })
  await bob.connect(leaving.url)
  await nextOf(ear, bob)
  const before = Date.now()
  await leaving.end()
  clock.pass(2)
  const gone = await nextOf(ear, bob)
  expect(gone.status).toBe('offline')
  expect(Math.abs(Date.parse(gone.last_seen_at) - before)).toBeLessThan(15_000)
  expect(await leases(bob)).toEqual([])
})

test('whoever comes back elsewhere when their node ends was never gone', async () => {
  const { bob, ear, mark } = scene
  const leaving = await startProcess(world, '0', { NODE_LEASE: '10m', WS_DRAIN: '1s', PRESENCE_GRACE: '10m' })
  await bob.connect(leaving.url)
  await nextOf(ear, bob)
  await leaving.end()
  await mark()
  await bob.connect(second.url)
  await becomes(() => leases(bob)).toEqual(['online', 'online'])
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online'])
})

test('tables that are emptied under running nodes are written again, and nobody was gone', async () => {
  const { bob, ear, mark, marker } = scene
  await bob.connect(second.url)
  await nextOf(ear, bob)
  await psql.query('truncate nodes, presence_leases')
  await becomes(() => leases(marker)).toEqual(['online'])
  for (const node of nodes()) await becomes(() => statusAt(node, bob)).toBe('online')
  const live = async () => (await psql.query('select from nodes where expires_at > now()')).rowCount
  await becomes(live).toBe(2)
  clock.pass(30)
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online'])
})

test('a node that finds itself taken for dead when it writes somebody has another lease at once, with all its people', async () => {
  const { bob, ear, marker } = scene
  const third = await world.addNode({ NODE_LEASE: '10m' })
  onTestFinished(() => third.stop())
  await bob.connect(third.url)
  await nextOf(ear, bob)
  const dead = [third.nodeId]
  await psql.query('delete from presence_leases where node_id = $1', dead)
  await psql.query('delete from nodes where id = $1', dead)
  expect(await statusAt(world.node, bob)).toBe('offline')
  await marker.connect(third.url)
  for (const person of [bob, marker]) {
    await becomes(async () => {
      const { rows } = await psql.query(
        'select state from presence_leases join nodes on id = node_id where user_id = $1 and node_id = $2',
        [person.id, third.nodeId],
      )
      return rows
    }).toEqual([{ state: 'online' }])
  }
  expect(await statusAt(world.node, bob)).toBe('online')
})

test('a node that was cut off from the database for longer than its lease is taken away, and comes back with its people', async () => {
  const { bob, ear } = scene
  const relay = await openRelay(world.database.url)
  const third = await world.addNode({ DATABASE_URL: relay.url })
  onTestFinished(() => third.stop())
  const bobsEar = await bob.connect(third.url)
  await nextOf(ear, bob)
  relay.cut()
  clock.pass(2)
  expect((await nextOf(ear, bob)).status).toBe('offline')
  clock.pass(2)
  await relay.restore()
  expect((await nextOf(ear, bob)).status).toBe('online')
  expect(bobsEar.isOpen).toBe(true)
})
