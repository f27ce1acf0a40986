import type { Clock } from '../../../src/sdk/clock.js'

type Timer = { at: number; run: () => void }

/** Time that passes when a test says so. What is set for now runs by itself. */
export class ManualClock implements Clock {
  readonly #timers = new Map<object, Timer>()
  #now = 1_700_000_000_000
  /** What random() says. */
  chance = 0.5

  now(): number {
    return this.#now
  }

  random(): number {
    return this.chance
  }

  setTimeout(run: () => void, ms: number): object {
    const key = {}
    this.#timers.set(key, { at: this.#now + ms, run })
    if (ms <= 0) setImmediate(() => this.#ring(key))
    return key
  }

  clearTimeout(key: unknown): void {
    this.#timers.delete(key as object)
  }

  /** In how many ms each timer that is set will ring, the nearest first. */
  get waits(): number[] {
    return [...this.#timers.values()].map(({ at }) => at - this.#now).sort((a, b) => a - b)
  }

  /** Rings what is due on the way, in order. */
  pass(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const next = [...this.#timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at)[0]
      if (!next) break
      this.#now = Math.max(this.#now, next[1].at)
      this.#ring(next[0])
    }
    this.#now = until
  }

  /** Everything stands still for a while, as when a laptop sleeps: what was due meanwhile rings late. */
  sleep(ms: number): void {
    this.#now += ms
  }

  #ring(key: object): void {
    const timer = this.#timers.get(key)
    if (this.#timers.delete(key)) timer?.run()
  }
}
