import { expect, test } from 'vitest'
import { Gather } from '../../src/kit/gather.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const full = () => new Error('full')

/** Answers `n` with `2 n` when the test says so. */
function scene(size: number, queue: number) {
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
    size,
    queue,
  )
  return { turns, ask: (item: number) => gather.ask(item, full) }
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

test('an error is for those of that turn alone', async () => {
  const { turns, ask } = scene(2, 10)
  const answers = [1, 2, 3].map((n) => ask(n).catch((error: Error) => error.message))
  await turns[0]?.end(new Error('broken'))
  await turns[1]?.end()
  expect(await Promise.all(answers)).toEqual(['broken', 4, 6])
})

test('one past the bound is turned away at once', async () => {
  const { turns, ask } = scene(10, 2)
  const answers = [1, 2, 3].map(ask)
  await expect(ask(4)).rejects.toThrow('full')
  await turns[0]?.end()
  await turns[1]?.end()
  expect(await Promise.all(answers)).toEqual([2, 4, 6])
})
