type Waiting<I, O> = { item: I; resolve: (outcome: O) => void; reject: (error: unknown) => void }

/**
 * Questions that are asked one by one and answered together: what comes while `answer` is at work is answered by its next turn, at
 * most `size` at once. At most `queue` wait. When it fails, all whom it was to answer get its error.
 */
export class Gather<I, O> {
  readonly #answer: (items: I[]) => Promise<O[]>
  readonly #size: number
  readonly #queue: number
  #waiting: Waiting<I, O>[] = []
  #isBusy = false

  constructor(answer: (items: I[]) => Promise<O[]>, size: number, queue: number) {
    this.#answer = answer
    this.#size = size
    this.#queue = queue
  }

  /** The answer to this one, or throws what `full()` gives. */
  async ask(item: I, full: () => Error): Promise<O> {
    if (this.#waiting.length >= this.#queue) throw full()
    return new Promise<O>((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject })
      if (!this.#isBusy) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    while (this.#waiting.length > 0) {
      const turn = this.#waiting.slice(0, this.#size)
      this.#waiting = this.#waiting.slice(this.#size)
      try {
        const answers = await this.#answer(turn.map(({ item }) => item))
        for (const [n, { resolve }] of turn.entries()) resolve(answers[n] as O)
      } catch (error) {
        for (const { reject } of turn) reject(error)
      }
    }
    this.#isBusy = false
  }
}
