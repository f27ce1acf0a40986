// The one timer behind everything that expires or waits for its turn: no timer for each user, socket or conversation.
import type { Logger } from '../observe.js'

/** The clock, and how often it is looked at; a test brings its own. */
export type Pace = { now: () => number; sweep_ms: number }
export const REAL_PACE: Pace = { now: Date.now, sweep_ms: 500 }

export type Sweep = { sweep(): Promise<void> | void }

export class Sweeper {
  readonly #logger: Logger
  readonly #running = new Map<Sweep, Promise<void>>()
  readonly #timer: NodeJS.Timeout

  constructor(parts: readonly Sweep[], everyMs: number, logger: Logger) {
    this.#logger = logger
    this.#timer = setInterval(() => {
      for (const part of parts) if (!this.#running.has(part)) this.#run(part)
    }, everyMs)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#running.values())
  }

  /** A part that still works is not started again; one that fails tries again at its next turn. */
  #run(part: Sweep): void {
    const work = Promise.resolve()
      .then(() => part.sweep())
      .catch((error) => this.#logger.warn({ err: error }, 'a sweep failed; it is tried again'))
      .finally(() => this.#running.delete(part))
    this.#running.set(part, work)
  }
}
