import { expect, test } from 'vitest'
import { createLogger, createMetrics } from '../../src/observe.js'
import { textOf } from '../../src/protocols/text-frame.js'
import { Staleness } from '../../src/realtime/staleness.js'

function watch(stale_ms = 5_000) {
  let [lag, now, areOthersFresh] = [0, 0, false]
  const told: string[] = []
  const staleness = new Staleness({
    lagMs: () => lag,
    stale_ms,
    othersAreFresh: () => areOthersFresh,
    tell: (frame) => told.push(JSON.parse(textOf(frame).toString()).type),
    onAlone: () => told.push('alone'),
    now: () => now,
    logger: createLogger('silent'),
    metrics: createMetrics(),
  })
  return {
    staleness,
    told,
    /** The log was read so many seconds ago. */
    readAgo: (seconds: number) => {
      lag = seconds * 1_000
      staleness.sweep()
    },
    pass: (seconds: number) => {
      now += seconds * 1_000
      staleness.sweep()
    },
    others: (areFresh: boolean) => {
      areOthersFresh = areFresh
      staleness.sweep()
    },
  }
}

test('sockets are told once when the log was not read for so long, and once when it is read again', () => {
  const { staleness, told, readAgo } = watch()
  readAgo(4.999)
  expect([told, staleness.frame]).toEqual([[], undefined])
  for (const seconds of [5, 5.5, 60]) readAgo(seconds)
  expect(told).toEqual(['stale'])
  for (const seconds of [0.2, 4.999]) readAgo(seconds)
  expect([told, staleness.frame]).toEqual([['stale', 'fresh'], undefined])
  readAgo(5)
  expect(told).toEqual(['stale', 'fresh', 'stale'])
})

test('whoever comes in is told since when, as the others were', () => {
  const { staleness, readAgo } = watch()
  const before = Date.now()
  readAgo(5)
  const after = Date.now()
  readAgo(50)
  const { type, data } = JSON.parse(String(staleness.frame && textOf(staleness.frame)))
  expect(type).toBe('stale')
  expect(Date.parse(data.since)).toBeGreaterThanOrEqual(before - 5_000)
  expect(Date.parse(data.since)).toBeLessThanOrEqual(after - 5_000)
})

test('where the others are as stale, nobody has to go, however long it lasts', () => {
  const { staleness, told, readAgo, pass } = watch()
  readAgo(5)
  for (let n = 0; n < 10; n++) pass(60)
  expect([told, staleness.isAlone]).toEqual([['stale'], false])
})

test('a node that is stale alone for thirty seconds sends everybody away, once', () => {
  const { staleness, told, readAgo, pass, others } = watch()
  readAgo(5)
  others(true)
  pass(29.999)
  expect(staleness.isAlone).toBe(false)
  pass(0.001)
  pass(60)
  expect([told, staleness.isAlone]).toEqual([['stale', 'alone'], true])
  readAgo(0)
  expect([told, staleness.isAlone]).toEqual([['stale', 'alone', 'fresh'], false])
})

test('the thirty seconds begin anew when the others were stale as well, or this node was fresh', () => {
  const { staleness, told, readAgo, pass, others } = watch()
  readAgo(5)
  others(true)
  pass(29)
  others(false)
  others(true)
  pass(29)
  readAgo(0)
  readAgo(5)
  pass(29)
  expect([told, staleness.isAlone]).toEqual([['stale', 'fresh', 'stale'], false])
  pass(1)
  expect(staleness.isAlone).toBe(true)
  // Nowhere is better any more.
  others(false)
  expect(staleness.isAlone).toBe(false)
})

test('a node that is fresh sends nobody away, whatever the others are', () => {
  const { staleness, told, pass, others } = watch()
  others(true)
  for (let n = 0; n < 10; n++) pass(60)
  expect([told, staleness.isAlone]).toEqual([[], false])
})
