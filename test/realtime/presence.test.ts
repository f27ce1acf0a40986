// What those who watch hear of somebody's coming, going and settings, and when.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Clock } from '../support/clock.js'
import { heardOf, nextOf, put, statusesOf, statusFor, watchScene } from '../support/watching.js'
import { startWorld, type World } from '../support/world.js'

const clock = new Clock()
let world: World
beforeAll(async () => {
  world = await startWorld({}, clock)
})
afterAll(() => world[Symbol.asyncDispose]())

const scene = () => watchScene(world, clock)

test('a watcher gets how things stand, and then each change, on that socket alone', async () => {
  const { alice, bob, ear, n } = await scene()
  const otherEar = await alice.connect()
  const [stranger] = await world.people(`stranger${n}`)
  const reply = await ear.command('presence.watch', { user_ids: [bob.id, stranger.id, bob.id, alice.id] })
  expect(reply.data).toEqual({
    presence: [
      { user_id: bob.id, status: 'offline', last_seen_at: null },
      { user_id: stranger.id, status: 'offline', last_seen_at: null },
      { user_id: alice.id, status: 'online', last_seen_at: null },
    ],
  })
  const bobsEar = await bob.connect()
  expect(await nextOf(ear, bob)).toEqual({ user_id: bob.id, status: 'online', last_seen_at: null })
  expect(await statusFor(alice, bob)).toEqual({ user_id: bob.id, status: 'online', last_seen_at: null })
  expect(otherEar.all('presence.changed')).toEqual([])
  expect(bobsEar.all('presence.changed')).toEqual([])
})

test('somebody with several sockets goes offline with the last one, after 30 s, and was last seen when it closed', async () => {
  const { alice, bob, ear, mark } = await scene()
  const phone = await world.device(bob)
  const [laptopsEar, phonesEar] = [await bob.connect(), await phone.connect()]
  await nextOf(ear, bob)
  laptopsEar.cut()
  clock.pass(60)
  await mark()
  const before = clock.now()
  phonesEar.cut()
  await mark()
  clock.pass(20)
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online'])
  clock.pass(10)
  const gone = await nextOf(ear, bob)
  expect(gone).toEqual({ user_id: bob.id, status: 'offline', last_seen_at: expect.any(String) })
  expect(Math.abs(Date.parse(gone.last_seen_at) - before)).toBeLessThan(5_000)
  expect(await statusFor(alice, bob)).toEqual(gone)
})

test('whoever reloads the page was never gone', async () => {
  const { bob, ear, mark } = await scene()
  const first = await bob.connect()
  await nextOf(ear, bob)
  first.cut()
  clock.pass(20)
  await bob.connect()
  clock.pass(20)
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online'])
})

test('without a command somebody is away after 5 minutes and offline after 30, and a command brings them back', async () => {
  const { bob, ear, mark } = await scene()
  const [one, other] = [await bob.connect(), await bob.connect()]
  await nextOf(ear, bob)
  clock.pass(299)
  await one.command('presence.watch', { user_ids: [] })
  clock.pass(100)
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online'])
  clock.pass(200)
  expect((await nextOf(ear, bob)).status).toBe('away')
  // That is only the client keeping its connection.
  await other.command('ping')
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online', 'away'])
  await other.command('presence.watch', { user_ids: [] })
  expect((await nextOf(ear, bob)).status).toBe('online')
  clock.pass(1_800)
  const gone = await nextOf(ear, bob)
  expect(gone.status).toBe('offline')
  expect(clock.now() - Date.parse(gone.last_seen_at)).toBeGreaterThanOrEqual(1_800_000)
  clock.pass(2)
  await one.command('typing.stop', { conversation_id: crypto.randomUUID() })
  expect((await nextOf(ear, bob)).status).toBe('online')
})

test('of several changes within 2 s the last one is told', async () => {
  const { alice, bob, ear } = await scene()
  const bobsEar = await bob.connect()
  await nextOf(ear, bob)
  // A fresh list may be told at once, and shows that the change has come.
  const witness = async () => {
    const other = await alice.connect()
    await other.command('presence.watch', { user_ids: [bob.id] })
    return other
  }
  for (const status of ['busy', 'away']) {
    const other = await witness()
    expect((await bobsEar.command('presence.set', { status })).data).toMatchObject({ user_id: bob.id, status })
    expect((await nextOf(other, bob)).status).toBe(status)
  }
  expect(statusesOf(ear, bob)).toEqual(['online'])
  clock.pass(2)
  expect((await nextOf(ear, bob)).status).toBe('away')
  expect(statusesOf(ear, bob)).toEqual(['online', 'away'])
})

