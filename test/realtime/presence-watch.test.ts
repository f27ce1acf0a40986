// Of whom those who watch may hear, and of whom no longer.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Clock } from '../support/clock.js'
import type { Person } from '../support/person.js'
import { heardOf, nextOf, put, statusesOf, statusFor, watchScene } from '../support/watching.js'
import { startWorld, type World } from '../support/world.js'

const clock = new Clock()
let world: World
beforeAll(async () => {
  world = await startWorld({}, clock)
})
afterAll(() => world[Symbol.asyncDispose]())

const scene = () => watchScene(world, clock)

test('a stranger and somebody behind a block look as if never here, and are not heard', async () => {
  const { alice, bob, ear, mark, n } = await scene()
  const [stranger] = await world.people(`stranger${n}`)
  const psql = await world.session()
  await bob.connect()
  await nextOf(ear, bob)
  await psql.query('update presence set last_seen_at = now()')
  for (const [blocker, blocked] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [blocker.id, blocked.id])
    clock.pass(2)
    expect(await nextOf(ear, bob)).toEqual({ user_id: bob.id, status: 'offline', last_seen_at: null })
    expect(await statusFor(alice, bob)).toEqual({ user_id: bob.id, status: 'offline', last_seen_at: null })
    expect(await statusFor(bob, alice)).toEqual({ user_id: alice.id, status: 'offline', last_seen_at: null })
    const heard = heardOf(ear, bob).length
    await put(bob, { status: 'busy' })
    await mark()
    expect(heardOf(ear, bob)).toHaveLength(heard)
    await put(bob, { status: 'online' })
    await psql.query('delete from blocks')
    expect((await nextOf(ear, bob)).status).toBe('online')
  }
  await stranger.connect()
  const nobody = crypto.randomUUID()
  const answer = await alice.get(`/users/presence?ids=${stranger.id},${nobody}`)
  expect(answer.data).toEqual(
    [stranger.id, nobody].map((user_id) => ({ user_id, status: 'offline', last_seen_at: null })),
  )
  const reply = await ear.command('presence.watch', { user_ids: [stranger.id, bob.id] })
  expect(reply.data.presence[0]).toEqual({ user_id: stranger.id, status: 'offline', last_seen_at: null })
  await put(stranger, { status: 'busy' })
  await put(bob, { status: 'busy' })
  await nextOf(ear, bob)
  expect(heardOf(ear, stranger)).toEqual([])
})

test('a watcher who loses the last shared conversation is told offline once and hears no more, until they share one again', async () => {
  const { alice, bob, home, ear, mark } = await scene()
  await bob.connect()
  await nextOf(ear, bob)
  const hidden = { user_id: bob.id, status: 'offline', last_seen_at: null }

  // One of two: nothing has ended.
  const second = await world.group(alice, bob)
  await bob.post(`/conversations/${second.id}/leave`)
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online'])

  await alice.delete(`/conversations/${home}/members/${bob.id}`)
  expect(await nextOf(ear, bob)).toEqual(hidden)
  await put(bob, { status: 'busy' })
  await mark()
  await put(bob, { status: 'away' })
  await mark()
  expect(statusesOf(ear, bob)).toEqual(['online', 'offline'])

  const third = await world.group(bob, alice)
  expect((await nextOf(ear, bob)).status).toBe('away')
  await bob.delete(`/conversations/${third.id}`)
  expect(await nextOf(ear, bob)).toEqual(hidden)
  await put(bob, { status: 'busy' })
  await mark()
  expect(heardOf(ear, bob)).toHaveLength(4)

  // The watcher themselves may be the one who goes.
  const fourth = await world.group(bob, alice)
  expect((await nextOf(ear, bob)).status).toBe('busy')
  await alice.post(`/conversations/${fourth.id}/leave`)
  expect(await nextOf(ear, bob)).toEqual(hidden)
})

test('a new list takes the place of the one before, and an empty one ends it', async () => {
  const { alice, bob, ear, mark, marker, n } = await scene()
  const [carol] = await world.people(`carol${n}`)
  await alice.post('/conversations', { type: 'direct', user_ids: [carol.id] })
  await ear.command('presence.watch', { user_ids: [carol.id, marker.id] })
  await bob.connect()
  await carol.connect()
  expect((await nextOf(ear, carol)).status).toBe('online')
  await mark()
  expect(heardOf(ear, bob)).toEqual([])
  expect((await ear.command('presence.watch', { user_ids: [] })).data).toEqual({ presence: [] })
  const witness = await alice.connect()
  await witness.command('presence.watch', { user_ids: [carol.id] })
  const heard = ear.all('presence.changed').length
  await put(carol, { status: 'busy' })
  await nextOf(witness, carol)
  expect(ear.all('presence.changed')).toHaveLength(heard)
})

test('a list may name 200 people, and not 201', async () => {
  const { ear } = await scene()
  const ids = Array.from({ length: 201 }, () => crypto.randomUUID())
  const reply = await ear.command('presence.watch', { user_ids: ids.slice(1) })
  expect(reply.data.presence).toHaveLength(200)
  expect((await ear.command('presence.watch', { user_ids: ids })).error.code).toBe('request.invalid')
})

test('of an account that ends nothing is kept, and its watchers see it go', async () => {
  const { bob, ear, n } = await scene()
  const bobsEar = await bob.connect()
  await nextOf(ear, bob)
  await put(bob, { status: 'busy' })
  await bob.delete('/users/me')
  await bobsEar.closed
  await ear.next('presence.changed', ({ data }) => data.user_id === bob.id && data.status === 'offline')
  expect(heardOf(ear, bob).at(-1)).toEqual({ user_id: bob.id, status: 'offline', last_seen_at: null })
  clock.pass(60)
  const psql = await world.session()
  const [carol] = await world.people(`carol${n}`)
  const carolsEar = await carol.connect()
  carolsEar.cut()
  const rowsOf = async (person: Person) =>
    (await psql.query('select from presence where user_id = $1', [person.id])).rowCount
  await expect
    .poll(async () => {
      clock.pass(30)
      return rowsOf(carol)
    })
    .toBe(1)
  expect(await rowsOf(bob)).toBe(0)
})
