import type { Pace } from '../../src/realtime/sweeper.js'

/** The server's clock in a test: it goes on by itself, and jumps when told. What expires is looked at all the time. */
export class Clock implements Pace {
  readonly sweep_ms = 10
  #ahead = 0
  readonly now = () => Date.now() + this.#ahead

  pass(seconds: number): void {
    this.#ahead += seconds * 1_000
  }
}
