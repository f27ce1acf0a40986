import { expect, test } from 'vitest'
import { FairSemaphore } from '../../src/kit/fair-semaphore.js'

const full = () => new Error('full')

/** Work that ends when it is told to; `begun` has who was let in, in that order. */
function makeWork(semaphore: FairSemaphore) {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const run = (whose: string, name: string) =>
    semaphore.run(
      whose,
      async () => {
        begun.push(name)
        await new Promise<void>((resolve) => ends.push(resolve))
      },
      full,
    )
  const endAll = async (works: Promise<void>[]) => {
    const left = new Set(works)
    for (const work of works) void work.then(() => left.delete(work))
    while (left.size > 0) {
      ends.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { begun, run, endAll }
}

test('whoever has one place is let in after one of those who have many', async () => {
  const { begun, run, endAll } = makeWork(new FairSemaphore(1, 64, 16))
  const works = [
    ...['m1', 'm2', 'm3', 'm4'].map((name) => run('many', name)),
    run('one', 'o1'),
    ...['t1', 't2'].map((name) => run('two', name)),
  ]
  await endAll(works)
  expect(begun).toEqual(['m1', 'm2', 'o1', 't1', 'm3', 't2', 'm4'])
})

test('nobody has more than their share of the places, and all together no more than there are', async () => {
  const { run, endAll } = makeWork(new FairSemaphore(1, 3, 2))
  const works = [run('a', 'a1'), run('a', 'a2'), run('a', 'a3')]
  await expect(run('a', 'a4')).rejects.toThrow('full')
  works.push(run('b', 'b1'))
  await expect(run('c', 'c1')).rejects.toThrow('full')
  await endAll(works)
  await endAll([run('c', 'c1')])
})

test('so many at a time are let in, also after one has failed', async () => {
  const semaphore = new FairSemaphore(2, 8, 8)
  const failed = semaphore.run('a', () => Promise.reject(new Error('broken')), full)
  await expect(failed).rejects.toThrow('broken')
  const { begun, run, endAll } = makeWork(semaphore)
  const works = ['a1', 'a2', 'a3'].map((name) => run('a', name))
  expect(begun).toEqual(['a1', 'a2'])
  await endAll(works)
  expect(begun).toEqual(['a1', 'a2', 'a3'])
})
