// What came of each fault: written by the tests as they end, printed as a table at the end of the run.
import { appendFileSync, readFileSync } from 'node:fs'
import { inject } from 'vitest'

/** Long: as much load, and for as long, as the fault is about. Otherwise enough to see that it is survived. */
export const IS_LONG = process.env.FAULTS !== 'short'
/** `npm run test:faults` tries the long form. */
export const long = <T>(inLong: T, inShort: T): T => (IS_LONG ? inLong : inShort)

export const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))

export type Result = {
  fault: string
  seed: number
  /** Messages that were acknowledged. */
  acknowledged: number
  /** Events of the log that were held against what clients have. */
  audited: number
  lost: number
  duplicated: number
  leaked: number
  /** Whatever else is worth a word. */
  note: string
}

export function record(result: Result): void {
  appendFileSync(inject('faultResults'), `${JSON.stringify(result)}\n`)
}

/** While a long fault lasts. */
export function progress(fault: string, text: string): void {
  if (IS_LONG) process.stdout.write(`  ${fault}: ${text}\n`)
}

export function printResults(path: string): void {
  let lines: string[] = []
  try {
    lines = readFileSync(path, 'utf8').trim().split('\n')
  } catch {
    return
  }
  const results = lines.map((line): Result => JSON.parse(line)).sort((a, b) => a.fault.localeCompare(b.fault))
  const sum = (name: 'acknowledged' | 'audited' | 'lost' | 'duplicated' | 'leaked') =>
    results.reduce((total, result) => total + result[name], 0)
  const row = (cells: (string | number)[]) => `| ${cells.join(' | ')} |\n`
  process.stdout.write(
    row(['fault', 'seed', 'acknowledged', 'audited', 'lost', 'duplicated', 'leaked', '']) +
      row(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---']) +
      results
        .map((one) =>
          row([one.fault, one.seed, one.acknowledged, one.audited, one.lost, one.duplicated, one.leaked, one.note]),
        )
        .join('') +
      row([
        `${results.length} faults`,
        '',
        sum('acknowledged'),
        sum('audited'),
        sum('lost'),
        sum('duplicated'),
        sum('leaked'),
        '',
      ]),
  )
}
