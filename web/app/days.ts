const DAY_MS = 86_400_000

/** By the days of the reader, also where one of them has 23 hours: two times are of one day when this is the same. */
export function dayOf(time: string): number {
  const at = new Date(time)
  return Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / DAY_MS
}
