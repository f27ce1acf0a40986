import { setTimeout as delay } from 'node:timers/promises'

/** A turn of the event loop that takes longer shows that others need the processor. */
const BUSY_MS = 1.5
/** How much longer than such a turn is then waited. */
const REST_FACTOR = 4
const LONGEST_REST_MS = 50

/**
 * Lets one of many through in each turn of the event loop, in the order in which they came: work that may wait is spread
 * over turns that everything else has a part in, and however much of it there is, none of them gets longer. When turns
 * do get longer, it gives way for as long again and more.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  take(): Promise<void> {
    this.#last = this.#last.then(turn)
    return this.#last
  }
}

async function turn(): Promise<void> {
  const began = performance.now()
  await new Promise((resolve) => setImmediate(resolve))
  const took = performance.now() - began
  if (took > BUSY_MS) await delay(Math.min(took * REST_FACTOR, LONGEST_REST_MS))
}
