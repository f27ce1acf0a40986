import type { Storage } from './storage.js'

// The little of IndexedDB that is used here; the types of a browser are not everybody's.
type Request<T> = { result: T; error: unknown; onsuccess: (() => void) | null; onerror: (() => void) | null }
type Store = {
  getAll(): Request<unknown[]>
  getAllKeys(): Request<unknown[]>
  put(value: unknown, key: string): unknown
  delete(key: string): unknown
}
type Transaction = {
  objectStore(name: string): Store
  error: unknown
  oncomplete: (() => void) | null
  onabort: (() => void) | null
  abort(): void
}
type Database = {
  createObjectStore(name: string): unknown
  transaction(store: string, mode: 'readonly' | 'readwrite'): Transaction
  close(): void
  onversionchange: (() => void) | null
  onclose: (() => void) | null
}
type Opening = Request<Database> & { onupgradeneeded: (() => void) | null }
type Factory = { open(name: string, version: number): Opening }

const STORE = 'kept'

/**
 * Keeps everything in the browser, in an IndexedDB of this name. Each client needs a name of its own; a second tab that shall
 * be signed in as well, too.
 * @throws Error where there is no IndexedDB
 */
export function indexedDbStorage(name: string): Storage {
  const factory = (globalThis as { indexedDB?: Factory }).indexedDB
  if (!factory) throw new Error('indexedDbStorage() needs IndexedDB: use memoryStorage() or a storage of your own here')
  let opened: Promise<Database> | undefined

  /** Opened again after the browser has closed it, or could not open it. */
  const database = () => {
    opened ??= open(factory, name, () => {
      opened = undefined
    })
    return opened
  }

  return {
    async load() {
      const transaction = (await database()).transaction(STORE, 'readonly')
      const store = transaction.objectStore(STORE)
      const [names, values] = [store.getAllKeys(), store.getAll()]
      await finished(transaction)
      return new Map(names.result.map((key, index) => [String(key), values.result[index]]))
    },
    async save(changes) {
      const transaction = (await database()).transaction(STORE, 'readwrite')
      const done = finished(transaction)
      const store = transaction.objectStore(STORE)
      try {
        for (const [key, value] of changes) {
          if (value === undefined) store.delete(key)
          else store.put(value, key)
        }
      } catch (error) {
        // A value that cannot be kept: the others are not kept without it.
        transaction.abort()
        await done.catch(() => undefined)
        throw error
      }
      await done
    },
  }
}

function open(factory: Factory, name: string, onGone: () => void): Promise<Database> {
  return new Promise((resolve, reject) => {
    const opening = factory.open(name, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
    opening.onerror = () => {
      onGone()
      reject(opening.error)
    }
    opening.onsuccess = () => {
      const database = opening.result
      database.onclose = onGone
      // Another tab wants to remove or change it, and waits for us.
      database.onversionchange = () => {
        database.close()
        onGone()
      }
      resolve(database)
    }
  })
}

function finished(transaction: Transaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new Error('It was not saved'))
  })
}
