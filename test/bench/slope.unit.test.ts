import { expect, test } from 'vitest'
import { describeSlope, exponentOf } from '../../bench/lib/slope.js'

const along = (f: (x: number) => number) => [10, 100, 1_000].map((x) => ({ x, values: [f(x)] }))

test('the exponent is that of the power by which a figure grows', () => {
  expect(exponentOf(along(() => 7))).toBeCloseTo(0)
  expect(exponentOf(along((x) => 3 * x))).toBeCloseTo(1)
  expect(exponentOf(along((x) => 5 / x))).toBeCloseTo(-1)
  expect(exponentOf(along((x) => x ** 2))).toBeCloseTo(2)
})

test('a slope is said in words', () => {
  const say = (f: (x: number) => number) => describeSlope('p99 ms', 'members', along(f))
  expect(say(() => 7)).toBe('- p99 ms: 1.00 times from 10 to 1,000 members; it stays as it is (exponent 0.00).')
  expect(say((x) => x)).toContain('100.00 times from 10 to 1,000 members; it grows in proportion')
  expect(say((x) => 1 / x)).toContain('it falls in proportion')
  expect(say((x) => x ** 2)).toContain('it grows faster than they grow')
  expect(say((x) => x ** 0.5)).toContain('it grows by 216 % with each ten times as many')
  expect(say((x) => x ** 0.1)).toContain('it grows by 26 % with each ten times as many')
  expect(say((x) => x ** -0.1)).toContain('it falls by 21 % with each ten times as many')
})

test('where there are not ten times as many, it is told by doublings', () => {
  const nodes = [1, 2, 3].map((x) => ({ x, values: [x ** 0.5] }))
  expect(describeSlope('p99 ms', 'nodes', nodes)).toContain('it grows by 41 % with each doubling')
})

test('what was not measured is not known', () => {
  expect(describeSlope('p99 ms', 'members', [])).toBe('- p99 ms: not known.')
  expect(
    describeSlope(
      'p99 ms',
      'members',
      along(() => Number.NaN),
    ),
  ).toBe('- p99 ms: not known.')
})
