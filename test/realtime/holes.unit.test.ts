import { expect, test } from 'vitest'
import { Holes } from '../../src/realtime/holes.js'

test('without holes everything up to the head is safe', () => {
  expect(new Holes().safe(7)).toBe(7)
})

test('a skipped id holds safe back until it shows up', () => {
  const holes = new Holes()
  holes.open(3, 5)
  expect(holes.safe(9)).toBe(2)
  holes.cut(3)
  expect(holes.safe(9)).toBe(3)
  holes.cut(5)
  expect(holes.bounds).toEqual({ lows: [4], highs: [4] })
  holes.cut(4)
  expect(holes.safe(9)).toBe(9)
})

test('an id in the middle splits its range, and both parts keep the fence', () => {
  const holes = new Holes()
  holes.open(10, 20)
  holes.fence(100)
  holes.cut(15)
  expect(holes.bounds).toEqual({ lows: [10, 16], highs: [14, 20] })
  expect(holes.unfenced).toBe(false)
  holes.drop(100)
  expect(holes.count).toBe(2)
  holes.drop(101)
  expect(holes.count).toBe(0)
})

test('a range without a fence is never dropped, and a fence is never moved', () => {
  const holes = new Holes()
  holes.open(1, 2)
  holes.fence(50)
  holes.open(4, 4)
  expect(holes.unfenced).toBe(true)
  holes.drop(1_000)
  expect(holes.bounds).toEqual({ lows: [4], highs: [4] })
  holes.fence(60)
  holes.fence(70)
  holes.drop(61)
  expect(holes.count).toBe(0)
})

test('an id outside every range changes nothing, and an empty jump makes no hole', () => {
  const holes = new Holes()
  holes.open(5, 4)
  expect(holes.count).toBe(0)
  holes.open(5, 6)
  holes.open(9, 9)
  for (const id of [1, 7, 8, 10]) holes.cut(id)
  expect(holes.bounds).toEqual({ lows: [5, 9], highs: [6, 9] })
})

test('whatever comes in whatever order, safe is one below the smallest id still missing', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = lcg(seed)
    const missing = new Set<number>()
    const holes = new Holes()
    let head = 0
    for (let step = 0; step < 200; step++) {
      const jump = Math.floor(random() * 4)
      holes.open(head + 1, head + jump)
      for (let id = head + 1; id <= head + jump; id++) missing.add(id)
      head += jump + 1
      const late = [...missing][Math.floor(random() * missing.size)]
      if (late !== undefined && random() < 0.7) {
        missing.delete(late)
        holes.cut(late)
      }
      expect(holes.safe(head), `seed ${seed}`).toBe(missing.size > 0 ? Math.min(...missing) - 1 : head)
    }
  }
})

function lcg(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
}
