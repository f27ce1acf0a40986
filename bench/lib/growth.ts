// One axis of growth: the same figures at each size, sizes in turn, then a table, a plot and the slopes.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Bench, Report } from './bench.js'
import type { Check } from './check.js'
import { Figures } from './figures.js'
import { inTurn } from './in-turn.js'
import { drawPlot, type Series } from './plot.js'
import { median } from './samples.js'
import { describeSlope } from './slope.js'

export type Axis = {
  /** Of the file of its plot as well. */
  name: string
  title: string
  /** What there is more of. */
  what: string
  sizes: readonly number[]
  notes: string[]
  /** Whose slopes are told and drawn. */
  figures: readonly string[]
  measure: (size: number) => Promise<Record<string, number>>
  judge?: (figures: Figures) => Check[]
}

export async function measureAxis(bench: Bench, axis: Axis): Promise<Report> {
  const figures = new Figures()
  const sizes = axis.sizes.map((size) => ({ name: nameOf(size), size }))
  await inTurn(bench, axis.title, sizes, async ({ name, size }, round) =>
    figures.add(name, round, await axis.measure(size)),
  )
  const file = join(bench.plots, `growth-${axis.name}.svg`)
  await mkdir(bench.plots, { recursive: true })
  await writeFile(file, drawPlot(`${axis.title}, as multiples of the first`, axis.what, seriesOf(axis, figures)))
  const slopes = axis.figures.map((figure) =>
    describeSlope(
      figure,
      axis.what,
      sizes.map(({ name, size }) => ({ x: size, values: figures.of(name, figure) })),
    ),
  )
  return {
    title: axis.title,
    notes: axis.notes,
    tables: [{ title: `By ${axis.what}`, figures }],
    texts: [slopes.join('\n'), `The plot is in ${file}.`],
    checks: axis.judge?.(figures) ?? [],
  }
}

export function nameOf(size: number): string {
  return size.toLocaleString('en')
}

/** In each round a size is compared with the first size of that round. */
function seriesOf({ sizes, figures: names }: Axis, figures: Figures): Series[] {
  return names.map((name) => ({
    name,
    points: sizes.map((size) => {
      const ratios = figures.ratios(name, nameOf(size), nameOf(sizes[0] ?? size)).filter(Number.isFinite)
      return { x: size, middle: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
    }),
  }))
}
