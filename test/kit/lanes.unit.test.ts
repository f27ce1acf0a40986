import { expect, test } from 'vitest'
import { Lanes } from '../../src/kit/lanes.js'

const full = () => new Error('full')
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Work that ends when it is told to; `begun` has who was let in, in that order. */
function makeWork(lanes: Lanes) {
  const begun: string[] = []
  const ends = new Map<string, (fails?: boolean) => void>()
  const run = (thing: string, name: string) =>
    lanes.run(
      thing,
      () => {
        begun.push(name)
        return new Promise<void>((resolve, reject) =>
          ends.set(name, (fails) => (fails ? reject(new Error('failed')) : resolve())),
        )
      },
      full,
    )
  const end = async (name: string, fails = false) => {
    ends.get(name)?.(fails)
    await turn()
  }
  return { begun, run, end }
}

test('of one thing no more than so many at a time, in order; what is done to others does not wait for it', async () => {
  const lanes = new Lanes(2, 10, 60_000)
  const { begun, run, end } = makeWork(lanes)
  const works = [run('held', 'a'), run('held', 'b'), run('held', 'c'), run('held', 'd'), run('free', 'e')]
  await turn()
  expect(begun).toEqual(['a', 'b', 'e'])
  await end('b')
  expect(begun).toEqual(['a', 'b', 'e', 'c'])
  for (const name of ['a', 'c', 'd', 'e']) await end(name)
  await Promise.all(works)
  expect(begun.at(-1)).toBe('d')
  expect(lanes.count).toBe(0)
})

test('work that fails makes room like any other', async () => {
  const lanes = new Lanes(1, 10, 60_000)
  const { begun, run, end } = makeWork(lanes)
  const first = run('one', 'a')
  const second = run('one', 'b')
  await turn()
  const failed = expect(first).rejects.toThrow('failed')
  await end('a', true)
  await failed
  expect(begun).toEqual(['a', 'b'])
  await end('b')
  await second
  expect(lanes.count).toBe(0)
})

test('whoever would be one too many, or has waited for long enough, is turned away and leaves no place behind', async () => {
  const lanes = new Lanes(1, 1, 1)
  const { begun, run, end } = makeWork(lanes)
  const first = run('one', 'a')
  const waiting = run('one', 'b')
  await expect(run('one', 'c')).rejects.toThrow('full')
  await expect(waiting).rejects.toThrow('full')
  await end('a')
  await first
  expect(begun).toEqual(['a'])
  expect(lanes.count).toBe(0)
})
