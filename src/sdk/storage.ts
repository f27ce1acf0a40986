// Where a client keeps what it holds, and what waits to be kept there.

/**
 * A place for values by name; what IndexedDB can keep, it has to keep. Whatever implements it keeps one promise: a `save` is
 * all or nothing, also if the process ends in its middle. One storage belongs to one client: two that share it (two tabs with
 * one name) would each write over the other's tokens and state.
 */
export interface Storage {
  /** Everything that was saved. */
  load(): Promise<Map<string, unknown>>
  /** undefined removes. Rejects if nothing of it was kept. */
  save(changes: ReadonlyMap<string, unknown>): Promise<void>
}

/** Keeps everything as long as the process lives; what is used where no storage is given. */
export function memoryStorage(): Storage {
  const kept = new Map<string, unknown>()
  return {
    load: async () => new Map(kept),
    save: async (changes) => put(kept, changes),
  }
}

/**
 * Collects changes and saves them, one save after the other. What was set in one turn is saved together; what could not be
 * saved is saved with what comes next, so that nothing is ever saved without what was before it.
 */
export class Keeper {
  readonly #storage: Storage
  readonly #onError: (error: unknown) => void
  readonly #names = new Set<string>()
  #waiting = new Map<string, unknown>()
  #saving: Promise<void> | undefined

  constructor(storage: Storage, onError: (error: unknown) => void) {
    this.#storage = storage
    this.#onError = onError
  }

  async load(): Promise<Map<string, unknown>> {
    const kept = await this.#storage.load()
    for (const name of kept.keys()) this.#names.add(name)
    return kept
  }

  set(name: string, value: unknown): void {
    this.#waiting.set(name, value)
    if (value === undefined) this.#names.delete(name)
    else this.#names.add(name)
  }

  /** Forgets everything whose name the test does not spare. */
  clear(isSpared: (name: string) => boolean = () => false): void {
    for (const name of [...this.#names]) if (!isSpared(name)) this.set(name, undefined)
  }

  /** Resolves once what was set by now is saved, or could not be. */
  save(): Promise<void> {
    const before = this.#saving ?? Promise.resolve()
    const mine = before.then(() => this.#write())
    this.#saving = mine
    return mine
  }

  async #write(): Promise<void> {
    const changes = this.#waiting
    if (changes.size === 0) return
    this.#waiting = new Map()
    try {
      await this.#storage.save(changes)
    } catch (error) {
      for (const [name, value] of changes) if (!this.#waiting.has(name)) this.#waiting.set(name, value)
      this.#onError(error)
    }
  }
}

function put(kept: Map<string, unknown>, changes: ReadonlyMap<string, unknown>): void {
  for (const [name, value] of changes) {
    if (value === undefined) kept.delete(name)
    else kept.set(name, value)
  }
}
