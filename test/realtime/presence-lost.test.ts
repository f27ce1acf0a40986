// What people have set reaches those who watch also where the word of another node does not: a setting that is written
// in SQL is one of which nobody has spoken.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Clock } from '../support/clock.js'
import type { Person } from '../support/person.js'
import { nextOf, put, statusesOf, watchScene } from '../support/watching.js'
import { startWorld, type World } from '../support/world.js'

const clock = new Clock()
let world: World
beforeAll(async () => {
  world = await startWorld({}, clock)
})
afterAll(() => world[Symbol.asyncDispose]())

const scene = () => watchScene(world, clock)
const hide = async (person: Person) => {
  const psql = await world.session()
  await psql.query(
    `insert into presence (user_id, status) values ($1, 'invisible')
     on conflict (user_id) do update set status = 'invisible', invisible_until = null`,
    [person.id],
  )
}

test('an invisibility of which no word has come holds after 30 s, for those who are here and those who are elsewhere', async () => {
  const second = await world.addNode()
  for (const url of [world.node.url, second.url]) {
    const { bob, ear, mark } = await scene()
    await bob.connect(url)
    expect((await nextOf(ear, bob)).status).toBe('online')
    await mark()
    await hide(bob)
    await mark()
    expect(statusesOf(ear, bob)).toEqual(['online'])
    clock.pass(30)
    expect((await nextOf(ear, bob)).status).toBe('offline')
    clock.pass(30)
    await mark()
    expect(statusesOf(ear, bob)).toEqual(['online', 'offline'])
  }
})

test('a node that was deaf reads at once what people have set meanwhile', async () => {
  const { bob, ear } = await scene()
  const psql = await world.session()
  await bob.connect()
  await nextOf(ear, bob)
  clock.pass(2)
  await hide(bob)
  await psql.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
    `earshot-listener-${world.node.nodeId}`,
  ])
  expect((await nextOf(ear, bob)).status).toBe('offline')
})

test('whoever becomes invisible through a node where they look offline is hidden by the node where they are active', async () => {
  const second = await world.addNode()
  const { bob, ear, mark, marker } = await scene()
  const here = await bob.connect()
  await nextOf(ear, bob)
  const there = await (await world.device(bob, second)).connect(second.url)
  clock.pass(31 * 60)
  expect((await nextOf(ear, bob)).status).toBe('offline')
  await ear.seen(
    ({ type, data }) => type === 'presence.changed' && data.user_id === marker.id && data.status === 'offline',
  )
  clock.pass(2)
  await marker.connect()
  await ear.next('presence.changed', ({ data }) => data.user_id === marker.id && data.status === 'away')
  await mark()
  await here.command('presence.watch', { user_ids: [] })
  await ear.next('presence.changed', ({ data }) => data.user_id === bob.id && data.status === 'online')
  await mark()
  // Nothing changes on that node: there they have been idle all the time.
  expect((await there.command('presence.set', { status: 'invisible' })).ok).toBe(true)
  clock.pass(2)
  expect((await nextOf(ear, bob)).status).toBe('offline')
  const told = statusesOf(ear, bob).length
  await here.command('presence.watch', { user_ids: [] })
  await mark()
  clock.pass(6 * 60)
  await mark()
  expect(statusesOf(ear, bob)).toHaveLength(told)
  await put(bob, { status: 'online' })
  expect((await nextOf(ear, bob)).status).toBe('away')
})
