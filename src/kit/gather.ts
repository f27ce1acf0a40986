type Waiting<I, O> = { item: I; at: number; resolve: (outcome: O) => void; reject: (error: unknown) => void }

/** `size`: at most so many at once; `queue`: so many may wait, and nobody longer than `wait_ms`. */
export type GatherOptions = { size: number; queue: number; wait_ms: number; full: () => Error }

/**
 * Questions that are asked one by one and answered together: what comes while `answer` is at work is answered by its next turn.
 * When it fails, all who wait get its error: their turn would most likely end in the same way, only later.
 */
export class Gather<I, O> {
  readonly #answer: (items: I[]) => Promise<O[]>
  readonly #options: GatherOptions
  #waiting: Waiting<I, O>[] = []
  #isBusy = false

  constructor(answer: (items: I[]) => Promise<O[]>, options: GatherOptions) {
    this.#answer = answer
    this.#options = options
  }

  /** The answer to this one. @throws what `full` gives, and what `answer` throws */
  async ask(item: I): Promise<O> {
    if (this.#waiting.length >= this.#options.queue) throw this.#options.full()
    return new Promise<O>((resolve, reject) => {
      this.#waiting.push({ item, at: performance.now(), resolve, reject })
      if (!this.#isBusy) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (let turn = this.#next(); turn.length > 0; turn = this.#next()) {
      try {
        const answers = await this.#answer(turn.map(({ item }) => item))
        for (const [n, { resolve }] of turn.entries()) resolve(answers[n] as O)
      } catch (error) {
        for (const { reject } of [...turn, ...this.#waiting.splice(0)]) reject(error)
      }
    }
    this.#isBusy = false
  }

  #next(): Waiting<I, O>[] {
    const { size, wait_ms, full } = this.#options
    const since = performance.now() - wait_ms
    const late = this.#waiting.findIndex(({ at }) => at >= since)
    for (const { reject } of this.#waiting.splice(0, late < 0 ? this.#waiting.length : late)) reject(full())
    return this.#waiting.splice(0, size)
  }
}
