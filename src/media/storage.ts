// Where bytes live. Two of them, disk-storage.ts and s3-storage.ts, pass the same tests (test/media/storage.unit.test.ts).
//
// What every storage promises: an object is there whole or not at all, whatever fails at whatever byte; put() resolves
// once the object is durable; a key is never made of anything that a user has said.
import type { Readable } from 'node:stream'

/** `area/id/part`, each of `a-z 0-9 -`: `media/0193…/original`. */
export type Key = `${string}/${string}/${string}`

/** First and last byte, both included. */
export type Range = { start: number; end: number }

export type StoredObject = { key: Key; size: number; modified_at: Date }

export type DirectPut = { url: string; headers: Record<string, string> }

export type Storage = {
  readonly name: 'disk' | 's3'
  /** @throws StartupError when it cannot be used */
  start(): Promise<void>
  /**
   * Stores what `source` yields, over what was there; answers the number of bytes. When the source throws or the signal
   * aborts, that error rises and nothing of it is left. The signal counts until the last byte has been taken: what is
   * complete is stored. Whoever made a source that is silent when the signal aborts ends it.
   */
  put(
    key: Key,
    source: AsyncIterable<Uint8Array>,
    options: { mime_type: string; signal?: AbortSignal },
  ): Promise<number>
  /** All of it, or a range that lies within (which is for the caller to see to). Undefined when there is no such object. Whoever takes the stream ends it. */
  get(key: Key, range?: Range): Promise<Readable | undefined>
  /** Its size in bytes; undefined when there is no such object. */
  size(key: Key): Promise<number | undefined>
  /** What is not there is fine. */
  remove(keys: readonly Key[]): Promise<void>
  /** Everything below an area, in no order, read page by page. */
  list(area: string): AsyncIterable<StoredObject>
  /** Where a client may put exactly this many bytes of this type itself; undefined where the node has to take them. */
  signPut(key: Key, options: { size: number; mime_type: string; expires_s: number }): Promise<DirectPut | undefined>
  /** Where the object is a file of this machine, its path: what needs to seek in it need not copy it. */
  localPath(key: Key): string | undefined
  /** @throws whatever keeps it from working; for /health */
  ping(): Promise<void>
  stop(): Promise<void>
}

// tmp/ is where the disk keeps what is on its way; a name of 100 characters is a file name everywhere.
const NAME = '[a-z0-9-]{1,100}'
const AREA = new RegExp(`^(?!tmp$)${NAME}$`)
const KEY = new RegExp(`^(?!tmp/)${NAME}/${NAME}/${NAME}$`)

export function isKey(text: string): text is Key {
  return KEY.test(text)
}

/** The last guard: whatever builds a key, it cannot leave its folder or bucket. */
export function checkKey(key: string): asserts key is Key {
  if (!isKey(key)) throw new Error('not a storage key')
}

export function checkArea(area: string): void {
  if (!AREA.test(area)) throw new Error('not a storage area')
}
