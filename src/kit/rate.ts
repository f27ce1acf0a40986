// How often something is done, counted in the memory of this process: a window begins with the first point and gives all
// of them back when it is over.

/** `points` in each `window_s`. */
export type Rate = { points: number; window_s: number }
export type Taken = { ok: boolean; remaining: number; reset_s: number }

/** For one key. */
export class RateWindow {
  readonly #rate: Rate
  #startedAt = 0
  #taken = 0

  constructor(rate: Rate) {
    this.#rate = rate
  }

  take(now: number): Taken {
    if (this.isOver(now)) {
      this.#startedAt = now
      this.#taken = 0
    }
    const { points, window_s } = this.#rate
    const ok = this.#taken < points
    if (ok) this.#taken += 1
    const left_ms = this.#startedAt + window_s * 1_000 - now
    return { ok, remaining: points - this.#taken, reset_s: Math.max(1, Math.ceil(left_ms / 1_000)) }
  }

  /** Also when the clock was set back: nobody is to wait for longer than a window. */
  isOver(now: number): boolean {
    const age = now - this.#startedAt
    return age < 0 || age >= this.#rate.window_s * 1_000
  }
}

/** For many keys, of which it remembers a bounded number: beyond that, the window that began first is forgotten. */
export class RateCounter {
  readonly rate: Rate
  readonly #now: () => number
  readonly #keysMax: number
  /** In the order in which they began, which is the order in which they end. */
  readonly #windows = new Map<string, RateWindow>()

  constructor(rate: Rate, now: () => number, keysMax = 100_000) {
    this.rate = rate
    this.#now = now
    this.#keysMax = keysMax
  }

  get size(): number {
    return this.#windows.size
  }

  take(key: string): Taken {
    const now = this.#now()
    let window = this.#windows.get(key)
    if (!window || window.isOver(now)) {
      this.#windows.delete(key)
      this.#makeRoom()
      window = new RateWindow(this.rate)
      this.#windows.set(key, window)
    }
    return window.take(now)
  }

  /** Drops what is over. It costs no more than what it drops. */
  sweep(): void {
    const now = this.#now()
    for (const [key, window] of this.#windows) {
      if (!window.isOver(now)) return
      this.#windows.delete(key)
    }
  }

  #makeRoom(): void {
    if (this.#windows.size < this.#keysMax) return
    const [oldest] = this.#windows.keys()
    if (oldest !== undefined) this.#windows.delete(oldest)
  }
}