test('a change that is taken back within 2 s is not told', async () => {
  const { bob, ear, mark } = await scene()
  await bob.connect()
  await nextOf(ear, bob)
  await put(bob, { status: 'busy' })
  await put(bob, { status: 'online' })
  await mark()
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online'])
})

test('the invisible look offline to everybody but themselves, and are last seen when they were last seen', async () => {
  const { alice, bob, home, ear, mark } = await scene()
  const bobsEar = await bob.connect()
  await nextOf(ear, bob)
  clock.pass(2)
  expect((await put(bob, { status: 'invisible' })).body).toMatchObject({ status: 'invisible', invisible_until: null })
  const gone = await nextOf(ear, bob)
  expect(gone.status).toBe('offline')
  expect((await alice.get(`/conversations/${home}/presence`)).online).not.toContain(bob.id)
  expect((await bob.get(`/conversations/${home}/presence`)).online).toContain(bob.id)
  expect((await bob.get('/users/me/presence')).status).toBe('invisible')
  expect((await statusFor(bob, bob)).status).toBe('online')

  clock.pass(60)
  await bobsEar.command('presence.watch', { user_ids: [bob.id] })
  bobsEar.cut()
  clock.pass(60)
  const again = await bob.connect()
  clock.pass(400)
  await mark()
  await put(bob, { status: 'invisible' })
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online', 'offline'])
  expect(await statusFor(alice, bob)).toEqual(gone)
  expect((await bob.get('/users/me/presence')).last_seen_at).toBe(gone.last_seen_at)

  await again.command('presence.set', { status: 'online' })
  expect((await nextOf(ear, bob)).status).toBe('online')
})

test('an invisibility with an end is over then', async () => {
  const { alice, bob, ear, mark } = await scene()
  await bob.connect()
  await nextOf(ear, bob)
  const invisible_until = new Date(clock.now() + 60_000).toISOString()
  expect((await put(bob, { status: 'invisible', invisible_until })).body.invisible_until).toBe(invisible_until)
  clock.pass(2)
  expect((await nextOf(ear, bob)).status).toBe('offline')
  clock.pass(30)
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online', 'offline'])
  clock.pass(30)
  expect((await nextOf(ear, bob)).status).toBe('online')
  expect((await statusFor(alice, bob)).status).toBe('online')
  expect(await bob.get('/users/me/presence')).toMatchObject({ status: 'online', invisible_until: null })
})

test('oneself on an own list is told the truth', async () => {
  const { bob } = await scene()
  const ear = await bob.connect()
  await ear.command('presence.watch', { user_ids: [bob.id] })
  await put(bob, { status: 'busy' })
  await ear.next('presence.changed', (frame) => frame.data.status === 'busy')
  clock.pass(2)
  await put(bob, { status: 'invisible' })
  await ear.next('presence.changed', (frame) => frame.data.status === 'online')
  expect(ear.all('presence.changed').map((frame) => frame.data.status)).not.toContain('offline')
})

test('people on two nodes hear of each other, and a socket that closes here does not make offline who is still there', async () => {
  const second = await world.addNode()
  const { alice, bob, ear, mark } = await scene()
  const there = await bob.connect(second.url)
  expect((await nextOf(ear, bob)).status).toBe('online')
  const here = await bob.connect()
  await mark()
  here.cut()
  await mark()
  clock.pass(60)
  const lastTold = () => {
    clock.pass(2)
    return statusesOf(ear, bob).at(-1)
  }
  await mark()
  await expect.poll(lastTold).toBe('online')
  await put(bob, { status: 'invisible' })
  await expect.poll(lastTold).toBe('offline')
  const told = heardOf(ear, bob).length
  await there.command('presence.watch', { user_ids: [] })
  await mark()
  clock.pass(400)
  await mark()
  expect(heardOf(ear, bob)).toHaveLength(told)
  expect((await statusFor(alice, bob)).status).toBe('offline')
})

test('when people were last seen on a node that stops is kept, and told after the grace', async () => {
  await using own = await startWorld({ NODE_LEASE: '3s', PRESENCE_GRACE: '1s' }, clock)
  const second = await own.addNode()
  const { bob, ear } = await watchScene(own, clock)
  await bob.connect(second.url)
  expect((await nextOf(ear, bob)).status).toBe('online')
  await second.stop()
  clock.pass(2)
  const gone = await nextOf(ear, bob)
  expect(gone).toEqual({ user_id: bob.id, status: 'offline', last_seen_at: expect.any(String) })
})
