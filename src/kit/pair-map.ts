/** A map by two keys that can also tell everything under the first one. Empty parts are not kept. */
export class PairMap<V> {
  readonly #parts = new Map<string, Map<string, V>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(one: string, other: string): V | undefined {
    return this.#parts.get(one)?.get(other)
  }

  /** What is kept under the first key, by the second. */
  under(one: string): ReadonlyMap<string, V> {
    return this.#parts.get(one) ?? new Map<string, V>()
  }

  set(one: string, other: string, value: V): void {
    const part = this.#parts.get(one)
    if (!part?.has(other)) this.#size++
    if (part) part.set(other, value)
    else this.#parts.set(one, new Map([[other, value]]))
  }

  delete(one: string, other: string): void {
    const part = this.#parts.get(one)
    if (!part?.delete(other)) return
    this.#size--
    if (part.size === 0) this.#parts.delete(one)
  }

  *entries(): Generator<[one: string, other: string, value: V]> {
    for (const [one, part] of this.#parts) for (const [other, value] of part) yield [one, other, value]
  }
}
