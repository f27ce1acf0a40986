import { expect, test } from 'vitest'
import { NO_SETTING, type Setting, shapeOwn, shownStatus } from '../../src/domain/presence.js'
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
  sweep(one)
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
  expect(one.take(1).changes).toEqual([{ user_id: 'bob', state: 'offline', seen_at: new Date(NOW + 60_000) }])
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
  sweep(one)
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
  expect(one.take(1).changes).toEqual([{ user_id: 'bob', state: 'offline', seen_at: new Date(NOW + 300_000) }])
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

/** What a sweep takes, and whether it could be written. */
function sweep(one: LivePresence, isWritten = true, max = 10) {
  const { changes, losses } = one.take(max)
  if (isWritten) one.written(changes, losses)
  return changes.map(({ user_id, state }) => `${user_id} ${state}`)
}

test('each change is taken once when it is written, and again when it is not', () => {
  const { live: one, clock } = live()
  one.arrive('bob', 'phone')
  expect([sweep(one, false), sweep(one), sweep(one)]).toEqual([['bob online'], ['bob online'], []])
  clock.now += TIMES.away_ms
  expect([sweep(one), sweep(one)]).toEqual([['bob away'], []])
  one.act('bob')
  // Whether the statement that failed was done nobody knows: the way back is written too.
  clock.now += TIMES.away_ms - 1
  expect([sweep(one, false), sweep(one)]).toEqual([['bob online'], ['bob online']])
})

test('whoever is gone is forgotten only when it is written', () => {
  const { live: one, clock } = live()
  one.arrive('bob', 'phone')
  sweep(one)
  one.leave('bob', 'phone')
  clock.now += TIMES.grace_ms
  const seen = one.take(10).changes.map(({ seen_at }) => seen_at.getTime())
  expect([seen, one.size]).toEqual([[NOW], 1])
  expect([sweep(one, false), sweep(one), sweep(one)]).toEqual([['bob offline'], ['bob offline'], []])
  expect(one.size).toBe(0)
})

test('whoever comes back while their going is written is written as here again', () => {
  const { live: one, clock } = live()
  one.arrive('bob', 'phone')
  sweep(one)
  one.leave('bob', 'phone')
  clock.now += TIMES.grace_ms
  const { changes, losses } = one.take(10)
  one.arrive('bob', 'phone again')
  one.written(changes, losses)
  expect([sweep(one), one.size]).toEqual([['bob online'], 1])
})

test('somebody who came and went between two sweeps is not kept', () => {
  const { live: one, clock } = live()
  one.arrive('bob', 'phone')
  one.leave('bob', 'phone')
  clock.now += TIMES.grace_ms
  expect([sweep(one), one.size]).toEqual([[], 0])
})

test('no more than so many are taken at once; the others have their turn', () => {
  const { live: one } = live()
  for (let n = 0; n < 5; n++) one.arrive(`user ${n}`, 'phone')
  expect([sweep(one, true, 3), sweep(one, true, 3), sweep(one, true, 3)].map(({ length }) => length)).toEqual([3, 2, 0])
})

test('after a loss all is written anew, also what was on its way when it came', () => {
  const { live: one, clock } = live()
  one.arrive('bob', 'phone')
  one.arrive('cleo', 'phone')
  sweep(one)
  clock.now += TIMES.away_ms
  one.act('cleo')
  const { changes, losses } = one.take(10)
  one.lost()
  one.written(changes, losses)
  expect([sweep(one), sweep(one)]).toEqual([['bob away', 'cleo online'], []])
  one.leave('bob', 'phone')
  one.lost()
  clock.now += TIMES.grace_ms
  // Nobody knows whether there is something of Bob to be deleted.
  expect([sweep(one), sweep(one), one.size]).toEqual([['bob offline', 'cleo online'], [], 1])
})
