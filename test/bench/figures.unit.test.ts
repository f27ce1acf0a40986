import { expect, test } from 'vitest'
import { check, Figures, spread } from '../../bench/lib/figures.js'

function measured(): Figures {
  const figures = new Figures()
  const rounds = [
    { ours: 100, theirs: 50 },
    { ours: 90, theirs: 30 },
    { ours: 200, theirs: 160 },
  ]
  for (const [round, { ours, theirs }] of rounds.entries()) {
    figures.add('ours', round, { 'messages/s': ours })
    figures.add('theirs', round, { 'messages/s': theirs })
  }
  return figures
}

test('only what was measured in the same round is compared', () => {
  expect(measured().ratios('messages/s', 'ours', 'theirs')).toEqual([2, 3, 1.25])
})

test('a round that one of them has not is no ratio', () => {
  const figures = measured()
  figures.add('ours', 3, { 'messages/s': 500 })
  expect(figures.ratios('messages/s', 'ours', 'theirs')).toEqual([2, 3, 1.25, Number.NaN])
  expect(figures.ratios('messages/s', 'ours', 'nobody')).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN])
})

test('a round that is missing leaves those after it in their places', () => {
  const figures = new Figures()
  for (const round of [0, 1, 2]) figures.add('ours', round, { 'messages/s': 10 * (round + 1) })
  for (const round of [0, 2]) figures.add('theirs', round, { 'messages/s': 10 })
  expect(figures.ratios('messages/s', 'ours', 'theirs')).toEqual([1, Number.NaN, 3])
  expect(check('ratio', figures.ratios('messages/s', 'ours', 'theirs')).measured).toBe('2 (1-3)')
})

test('a round that was taken again counts once', () => {
  const figures = measured()
  figures.add('ours', 1, { 'messages/s': 60 })
  expect(figures.of('ours', 'messages/s')).toEqual([100, 60, 200])
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
  expect(spread([7, 7, 7])).toBe('7')
  expect(spread([])).toBe('-')
})

test('a table has a row for each subject and a column for each figure that anybody has', () => {
  const figures = measured()
  figures.add('bare', 0, { 'p99 ms': 4 })
  expect(figures.draw('').split('\n')).toEqual([
    '|  | messages/s | p99 ms |',
    '|---|---:|---:|',
    '| ours | 100 (90-200) | - |',
    '| theirs | 50 (30-160) | - |',
    '| bare | - | 4 |',
  ])
})
