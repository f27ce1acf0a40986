// Somebody whose sockets are on other nodes than those who ask for them: every node says the same.
import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { App } from '../../src/app.js'
import { Clock } from '../support/clock.js'
import type { Ear } from '../support/ear.js'
import { fetchJson, type Person } from '../support/person.js'
import { startProcess } from '../support/process-node.js'
import {
  heardOf,
  leasesOf,
  nextOf,
  put,
  type Scene,
  seenThrough,
  statusesOf,
  watchScene,
  watchThrough,
} from '../support/watching.js'
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

test('somebody who is on one node only is here for whoever asks or watches through another, and for nobody else', async () => {
  const { alice, bob, home, ear, mark, n } = scene
  const [stranger, blocked] = await world.people(`stranger${n}`, `blocked${n}`)
  await world.group(bob, blocked)
  await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [bob.id, blocked.id])
  const outsiders = await Promise.all(
    [stranger, blocked].map(async (person) => {
      const one = await person.connect()
      await one.command('presence.watch', { user_ids: [bob.id] })
      return one
    }),
  )
  await bob.connect(second.url)
  const online = { user_id: bob.id, status: 'online', last_seen_at: null }
  expect(await nextOf(ear, bob)).toEqual(online)
  await mark()
  for (const node of nodes()) {
    expect(await seen(node, bob)).toEqual(online)
    const headers = { authorization: `Bearer ${alice.token}` }
    const { body } = await fetchJson(node.url, 'GET', `/conversations/${home}/presence`, { headers })
    expect(body.online).toContain(bob.id)
    const one = await alice.connect(node.url)
    const { data } = await one.command('presence.watch', { user_ids: [bob.id] })
    expect(data.presence).toEqual([online])
    for (const person of [stranger, blocked]) {
      expect(await seenThrough(node, person, bob)).toEqual({ user_id: bob.id, status: 'offline', last_seen_at: null })
    }
  }
  for (const one of outsiders) expect(heardOf(one, bob)).toEqual([])
})

test('whoever leaves one of two nodes stays online, and is offline once when they have left the other', async () => {
  const { bob, ear, mark } = scene
  const [here, there] = [await bob.connect(), await bob.connect(second.url)]
  await nextOf(ear, bob)
  await becomes(() => leases(bob)).toEqual(['online', 'online'])
  here.cut()
  // The node sees it a moment after the client.
  await mark()
  clock.pass(30)
  await becomes(() => leases(bob)).toEqual(['online'])
  await mark()
  for (const node of nodes()) expect(await statusAt(node, bob)).toBe('online')
  expect(statusesOf(ear, bob)).toEqual(['online'])

  there.cut()
  await mark()
  clock.pass(20)
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online'])
  clock.pass(10)
  const gone = await nextOf(ear, bob)
  expect(gone.status).toBe('offline')
  clock.pass(30)
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online', 'offline'])
  for (const node of nodes()) expect(await seen(node, bob)).toEqual(gone)
})

test('whoever is away on one node and active on the other is online, and away only on both', async () => {
  const { bob, ear, mark } = scene
  await bob.connect()
  const there = await bob.connect(second.url)
  await nextOf(ear, bob)
  clock.pass(299)
  await there.command('presence.watch', { user_ids: [] })
  clock.pass(1)
  await becomes(() => leases(bob)).toEqual(['away', 'online'])
  await mark()
  for (const node of nodes()) expect(await statusAt(node, bob)).toBe('online')
  expect(statusesOf(ear, bob)).toEqual(['online'])
  clock.pass(299)
  expect((await nextOf(ear, bob)).status).toBe('away')
  for (const node of nodes()) expect(await statusAt(node, bob)).toBe('away')
})

