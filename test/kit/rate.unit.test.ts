import { expect, test } from 'vitest'
import { RateCounter } from '../../src/kit/rate.js'

let now = 1_000_000
const counter = (keysMax?: number) => new RateCounter({ points: 2, window_s: 60 }, () => now, keysMax)

test('up to the limit it gives, one past it refuses, and a new window gives everything back', () => {
  const some = counter()
  expect(some.take('a')).toEqual({ ok: true, remaining: 1, reset_s: 60 })
  now += 20_500
  expect(some.take('a')).toEqual({ ok: true, remaining: 0, reset_s: 40 })
  expect(some.take('a')).toEqual({ ok: false, remaining: 0, reset_s: 40 })
  now += 39_499
  expect(some.take('a')).toEqual({ ok: false, remaining: 0, reset_s: 1 })
  now += 1
  expect(some.take('a')).toEqual({ ok: true, remaining: 1, reset_s: 60 })
})

test('each key has a window of its own', () => {
  const some = counter()
  expect(['a', 'a', 'a', 'b'].map((key) => some.take(key).ok)).toEqual([true, true, false, true])
})

test('a clock that was set back makes nobody wait', () => {
  const some = counter()
  for (let times = 0; times < 3; times++) some.take('a')
  now -= 3_600_000
  expect(some.take('a')).toEqual({ ok: true, remaining: 1, reset_s: 60 })
})

test('a sweep drops what is over, and nothing else', () => {
  const some = counter()
  for (const key of ['a', 'b', 'b', 'b']) some.take(key)
  now += 30_000
  for (let times = 0; times < 3; times++) some.take('c')
  now += 29_999
  some.sweep()
  expect(some.size).toBe(3)
  now += 1
  some.sweep()
  expect(some.size).toBe(1)
  expect(some.take('c').ok).toBe(false)
})

test('a window that began anew is not in the way of a sweep', () => {
  const some = counter()
  for (const key of ['a', 'b']) some.take(key)
  now += 60_000
  some.take('a')
  some.sweep()
  expect(some.size).toBe(1)
})

test('it remembers so many keys, and forgets the oldest first', () => {
  const some = counter(2)
  for (const key of ['a', 'a', 'b', 'b', 'c']) expect(some.take(key).ok).toBe(true)
  expect(some.size).toBe(2)
  expect(some.take('b').ok).toBe(false)
  expect(some.take('a').ok).toBe(true)
  expect(some.size).toBe(2)
})
