// Where the client keeps what it has: in IndexedDB; where a browser has none, or refuses it, as long as the page is open.
import { indexedDbStorage, memoryStorage, type Storage } from '../../src/sdk/client.js'

export function openStorage(): Storage {
  const memory = memoryStorage()
  let place = memory
  try {
    place = indexedDbStorage('earshot')
  } catch {
    // There is none.
  }
  return {
    // Many browsers refuse it only when it is opened.
    load: () =>
      place.load().catch(() => {
        place = memory
        return memory.load()
      }),
    save: (changes) => place.save(changes),
  }
}
