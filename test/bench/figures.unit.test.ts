import { expect, test } from 'vitest'
import { check, Figures, spread } from '../../bench/lib/figures.js'

function measured(): Figures {
  const figures = new Figures()
  for (const [own, other] of [
    [100, 50],
    [90, 30],
    [200, 160],
  ] as const) {
    figures.add('ours', { 'messages/s': own })
    figures.add('theirs', { 'messages/s': other })
  }
  return figures
}

test('only what was measured in the same round is compared', () => {
  expect(measured().ratios('messages/s', 'ours', 'theirs')).toEqual([2, 3, 1.25])
})

test('a round that one of them has not is no ratio', () => {
  const figures = measured()
  figures.add('ours', { 'messages/s': 500 })
  expect(figures.ratios('messages/s', 'ours', 'theirs')).toEqual([2, 3, 1.25, Number.NaN])
  expect(figures.ratios('messages/s', 'ours', 'nobody')).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
})

test('the median decides, the bar itself is enough, and one past it is not', () => {
  const ratios = measured().ratios('messages/s', 'ours', 'theirs')
  expect(check('ratio', ratios, { least: 2 }, 'x')).toEqual({
    what: 'ratio',
    measured: '2 (1.25-3)x',
    bar: '>= 2x',
    passed: true,
  })
  expect(check('ratio', ratios, { least: 2.01 }).passed).toBe(false)
  expect(check('ratio', ratios, { most: 2 }).passed).toBe(true)
  expect(check('ratio', ratios, { most: 1.99 }).passed).toBe(false)
})

test('what could not be measured reaches no bar', () => {
  expect(check('nothing', [Number.NaN], { least: 0 }).passed).toBe(false)
  expect(check('nothing', [], { most: 1_000 })).toMatchObject({ measured: '-', passed: false })
})

test('without a bar it is only told', () => {
  expect(check('told', [1])).toEqual({ what: 'told', measured: '1', passed: true })
})

test('three digits that matter', () => {
  expect(spread([12_345])).toBe('12,345')
  expect(spread([12.345, 0.012345, 1.2345])).toBe('1.23 (0.0123-12.3)')
  expect(spread([0])).toBe('0')
})

test('a table has a row for each subject and a column for each figure that anybody has', () => {
  const figures = measured()
  figures.add('bare', { 'p99 ms': 4 })
  expect(figures.draw('').split('\n')).toEqual([
    '|  | messages/s | p99 ms |',
    '|---|---:|---:|',
    '| ours | 100 (90-200) | - |',
    '| theirs | 50 (30-160) | - |',
    '| bare | - | 4 |',
  ])
})
