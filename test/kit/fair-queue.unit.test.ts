import { expect, test } from 'vitest'
import { FairQueue } from '../../src/kit/fair-queue.js'

const filled = (...items: string[]) => {
  const queue = new FairQueue<string>()
  for (const item of items) queue.push(item.charAt(0), item)
  return queue
}
const upTo = (count: number) => () => count-- > 0

test('every key has its turn, however much another one has put in; of one key the order stays', () => {
  const queue = filled('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1')
  expect(queue.take(upTo(4))).toEqual(['a1', 'b1', 'c1', 'a2'])
  queue.push('d', 'd1')
  expect(queue.count).toBe(4)
  expect(queue.take(upTo(9))).toEqual(['b2', 'a3', 'd1', 'a4'])
  expect(queue.take(upTo(9))).toEqual([])
  expect(queue.count).toBe(0)
})

test('one that does not fit ends the turn and stays where it is, but the first is always taken', () => {
  const queue = filled('a1', 'b1', 'c1')
  expect(queue.take((item) => item !== 'b1')).toEqual(['a1'])
  expect(queue.take(() => false)).toEqual(['b1'])
  expect(queue.take(() => true)).toEqual(['c1'])
})

test('what is put back comes first of its key; all of a key can be taken away', () => {
  const queue = filled('a1', 'a2', 'b1')
  const [first = ''] = queue.take(upTo(1))
  queue.putBack('a', first)
  expect(queue.count).toBe(3)
  expect(queue.takeAll('a')).toEqual(['a1', 'a2'])
  expect(queue.takeAll('a')).toEqual([])
  queue.putBack('c', 'c1')
  expect(queue.take(upTo(9))).toEqual(['b1', 'c1'])
})
