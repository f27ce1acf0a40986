// How far it is: one line that is rewritten on a terminal; elsewhere (logs of a CI) one line for each quarter.

const BAR = 30
/** A terminal need not be written more often than an eye can read. */
const REDRAW_MS = 100

export type ProgressOutput = { write(text: string): unknown; isTTY?: boolean }

export class Progress {
  readonly #output: ProgressOutput | undefined
  #label = ''
  #total = 0
  #done = 0
  #began = 0
  #drawn = 0

  /** Without an output it is silent. */
  constructor(output?: ProgressOutput) {
    this.#output = output
  }

  begin(label: string, total: number): void {
    this.#label = label
    this.#total = total
    this.#done = 0
    this.#began = performance.now()
    this.#drawn = 0
    if (total > 0) this.#drawBar()
  }

  step(count = 1): void {
    const before = this.#done
    this.#done += count
    if (this.#output?.isTTY) {
      if (this.#done >= this.#total || performance.now() - this.#drawn >= REDRAW_MS) this.#drawBar()
    } else if (Math.floor((before * 4) / this.#total) < Math.floor((this.#done * 4) / this.#total)) {
      this.#output?.write(`${this.#text()}\n`)
    }
  }

  /** Leaves the last state standing. */
  end(): void {
    if (!this.#output?.isTTY) return
    this.#drawBar()
    this.#output.write('\n')
  }

  #drawBar(): void {
    if (!this.#output?.isTTY) return
    this.#drawn = performance.now()
    const filled = this.#total === 0 ? BAR : Math.min(BAR, Math.round((this.#done / this.#total) * BAR))
    this.#output.write(`\r\x1b[K[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${this.#text()}`)
  }

  #text(): string {
    const percent = this.#total === 0 ? 100 : Math.floor((this.#done / this.#total) * 100)
    const seconds = (performance.now() - this.#began) / 1_000
    return `${this.#label}: ${this.#done.toLocaleString('en')} of ${this.#total.toLocaleString('en')} (${percent} %), ${seconds.toFixed(0)} s`
  }
}
