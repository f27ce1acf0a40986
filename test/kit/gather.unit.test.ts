import { expect, onTestFinished, test, vi } from 'vitest'
import { Gather } from '../../src/kit/gather.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Answers `n` with `2 n` when the test says so. */
function scene(size: number, queue: number, wait_ms = 60_000) {
  const turns: { items: number[]; end: (error?: Error) => Promise<unknown> }[] = []
  const gather = new Gather<number, number>(
    (items) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => {
          if (error) reject(error)
          else resolve(items.map((n) => 2 * n))
          return turn()
        }
        turns.push({ items, end })
      }),
    { size, queue, wait_ms, full: () => new Error('full') },
  )
  return { turns, ask: (item: number) => gather.ask(item) }
}

test('one is asked at once, those that come meanwhile together, and each gets its own answer', async () => {
  const { turns, ask } = scene(2, 10)
  const answers = [1, 2, 3, 4].map(ask)
  for (const items of [[1], [2, 3], [4]]) {
    expect(turns.at(-1)?.items).toEqual(items)
    await turns.at(-1)?.end()
  }
  expect(await Promise.all(answers)).toEqual([2, 4, 6, 8])
})

test('an error is for all who wait, and not for those who come later', async () => {
  const { turns, ask } = scene(1, 10)
  const answers = [1, 2, 3].map((n) => ask(n).catch((error: Error) => error.message))
  await turns[0]?.end(new Error('broken'))
  expect(await Promise.all(answers)).toEqual(['broken', 'broken', 'broken'])
  const later = ask(4)
  await turns[1]?.end()
  expect(await later).toBe(8)
})

test('who has waited for too long is turned away when the next turn begins', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { turns, ask } = scene(10, 10, 5_000)
  const answers = [1, 2].map((n) => ask(n).catch((error: Error) => error.message))
  vi.advanceTimersByTime(5_001)
  const third = ask(3)
  await turns[0]?.end()
  expect(turns[1]?.items).toEqual([3])
  await turns[1]?.end()
  expect(await Promise.all([...answers, third])).toEqual([2, 'full', 6])
})

test('one past the bound is turned away at once', async () => {
  const { turns, ask } = scene(10, 2)
  const answers = [1, 2, 3].map(ask)
  await expect(ask(4)).rejects.toThrow('full')
  await turns[0]?.end()
  await turns[1]?.end()
  expect(await Promise.all(answers)).toEqual([2, 4, 6])
})
