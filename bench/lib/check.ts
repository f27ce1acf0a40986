// What a benchmark says at its end: what was measured, and whether that is enough.
import { drawMarkdown, drawTable } from './table.js'

/** Without a bar it is only told. */
export type Check = { what: string; measured: string; bar?: string; passed: boolean }

export function drawChecks(checks: readonly Check[]): string {
  const show = ({ bar, passed }: Check) => {
    if (bar === undefined) return ''
    return passed ? 'yes' : 'NO'
  }
  const rows = checks.map((check) => [check.what, check.measured, check.bar ?? '', show(check)])
  return drawTable(['', 'measured', 'bar', 'met'], rows, ['all', '', '', passes(checks) ? 'yes' : 'NO'])
}

export function drawChecksMarkdown(checks: readonly Check[]): string {
  const rows = checks.map(({ what, measured, bar, passed }) => {
    const verdict = passed ? 'reached' : '**missed**'
    return [what, measured, bar ?? '', bar === undefined ? '' : verdict]
  })
  return drawMarkdown(['', 'measured', 'bar', ''], rows)
}

export function passes(checks: readonly Check[]): boolean {
  return checks.every(({ passed }) => passed)
}
