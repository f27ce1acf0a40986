/** Durations in milliseconds, all of them: 8 bytes each, so that quantiles are exact. */
export class Samples {
  #values = new Float64Array(1_024)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#count++] = value
  }

  /** The smallest sample that `q` (0 to 1) of all do not exceed (nearest rank), for each `q`; NaN without samples. */
  quantiles(...qs: number[]): number[] {
    const sorted = this.#values.slice(0, this.#count).sort()
    return qs.map((q) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN)
  }

  static merge(all: readonly Samples[]): Samples {
    const merged = new Samples()
    merged.#count = all.reduce((sum, one) => sum + one.#count, 0)
    merged.#values = new Float64Array(Math.max(1, merged.#count))
    let offset = 0
    for (const one of all) {
      merged.#values.set(one.#values.subarray(0, one.#count), offset)
      offset += one.#count
    }
    return merged
  }
}

export type Latencies = { p50: number; p99: number; max: number; count: number }

export function summarize(samples: Samples): Latencies {
  const [p50 = Number.NaN, p99 = Number.NaN, max = Number.NaN] = samples.quantiles(0.5, 0.99, 1)
  return { p50, p99, max, count: samples.count }
}

/** Of an even number of values halfway between the two in the middle; NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = Number.NaN, high = Number.NaN] = [(values.length - 1) / 2, values.length / 2].map(
    (at) => sorted[Math.floor(at)],
  )
  return (low + high) / 2
}
