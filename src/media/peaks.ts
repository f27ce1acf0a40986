// How loud a recording is along its time, of samples that come one after the other: neither their number nor the length
// is known before the end, and memory does not grow with either.

export const PEAKS = 64

/** Many times PEAKS, so that the last merge hardly shows. */
const MAX_BUCKETS = 4_096
const FULL_SCALE = 32_768
/** Of full scale. Below it a recording is silence, and its noise is not blown up to look like speech. */
const SILENCE = 0.05

/** Of 16-bit samples, the lower byte first. */
export class PeakMeter {
  #buckets: number[] = []
  #samples_per_bucket = 1
  #in_bucket = 0
  #peak = 0
  #odd: number | undefined
  samples = 0

  add(chunk: Buffer): void {
    const bytes = this.#odd === undefined ? chunk : Buffer.concat([Buffer.from([this.#odd]), chunk])
    this.#odd = bytes.length % 2 === 1 ? bytes.at(-1) : undefined
    for (let at = 0; at + 2 <= bytes.length; at += 2) this.#addSample(Math.abs(bytes.readInt16LE(at)))
  }

  #addSample(loudness: number): void {
    this.samples++
    if (loudness > this.#peak) this.#peak = loudness
    if (++this.#in_bucket < this.#samples_per_bucket) return
    this.#buckets.push(this.#peak)
    this.#in_bucket = 0
    this.#peak = 0
    if (this.#buckets.length === MAX_BUCKETS) {
      this.#buckets = pairs(this.#buckets)
      this.#samples_per_bucket *= 2
    }
  }

  /** PEAKS numbers from 0 to 100, where 100 is the loudest of this recording; empty without any sample. */
  peaks(): number[] {
    const buckets = this.#in_bucket > 0 ? [...this.#buckets, this.#peak] : this.#buckets
    if (buckets.length === 0) return []
    const loudest = Math.max(FULL_SCALE * SILENCE, ...buckets)
    return Array.from({ length: PEAKS }, (_, index) => {
      const from = Math.floor((index * buckets.length) / PEAKS)
      const to = Math.max(from + 1, Math.floor(((index + 1) * buckets.length) / PEAKS))
      return Math.round((Math.max(...buckets.slice(from, to)) / loudest) * 100)
    })
  }
}

function pairs(buckets: readonly number[]): number[] {
  return Array.from({ length: buckets.length / 2 }, (_, index) =>
    Math.max(buckets[index * 2] ?? 0, buckets[index * 2 + 1] ?? 0),
  )
}
