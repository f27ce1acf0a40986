import { expect, test } from 'vitest'
import { median, Samples } from '../../bench/lib/samples.js'

const of = (...values: number[]) => {
  const samples = new Samples()
  for (const value of values) samples.add(value)
  return samples
}

test('quantiles are samples, by nearest rank', () => {
  const hundred = of(...Array.from({ length: 100 }, (_, index) => 100 - index))
  expect(hundred.quantiles(0, 0.5, 0.95, 0.99, 1)).toEqual([1, 50, 95, 99, 100])
  expect(of(3).quantiles(0.5, 0.99)).toEqual([3, 3])
})

test('without samples there is no quantile', () => {
  expect(of().quantiles(0.5)).toEqual([Number.NaN])
})

test('it grows, and later samples count as well', () => {
  const samples = new Samples()
  for (let value = 1; value <= 5_000; value++) samples.add(value)
  expect(samples.count).toBe(5_000)
  expect(samples.quantiles(0.5, 1)).toEqual([2_500, 5_000])
  samples.add(9_000)
  expect(samples.quantiles(1)).toEqual([9_000])
})

test('merged are all the samples of all', () => {
  const merged = Samples.merge([of(1, 2), of(), of(9)])
  expect(merged.count).toBe(3)
  expect(merged.quantiles(0.5, 1)).toEqual([2, 9])
  merged.add(10)
  expect(merged.quantiles(1)).toEqual([10])
})

test('a median lies halfway between the two in the middle, so that two rounds are not judged by the better one', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1])).toBe(2.5)
  expect(median([10, 1, 2, 4])).toBe(3)
  expect(median([])).toBeNaN()
})
