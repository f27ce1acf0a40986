// Columns of plain text or of Markdown: words to the left, numbers to the right.

export type Cell = string | number

/** The last row is the total and stands below a rule. */
export function drawTable(header: readonly string[], rows: readonly Cell[][], total: readonly Cell[]): string {
  const texts = [...rows, total].map((row) => row.map(show))
  const widths = header.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => (row[column] ?? '').length)),
  )
  const align = (row: readonly string[], like: readonly Cell[]) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0
        return typeof like[column] === 'number' ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  const lines = texts.map((row, index) => align(row, rows[index] ?? total))
  return [align(header, total), rule, ...lines.slice(0, -1), rule, ...lines.slice(-1)].join('\n')
}

/** The first column is words. */
export function drawMarkdown(header: readonly string[], rows: readonly Cell[][]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.map(show).join(' | ')} |`
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'))
  return [line(header), `|${rule.join('|')}|`, ...rows.map(line)].join('\n')
}

/** Whole numbers as they are, others with one decimal. */
function show(cell: Cell): string {
  if (typeof cell === 'string') return cell
  if (!Number.isFinite(cell)) return '-'
  const digits = Number.isInteger(cell) ? 0 : 1
  return cell.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
