// The ids that the tail has skipped: rolled back, or not yet committed. Kept as ranges, in order. A range is closed when its
// ids show up, or when every transaction that was running when it was fenced has ended: never by a time-out.

type Range = { low: number; high: number; fence: number | undefined }

export class Holes {
  #ranges: Range[] = []

  get count(): number {
    return this.#ranges.length
  }

  get bounds(): { lows: number[]; highs: number[] } {
    return { lows: this.#ranges.map((range) => range.low), highs: this.#ranges.map((range) => range.high) }
  }

  /** The id below which nothing is missing, given the largest id that was seen. */
  safe(head: number): number {
    const first = this.#ranges[0]
    return first ? first.low - 1 : head
  }

  /** Ids beyond everything known so far were jumped over. */
  open(low: number, high: number): void {
    if (low <= high) this.#ranges.push({ low, high, fence: undefined })
  }

  /** An id has shown up: both parts of its range keep the fence. */
  cut(id: number): void {
    const index = this.#find(id)
    const range = this.#ranges[index]
    if (!range || id < range.low) return
    const parts = [
      { ...range, high: id - 1 },
      { ...range, low: id + 1 },
    ].filter((part) => part.low <= part.high)
    this.#ranges.splice(index, 1, ...parts)
  }

  get unfenced(): boolean {
    return this.#ranges.some((range) => range.fence === undefined)
  }

  /** Gives the ranges without one the id of a transaction that began after they were seen. */
  fence(xid: number): void {
    for (const range of this.#ranges) range.fence ??= xid
  }

  /** Drops the ranges whose fence lies below the oldest transaction still running in the snapshot that was just read. */
  drop(xmin: number): void {
    this.#ranges = this.#ranges.filter((range) => range.fence === undefined || range.fence >= xmin)
  }

  clear(): void {
    this.#ranges = []
  }

  /** The first range that ends at or after id. */
  #find(id: number): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ranges[middle]?.high ?? 0) < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
