import type { Pace } from '../../src/realtime/sweeper.js'

/** The server's clock in a test: it stands still until it is told. What expires is looked at all the time. */
export class Clock implements Pace {
  readonly sweep_ms = 10
  #at = Date.now()
  readonly now = () => this.#at

  pass(seconds: number): void {
    this.#at += seconds * 1_000
  }
}
