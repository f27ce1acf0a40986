type Lane = { busy: number; waiting: Set<() => void> }

/**
 * Work on many things that share something scarce: of each thing at most `size` at a time, so that one that is stuck does not take
 * the room of all the others. The others wait in order, at most `queue` of them, and nobody longer than `waitMs`.
 */
export class Lanes {
  readonly #size: number
  readonly #queue: number
  readonly #waitMs: number
  /** Of the things that are worked on. */
  readonly #lanes = new Map<string, Lane>()

  constructor(size: number, queue: number, waitMs: number) {
    this.#size = size
    this.#queue = queue
    this.#waitMs = waitMs
  }

  get count(): number {
    return this.#lanes.size
  }

  /** Runs `work` on this thing when it is its turn, or throws what `full()` gives. */
  async run<T>(thing: string, work: () => Promise<T>, full: () => Error): Promise<T> {
    const lane = this.#lanes.get(thing) ?? { busy: 0, waiting: new Set() }
    this.#lanes.set(thing, lane)
    if (lane.busy < this.#size) lane.busy++
    else await this.#wait(lane, full)
    try {
      return await work()
    } finally {
      this.#letNext(thing, lane)
    }
  }

  #wait(lane: Lane, full: () => Error): Promise<void> {
    if (lane.waiting.size >= this.#queue) throw full()
    return new Promise((resolve, reject) => {
      const enter = () => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        lane.waiting.delete(enter)
        reject(full())
      }, this.#waitMs)
      lane.waiting.add(enter)
    })
  }

  #letNext(thing: string, lane: Lane): void {
    const [next] = lane.waiting
    if (next) {
      lane.waiting.delete(next)
      next()
    } else if (--lane.busy === 0) this.#lanes.delete(thing)
  }
}
