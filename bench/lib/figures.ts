// What was measured of whom, round by round, and what it is in proportion: only figures of one round are compared, since a
// machine is as busy as it is.
import type { Check } from './check.js'
import { median } from './samples.js'
import { type Cell, drawMarkdown } from './table.js'

export class Figures {
  readonly #values = new Map<string, Map<string, number[]>>()

  get subjects(): string[] {
    return [...this.#values.keys()]
  }

  /** Instead of what was measured in that round before. NaN stands for what could not be. */
  add(subject: string, round: number, measured: Record<string, number>): void {
    const own = this.#values.get(subject) ?? new Map<string, number[]>()
    this.#values.set(subject, own)
    for (const [figure, value] of Object.entries(measured)) {
      const values = own.get(figure) ?? []
      while (values.length < round) values.push(Number.NaN)
      values[round] = value
      own.set(figure, values)
    }
  }

  of(subject: string, figure: string): readonly number[] {
    return this.#values.get(subject)?.get(figure) ?? []
  }

  /** How many times the base it is, in each round. */
  ratios(figure: string, subject: string, base: string, baseFigure = figure): number[] {
    const bases = this.of(base, baseFigure)
    return this.of(subject, figure).map((value, round) => value / (bases[round] ?? Number.NaN))
  }

  /** A row for each subject, a column for each figure: median (least to most). */
  draw(what: string): string {
    const names = [...new Set([...this.#values.values()].flatMap((own) => [...own.keys()]))]
    const rows = this.subjects.map((subject): Cell[] => [
      subject,
      ...names.map((name) => spread(this.of(subject, name))),
    ])
    return drawMarkdown([what, ...names], rows)
  }

  toJSON(): unknown {
    return Object.fromEntries([...this.#values].map(([subject, own]) => [subject, Object.fromEntries(own)]))
  }
}

export type Bar = { least: number } | { most: number }

/** Judges the median of all rounds; without a bar it is only told. */
export function check(what: string, values: readonly number[], bar?: Bar, unit = ''): Check {
  const value = median(finite(values))
  const measured = `${spread(values)}${unit}`
  if (bar === undefined) return { what, measured, passed: true }
  if ('least' in bar) return { what, measured, bar: `>= ${bar.least}${unit}`, passed: value >= bar.least }
  return { what, measured, bar: `<= ${bar.most}${unit}`, passed: value <= bar.most }
}

export function spread(values: readonly number[]): string {
  const known = finite(values)
  const middle = median(known)
  const [least, most] = [Math.min(...known), Math.max(...known)]
  return known.length === 0 || least === most ? show(middle) : `${show(middle)} (${show(least)}-${show(most)})`
}

function finite(values: readonly number[]): number[] {
  return values.filter(Number.isFinite)
}

/** Three digits that matter. */
function show(value: number): string {
  if (!Number.isFinite(value)) return '-'
  if (value === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toLocaleString('en', { maximumFractionDigits: Math.min(digits, 4) })
}
