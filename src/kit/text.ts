// Text that PostgreSQL can keep and every client can read back: no NUL, no half of a surrogate pair.

export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/** True when a JSON value holds only clean text and nests at most `depth` levels: the walk itself is bounded by it. */
export function isCleanJson(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return isCleanText(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth === 0) return false
  return Object.entries(value).every(([key, item]) => isCleanText(key) && isCleanJson(item, depth - 1))
}

/** Characters as people count them (code points), without building an array of a long text. */
export function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
