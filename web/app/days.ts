const DAY_MS = 86_400_000

/** By the days of the reader, also where one of them has 23 hours: two times are of one day when this is the same. */
export function dayOf(time: string): number {
  const at = new Date(time)
  return Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / DAY_MS
}

/** When that day of the reader begins, and when the next one does. */
export function daySpan(time: number): [from: number, to: number] {
  const at = new Date(time)
  const startOf = (day: number) => new Date(at.getFullYear(), at.getMonth(), day).getTime()
  return [startOf(at.getDate()), startOf(at.getDate() + 1)]
}
