/**
 * Items of several keys, in order within each key. What is taken comes from every key in turn, so that whoever has put in much
 * does not keep the others waiting.
 */
export class FairQueue<T> {
  /** In the order of their turns; none is empty. */
  readonly #items = new Map<string, T[]>()
  #count = 0

  get count(): number {
    return this.#count
  }

  push(key: string, item: T): void {
    this.#count++
    const own = this.#items.get(key)
    if (own) own.push(item)
    else this.#items.set(key, [item])
  }

  /** In front of what waits under this key. */
  putBack(key: string, item: T): void {
    this.#count++
    const own = this.#items.get(key)
    if (own) own.unshift(item)
    else this.#items.set(key, [item])
  }

  /** The next ones, for as long as `fits` says so of each; the first is always taken. */
  take(fits: (item: T) => boolean): T[] {
    const taken: T[] = []
    for (const [key, own] of this.#items) {
      const [next] = own
      if (next === undefined || (!fits(next) && taken.length > 0)) break
      taken.push(next)
      own.shift()
      this.#items.delete(key)
      // Behind all the others, where this very loop finds it again.
      if (own.length > 0) this.#items.set(key, own)
    }
    this.#count -= taken.length
    return taken
  }

  /** Everything that waits under this key. */
  takeAll(key: string): T[] {
    const own = this.#items.get(key) ?? []
    this.#items.delete(key)
    this.#count -= own.length
    return own
  }
}
