// Who wants to be told of what. A listener that throws, or whose promise fails, harms nobody: it is reported.

type Listener<V extends unknown[]> = (...values: V) => void

export class Emitter<E extends Record<keyof E, unknown[]>> {
  readonly #listeners = new Map<keyof E, Set<Listener<never>>>()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** @returns a function that ends it */
  on<N extends keyof E>(name: N, listener: Listener<E[N]>): () => void {
    // One of its own each time, so that the same function may listen twice and end once.
    const own: Listener<E[N]> = (...values) => listener(...values)
    const known = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, known.add(own))
    return () => void known.delete(own)
  }

  emit<N extends keyof E>(name: N, ...values: E[N]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])] as unknown as ((...values: E[N]) => unknown)[]) {
      try {
        const result = listener(...values)
        if (result instanceof Promise) result.catch(this.#report)
      } catch (error) {
        this.#report(error)
      }
    }
  }
}

/** A promise whose failure may go unnoticed: whoever waits for it hears of it all the same. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
