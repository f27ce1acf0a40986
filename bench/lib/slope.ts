// How a figure grows with what grows, in a sentence.
import { median } from './samples.js'

export type Grown = { x: number; values: readonly number[] }

/** The exponent of the power law that fits the medians best: 0 does not grow, 1 grows as fast as `x`. */
export function exponentOf(points: readonly Grown[]): number {
  const logs = points
    .map(({ x, values }) => [Math.log(x), Math.log(median(values.filter(Number.isFinite)))] as const)
    .filter(([, y]) => Number.isFinite(y))
  const mean = (pick: 0 | 1) => logs.reduce((sum, one) => sum + one[pick], 0) / logs.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const up = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const across = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return up / across
}

export function describeSlope(figure: string, what: string, points: readonly Grown[]): string {
  const [first, last] = [points[0], points.at(-1)]
  const ratio = median(last?.values ?? []) / median(first?.values ?? [])
  const exponent = exponentOf(points)
  if (!Number.isFinite(ratio) || !Number.isFinite(exponent)) return `- ${figure}: not known.`
  const span = `${first?.x.toLocaleString('en')} to ${last?.x.toLocaleString('en')} ${what}`
  return `- ${figure}: ${ratio.toFixed(2)} times from ${span}; it ${inWords(exponent, (last?.x ?? 0) / (first?.x ?? 0))} (exponent ${exponent.toFixed(2)}).`
}

/** `span`: how many times as many there are in the end. */
function inWords(exponent: number, span: number): string {
  const [times, each] = span < 10 ? [2, 'doubling'] : [10, 'ten times as many']
  const size = Math.abs(exponent)
  const way = exponent < 0 ? 'falls' : 'grows'
  if (size < 0.03) return 'stays as it is'
  if (size < 0.85) return `${way} by ${(Math.abs(times ** exponent - 1) * 100).toFixed(0)} % with each ${each}`
  if (size <= 1.15) return exponent < 0 ? 'falls in proportion' : 'grows in proportion'
  return `${way} faster than they grow`
}
