import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { expect, test } from 'vitest'
import type { UserPresence } from '../../src/contract/presence.js'
import type { Db } from '../../src/db/database.js'
import { NO_SETTING, type Setting, shapeOwn, shownStatus } from '../../src/domain/presence.js'
import type { Connection } from '../../src/realtime/connection.js'
import { Presence } from '../../src/realtime/presence.js'
import { LivePresence } from '../../src/realtime/presence-live.js'

const NOW = 1_000_000_000
const TIMES = { grace_ms: 30_000, away_ms: 300_000, offline_ms: 1_800_000 }

function live() {
  const clock = { now: NOW }
  return { clock, live: new LivePresence(TIMES, () => clock.now) }
}

test('somebody is offline only when the grace after their last socket is over', () => {
  const { live: one, clock } = live()
  expect(one.state('bob')).toBe('offline')
  one.arrive('bob', 'phone')
  one.arrive('bob', 'laptop')
  one.leave('bob', 'phone')
  clock.now += 60_000
  expect(one.state('bob')).toBe('online')
  one.leave('bob', 'laptop')
  clock.now += 29_999
  // A second word of the same end does not prolong it.
  one.leave('bob', 'laptop')
  expect(one.state('bob')).toBe('online')
  clock.now += 1
  expect(one.state('bob')).toBe('offline')
  expect(one.seenAt('bob').getTime()).toBe(NOW + 60_000)
})

test('whoever comes back within the grace was never gone', () => {
  const { live: one, clock } = live()
  one.arrive('bob', 'phone')
  one.leave('bob', 'phone')
  clock.now += 29_999
  one.arrive('bob', 'phone again')
  clock.now += 100_000
  expect(one.state('bob')).toBe('online')
})

test('without a command on any socket somebody is away after 5 minutes and offline after 30', () => {
  const { live: one, clock } = live()
  one.arrive('bob', 'phone')
  one.arrive('bob', 'laptop')
  clock.now += 299_999
  expect(one.state('bob')).toBe('online')
  clock.now += 1
  expect(one.state('bob')).toBe('away')
  one.act('bob')
  expect(one.state('bob')).toBe('online')
  clock.now += 1_799_999
  expect(one.state('bob')).toBe('away')
  clock.now += 1
  expect(one.state('bob')).toBe('offline')
  expect(one.seenAt('bob').getTime()).toBe(NOW + 300_000)
  one.act('bob')
  expect(one.state('bob')).toBe('online')
})

const until = (ms: number): Setting => ({ ...NO_SETTING, status: 'invisible', invisible_until: new Date(NOW + ms) })
const set = (status: Setting['status']): Setting => ({ ...NO_SETTING, status })

test.each([
  [set('online'), ['online', 'away', 'offline']],
  [set('away'), ['away', 'away', 'offline']],
  [set('busy'), ['busy', 'busy', 'offline']],
  [set('invisible'), ['offline', 'offline', 'offline']],
  [until(1), ['offline', 'offline', 'offline']],
  [until(0), ['online', 'away', 'offline']],
])('what others see of %j', (setting, seen) => {
  const states = ['online', 'away', 'offline'] as const
  expect(states.map((state) => shownStatus(setting, state, NOW))).toEqual(seen)
})

test('an invisibility that is over is none, to its owner too', () => {
  expect(shapeOwn('bob', until(1), NOW)).toMatchObject({ status: 'invisible', invisible_until: expect.any(String) })
  expect(shapeOwn('bob', until(0), NOW)).toMatchObject({ status: 'online', invisible_until: null })
})

/** A database in which nobody has set anything. */
const EMPTY = {
  query: new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
} as unknown as Db

test('what the bus does not take is said again in the next sweep, once', async () => {
  const { live: here, clock } = live()
  const said: UserPresence[] = []
  let taken = false
  const presence = new Presence({
    db: EMPTY,
    live: here,
    signals: {
      publish: ({ data }) => {
        said.push(data as UserPresence)
        return taken
      },
    },
    now: () => clock.now,
    watched: () => [],
    onHidden: () => undefined,
  })
  const phone = { id: 'phone', actor: { user_id: 'bob' } } as Connection
  const statuses = () => said.splice(0).map(({ status }) => status)
  presence.arrived(phone)
  await presence.sweep()
  await presence.sweep()
  taken = true
  await presence.sweep()
  await presence.sweep()
  expect(statuses()).toEqual(['online', 'online', 'online'])
  presence.left(phone)
  clock.now += TIMES.grace_ms
  taken = false
  await presence.sweep()
  taken = true
  await presence.sweep()
  await presence.sweep()
  expect(statuses()).toEqual(['offline', 'offline'])
  expect(presence.size).toBe(0)
})
