// Text that PostgreSQL can keep and every client can read back: no NUL, no half of a surrogate pair.

export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

/**
 * True when a JSON value holds only clean text, nests at most `depth` levels and is made of at most `most` values: the walk
 * itself is bounded by both.
 */
export function isCleanJson(value: unknown, depth: number, most: number): boolean {
  let count = 0
  const isClean = (item: unknown, left: number): boolean => {
    if (++count > most) return false
    if (typeof item === 'string') return isCleanText(item)
    if (typeof item !== 'object' || item === null) return true
    if (left === 0) return false
    if (Array.isArray(item)) return item.every((one) => isClean(one, left - 1))
    // No list of all of them is made first.
    for (const key in item) {
      if (!isCleanText(key) || !isClean(item[key as keyof typeof item], left - 1)) return false
    }
    return true
  }
  return isClean(value, depth)
}

/** Characters as people count them (code points), without building an array of a long text. */
export function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