test('many who leave two nodes at the same moment are each told offline, once, through both', async () => {
  const { alice, n } = scene
  const crowd = await Promise.all(Array.from({ length: 8 }, (_, index) => world.person(`crowd${n}x${index}`)))
  await world.group(alice, ...crowd)
  const ears = await Promise.all(nodes().map((node) => alice.connect(node.url)))
  for (const ear of ears) await ear.command('presence.watch', { user_ids: crowd.map(({ id }) => id) })
  const theirs = await Promise.all(crowd.flatMap((person) => nodes().map((node) => person.connect(node.url))))
  const told = (ear: Ear) => crowd.map((person) => statusesOf(ear, person))
  for (const ear of ears) await becomes(async () => told(ear)).toEqual(crowd.map(() => ['online']))
  for (const person of crowd) await becomes(() => leases(person)).toEqual(['online', 'online'])
  for (const ear of theirs) ear.cut()
  await becomes(async () => {
    // From the moment on at which a node has seen that the socket is gone.
    clock.pass(30)
    return (await Promise.all(crowd.map(leases))).flat()
  }).toEqual([])
  for (const ear of ears) {
    await becomes(async () => {
      clock.pass(2)
      return told(ear)
    }).toEqual(crowd.map(() => ['online', 'offline']))
  }
  await scene.mark()
  for (const ear of ears) expect(told(ear)).toEqual(crowd.map(() => ['online', 'offline']))
})

test('the invisible are told by no node, however their leases come and go', async () => {
  const { bob, ear, mark, marker } = scene
  const other = await watchThrough(second, scene)
  await put(bob, { status: 'invisible' })
  const nothing = { user_id: bob.id, status: 'offline', last_seen_at: null }
  const isHidden = async () => {
    await mark()
    for (const node of nodes()) expect(await seen(node, bob)).toEqual(nothing)
    expect([heardOf(ear, bob), heardOf(other, bob)]).toEqual([[], []])
  }
  const [here, there] = [await bob.connect(), await bob.connect(second.url)]
  await becomes(() => leases(bob)).toEqual(['online', 'online'])
  await isHidden()
  // They themselves see the truth, through whichever node.
  for (const node of nodes()) expect((await seenThrough(node, bob, bob)).status).toBe('online')
  here.cut()
  await mark()
  clock.pass(30)
  await becomes(() => leases(bob)).toEqual(['online'])
  await isHidden()
  await psql.query('truncate nodes, presence_leases')
  // Both nodes have come back: until its own has, the marker would seem to be gone.
  for (const person of [bob, marker]) await becomes(() => leases(person)).toEqual(['online'])
  await isHidden()
  there.cut()
  await mark()
  clock.pass(30)
  await becomes(() => leases(bob)).toEqual([])
  await isHidden()
  const dying = await startProcess(world, '0', LEASE)
  await bob.connect(dying.url)
  await becomes(() => leases(bob)).toEqual(['online'])
  await isHidden()
  await dying.kill()
  await becomes(() => leases(bob)).toEqual([])
  clock.pass(30)
  await isHidden()
  await put(bob, { status: 'online' })
  await bob.connect(second.url)
  expect((await nextOf(ear, bob)).status).toBe('online')
})

test('an invisibility that was set through one node ends for those who watch through the other', async () => {
  const { bob, ear, mark } = scene
  const other = await watchThrough(second, scene)
  await bob.connect(second.url)
  await nextOf(ear, bob)
  const invisible_until = new Date(clock.now() + 60_000).toISOString()
  const { status } = await fetchJson(second.url, 'PUT', '/users/me/presence', {
    headers: { authorization: `Bearer ${bob.token}` },
    body: { status: 'invisible', invisible_until },
  })
  expect(status).toBe(200)
  clock.pass(2)
  expect((await nextOf(ear, bob)).status).toBe('offline')
  // A list that is made meanwhile knows of the end as well.
  const late = await watchThrough(second, scene)
  clock.pass(50)
  await mark()
  for (const one of [ear, other, late]) expect(statusesOf(one, bob).at(-1)).not.toBe('online')
  expect(clock.now()).toBeLessThan(Date.parse(invisible_until))
  clock.pass(4)
  for (const one of [ear, late]) expect((await nextOf(one, bob)).status).toBe('online')
})

test('a change of which no hint has come is told after 30 s, through every node that watches', async () => {
  const { bob, ear, mark } = scene
  const other = await watchThrough(second, scene)
  await mark()
  await psql.query(`insert into presence_leases values ($1, $2, 'online')`, [bob.id, second.nodeId])
  clock.pass(30)
  for (const one of [ear, other]) expect((await nextOf(one, bob)).status).toBe('online')
})
