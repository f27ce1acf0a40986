// When people are read: hints that come together, meanwhile and never, and answers that fail.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLogger } from '../../src/observe.js'
import type { Truth } from '../../src/realtime/presence.js'
import { PresenceReader } from '../../src/realtime/presence-reader.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const LOOK_MS = 50

/** A node on which somebody watches these people, and whose reads are answered when the test says so. */
function node(...watching: string[]) {
  const watched = new Map(watching.map((userId) => [userId, true]))
  const state = { now: 1_000_000, settled: true, hasLease: true, lost: 0 }
  const asked: (readonly string[])[] = []
  const answers: ((error?: Error) => void)[] = []
  const heard: string[] = []
  const reader = new PresenceReader({
    read: (userIds) => {
      asked.push(userIds)
      return new Promise((resolve, reject) =>
        answers.push((error) => {
          if (error) reject(error)
          else resolve(state.hasLease ? userIds.map((user_id) => ({ shown: { user_id } }) as Truth) : undefined)
        }),
      )
    },
    watched: () => watched,
    hear: ({ shown }) => heard.push(shown.user_id),
    onNoLease: () => state.lost++,
    settled: () => state.settled,
    now: () => state.now,
    logger: createLogger('silent'),
  })
  const look = () => vi.advanceTimersByTimeAsync(LOOK_MS)
  const answer = async (error?: Error) => {
    answers.shift()?.(error)
    await vi.advanceTimersByTimeAsync(0)
  }
  /** What everybody begins with: all are read once. */
  const begun = async () => {
    reader.sweep()
    await look()
    await answer()
    asked.length = heard.length = 0
  }
  return { reader, watched, state, asked, heard, look, answer, begun }
}

test('hints of a moment are one read; about people whom nobody watches none', async () => {
  const { reader, asked, heard, look, answer, begun } = node('alice', 'bob')
  await begun()
  for (const userId of ['alice', 'stranger', 'bob', 'alice']) reader.hint(userId)
  await vi.advanceTimersByTimeAsync(LOOK_MS - 1)
  expect(asked).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  await answer()
  expect([asked, heard]).toEqual([[['alice', 'bob']], ['alice', 'bob']])
  reader.hint('stranger')
  await look()
  expect(asked).toHaveLength(1)
})

test('a hint that comes while its user is read is read again, and two reads never overtake each other', async () => {
  const { reader, asked, look, answer, begun } = node('bob')
  await begun()
  reader.hint('bob')
  await look()
  reader.hint('bob')
  await look()
  expect(asked).toEqual([['bob']])
  await answer()
  await look()
  expect(asked).toEqual([['bob'], ['bob']])
})

test('who could not be read is read with the next sweep, unless nobody watches them any more', async () => {
  const { reader, watched, asked, look, answer, begun } = node('alice', 'bob')
  await begun()
  for (const userId of ['alice', 'bob']) reader.hint(userId)
  await look()
  watched.delete('alice')
  await answer(new Error('the database is away'))
  await look()
  expect(asked).toHaveLength(1)
  reader.sweep()
  await look()
  expect(asked[1]).toEqual(['bob'])
})

test('everybody is read again each 30 s and on request, but nobody while the leases are not whole', async () => {
  const { reader, state, asked, look, answer, begun } = node('alice', 'bob')
  await begun()
  const next = async () => {
    reader.sweep()
    await look()
    await answer()
    return asked.splice(0)
  }
  state.now += 29_999
  expect(await next()).toEqual([])
  state.settled = false
  state.now += 1
  expect(await next()).toEqual([])
  reader.hint('bob')
  expect(await next()).toEqual([])
  state.settled = true
  expect(await next()).toEqual([['bob', 'alice']])
  expect(await next()).toEqual([])
  reader.reread()
  expect(await next()).toEqual([['alice', 'bob']])
})

test('what was read without a lease is not told, and is read again', async () => {
  const { reader, state, asked, heard, look, answer, begun } = node('bob')
  await begun()
  state.hasLease = false
  reader.hint('bob')
  await look()
  await answer()
  expect([asked.length, heard, state.lost]).toEqual([1, [], 1])
  state.hasLease = true
  reader.sweep()
  await look()
  await answer()
  expect([asked.length, heard, state.lost]).toEqual([2, ['bob'], 1])
})

test('whose invisibility ends is read then, once', async () => {
  const { reader, state, asked, look, answer, begun } = node('bob')
  await begun()
  const end = new Date(state.now + 10_000)
  reader.expectEnd('bob', end)
  reader.expectEnd('stranger', end)
  state.now += 9_999
  reader.sweep()
  await look()
  expect(asked).toEqual([])
  state.now += 1
  for (const _ of [1, 2]) {
    reader.sweep()
    await look()
    await answer()
  }
  expect(asked).toEqual([['bob']])
})

test('no read is without bound', async () => {
  const people = Array.from({ length: 5_001 }, (_, n) => `user ${n}`)
  const { reader, asked, look, answer } = node(...people)
  for (const _ of [1, 2]) {
    reader.sweep()
    await look()
    await answer()
  }
  expect(asked.map((userIds) => userIds.length)).toEqual([5_000, 1])
})

test('once it has stopped nothing is read', async () => {
  const { reader, asked, look, begun } = node('bob')
  await begun()
  reader.hint('bob')
  await reader.stop()
  reader.hint('bob')
  reader.sweep()
  await look()
  expect(asked).toEqual([])
})
