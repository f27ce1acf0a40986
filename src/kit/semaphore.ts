/** At most `size` at a time; at most `queue` waiting. Whoever comes beyond that is turned away at once. */
export class Semaphore {
  #free: number
  readonly #queue: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number, queue: number) {
    this.#free = size
    this.#queue = queue
  }

  /** Runs `work` when there is room, or throws what `full()` gives. */
  async run<T>(work: () => Promise<T>, full: () => Error): Promise<T> {
    if (this.#free > 0) this.#free--
    else if (this.#waiting.length >= this.#queue) throw full()
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}
