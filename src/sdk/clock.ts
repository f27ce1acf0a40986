// Time and chance, so that a test can hold both.

export type Clock = {
  now(): number
  setTimeout(run: () => void, ms: number): unknown
  clearTimeout(timer: unknown): void
  /** From 0 up to, not including, 1. */
  random(): number
}

export const REAL_CLOCK: Clock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as number),
  random: () => Math.random(),
}

const BASE_MS = 500
const CAP_MS = 30_000
/** 2 to this power of BASE_MS is beyond the cap. */
const STEPS = 7

/** Exponential with full jitter: many clients that lost the same server do not come back together. */
export function backoff(clock: Clock, attempt: number): number {
  return clock.random() * Math.min(CAP_MS, BASE_MS * 2 ** Math.min(attempt, STEPS))
}

/** One timer that can be set again and put off. */
export class Alarm {
  readonly #clock: Clock
  #timer: unknown

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** Instead of what was set before. */
  set(ms: number, ring: () => void): void {
    this.clear()
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined
      ring()
    }, ms)
  }

  clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
