/**
 * Like Semaphore, for work of people who do not know of each other: whoever waits is let in in turn with all the others,
 * however many places one of them has in the queue, and nobody has more than `share` of its places.
 */
export class FairSemaphore {
  #free: number
  #count = 0
  readonly #queue: number
  readonly #share: number
  /** In the order in which they have their turns. */
  readonly #waiting = new Map<string, (() => void)[]>()

  constructor(size: number, queue: number, share: number) {
    this.#free = size
    this.#queue = queue
    this.#share = share
  }

  /** Runs `work` of `whose` when it is its turn, or throws what `full()` gives. */
  async run<T>(whose: string, work: () => Promise<T>, full: () => Error): Promise<T> {
    if (this.#free > 0) this.#free--
    else await this.#wait(whose, full)
    try {
      return await work()
    } finally {
      this.#letNext()
    }
  }

  #wait(whose: string, full: () => Error): Promise<void> {
    const places = this.#waiting.get(whose) ?? []
    if (this.#count >= this.#queue || places.length >= this.#share) throw full()
    this.#count++
    this.#waiting.set(whose, places)
    return new Promise((resolve) => places.push(resolve))
  }

  #letNext(): void {
    const [next] = this.#waiting
    if (!next) {
      this.#free++
      return
    }
    const [whose, [first, ...others]] = next
    this.#count--
    this.#waiting.delete(whose)
    // Behind everybody else.
    if (others.length > 0) this.#waiting.set(whose, others)
    first?.()
  }
}
