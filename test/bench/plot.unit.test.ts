import { expect, test } from 'vitest'
import { drawPlot } from '../../bench/lib/plot.js'

const point = (x: number, middle: number) => ({ x, middle, least: middle, most: middle })

test('each series has a line through its points, and its name is safe', () => {
  const svg = drawPlot('Growth', 'members', [
    { name: 'p99 < 8 ms & more', points: [point(10, 1), point(100, 1.5), point(1_000, 2)] },
  ])
  expect(svg.match(/<circle /g)).toHaveLength(3)
  expect(svg).toContain('p99 &lt; 8 ms &amp; more')
  expect(svg).toContain('>1,000</text>')
  expect(svg).not.toContain('NaN')
})

test('what was not measured is left out', () => {
  const svg = drawPlot('Growth', 'members', [{ name: 'p99', points: [point(10, 1), point(100, Number.NaN)] }])
  expect(svg.match(/<circle /g)).toHaveLength(1)
  expect(svg).not.toContain('NaN')
})
