/**
 * Lets one of many through in each turn of the event loop, in the order in which they came: work that may wait is spread
 * over turns that everything else has a part in, and however much of it there is, none of them gets longer.
 */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  take(): Promise<void> {
    this.#last = this.#last.then(() => new Promise((resolve) => setImmediate(resolve)))
    return this.#last
  }
}
