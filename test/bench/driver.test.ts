// The driver against the real server: what it counts is what happened.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Seat } from '../../bench/driver/adapters/adapter.js'
import { Driver } from '../../bench/driver/driver.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

const SHORT_S = 0.3

let world: World
let driver: Driver
beforeEach(async () => {
  world = await startWorld()
  driver = new Driver(500)
})
afterEach(async () => {
  await driver.disconnect()
  await world[Symbol.asyncDispose]()
})

function seatOf(person: Person, conversation: string): Seat {
  return { url: world.node.url, key: person.token, conversations: [conversation] }
}

async function countMessages(conversation: string): Promise<number> {
  const session = await world.session()
  const { rows } = await session.query(
    `select count(*) from messages where conversation_id = $1 and content like '#%'`,
    [conversation],
  )
  return Number(rows[0].count)
}

test('under saturation everything that is acknowledged is stored and heard by each of the others', async () => {
  const [alice, bob, carol] = await world.people('alice', 'bob', 'carol')
  const { id } = await world.group(alice, bob, carol)
  await driver.connect(
    'earshot',
    [alice, bob, carol].map((person) => seatOf(person, id)),
  )
  const load = await driver.saturate({ in_flight: 4, seconds: SHORT_S, bytes: 200, until: 'acked' })
  expect(load.acked).toBeGreaterThan(4)
  expect(load).toMatchObject({ sent: load.acked, failed: 0, heard: load.acked * 2, lost: 0, surplus: 0, troubles: [] })
  expect(load).toMatchObject({ acks: { count: load.acked }, lasts: { count: load.acked }, sustained: true })
  expect(await countMessages(id)).toBe(load.acked)
})

test('somebody who is waited for until all have heard says one thing at a time', async () => {
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  await driver.connect('earshot', [seatOf(alice, id), seatOf(bob, id)])
  const load = await driver.saturate({ in_flight: 1, seconds: SHORT_S, bytes: 200, until: 'heard' })
  expect(load.acked).toBeGreaterThan(1)
  expect(load).toMatchObject({ heard: load.acked, lost: 0, surplus: 0 })
})

test('at a pace as many are sent as were asked for, and latencies count from when they were due', async () => {
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  await driver.connect('earshot', [seatOf(alice, id), seatOf(bob, id)])
  const load = await driver.pace({ rate: 100, seconds: SHORT_S, bytes: 200 })
  expect(load).toMatchObject({ sent: 30, acked: 30, heard: 30, lost: 0, sustained: true, late: { count: 30 } })
  expect(load.acks.max).toBeGreaterThanOrEqual(load.late.p50)
})

test('what does not come to somebody who is to hear it is lost, and who may not send is told', async () => {
  const [alice, bob, eve] = await world.people('alice', 'bob', 'eve')
  const { id } = await world.group(alice, bob)
  // Eve says that she belongs to it.
  await driver.connect(
    'earshot',
    [alice, bob, eve].map((person) => seatOf(person, id)),
  )
  const load = await driver.pace({ rate: 100, seconds: SHORT_S, bytes: 200 })
  expect(load.sent).toBe(30)
  expect(load.acked + load.failed).toBe(30)
  expect(load).toMatchObject({ lost: load.acked, heard: load.acked, lasts: { count: 0 } })
  expect(await countMessages(id)).toBe(load.acked)
  // One in three of them, at random: never none of thirty.
  expect(load.failed).toBeGreaterThan(0)
  expect(load.troubles[0]).toContain('conversation.not_found')
})

test('who is not let in is an error', async () => {
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  const seat = { ...seatOf(alice, id), key: 'nonsense' }
  await expect(driver.connect('earshot', [seat])).rejects.toThrow('closed with 4')
})

test('requests are counted by how they were answered', async () => {
  const [alice, bob, eve] = await world.people('alice', 'bob', 'eve')
  const { id } = await world.group(alice, bob)
  const seats = [seatOf(alice, id)]
  const posted = await driver.ask('earshot', seats, { what: 'post', at_once: 4, seconds: SHORT_S, bytes: 200 })
  expect(posted.answered).toBeGreaterThan(4)
  expect(posted).toMatchObject({ failed: 0, troubles: [] })
  expect(await countMessages(id)).toBe(posted.answered)
  const read = await driver.ask('earshot', seats, { what: 'history', at_once: 2, seconds: SHORT_S, bytes: 0 })
  expect(read.answered).toBeGreaterThan(1)
  expect(read).toMatchObject({ failed: 0, odd: 0 })
  expect(JSON.parse(read.first_body).data.length).toBeGreaterThan(4)
  const refused = await driver.ask('earshot', [seatOf(eve, id)], {
    what: 'history',
    at_once: 1,
    seconds: 0.05,
    bytes: 0,
  })
  expect(refused).toMatchObject({ answered: 0 })
  expect(refused.troubles[0]).toContain('404')
})
