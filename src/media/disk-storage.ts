// Objects as files: `<area>/<last two characters of the id>/<id>/<part>`, written below tmp/ and moved when complete, so
// that whoever reads finds the whole object or none. The two characters keep folders small: the end of an id is random.
import { constants, type Dirent } from 'node:fs'
import { access, type FileHandle, lstat, mkdir, open, opendir, rename, rmdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { checkArea, checkKey, isKey, type Key, type Range, type Storage, type StoredObject } from './storage.js'
import { isErrno, prepareTempFolder, tempFolder, unlinkIfThere, withTempFile } from './temp-files.js'
import { untilAborted } from './until-aborted.js'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY, R_OK, W_OK, X_OK } = constants

/** So many bytes may wait for the disk; without it the last fsync of a large file would have to write all of it. */
const SYNC_EVERY_BYTES = 16 * 1024 * 1024
/** A remove() that meets a put() of the same id may take the folder away before something is in it; never so often. */
const PUBLISH_ATTEMPTS = 100

export class DiskStorage implements Storage {
  readonly name = 'disk'
  readonly #dir: string

  constructor(options: { dir: string }) {
    this.#dir = resolve(options.dir)
  }

  async start(): Promise<void> {
    await prepareTempFolder(this.#dir)
  }

  async put(
    key: Key,
    source: AsyncIterable<Uint8Array>,
    { signal }: { mime_type: string; signal?: AbortSignal },
  ): Promise<number> {
    const target = this.localPath(key)
    return withTempFile(this.#dir, async (path) => {
      const size = await writeDurably(path, untilAborted(source, signal))
      signal?.throwIfAborted()
      await this.#publish(path, target)
      return size
    })
  }

  async get(key: Key, range?: Range): Promise<Readable | undefined> {
    const file = await openIfThere(this.localPath(key), O_RDONLY | O_NOFOLLOW)
    return file?.createReadStream(range)
  }

  async size(key: Key): Promise<number | undefined> {
    return (await statIfThere(this.localPath(key)))?.size
  }

  async remove(keys: readonly Key[]): Promise<void> {
    for (const path of keys.map((key) => this.localPath(key))) {
      await unlinkIfThere(path)
      try {
        await rmdir(dirname(path))
      } catch (error) {
        if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
      }
    }
  }

  async *list(area: string): AsyncIterable<StoredObject> {
    checkArea(area)
    const top = join(this.#dir, area)
    for await (const shard of entriesOf(top)) {
      for await (const id of entriesOf(join(top, shard.name))) {
        for await (const part of entriesOf(join(top, shard.name, id.name))) {
          const key = `${area}/${id.name}/${part.name}`
          if (!part.isFile() || !isKey(key)) continue
          const found = await statIfThere(this.localPath(key))
          if (found) yield { key, size: found.size, modified_at: found.mtime }
        }
      }
    }
  }

  async signPut(key: Key): Promise<undefined> {
    checkKey(key)
    return undefined
  }

  localPath(key: Key): string {
    checkKey(key)
    const [area = '', id = '', part = ''] = key.split('/')
    return join(this.#dir, area, id.slice(-2), id, part)
  }

  async ping(): Promise<void> {
    await access(tempFolder(this.#dir), R_OK | W_OK | X_OK)
  }

  async stop(): Promise<void> {
    // Nothing is held between two calls.
  }

  async #publish(path: string, target: string): Promise<void> {
    const folder = dirname(target)
    for (let attempt = 1; ; attempt++) {
      try {
        // It too may find the folder there and then not any more.
        await mkdir(folder, { recursive: true, mode: 0o750 })
        await rename(path, target)
        break
      } catch (error) {
        if (!isErrno(error, 'ENOENT') || attempt === PUBLISH_ATTEMPTS) throw error
      }
    }
    // The names of new folders too: whichever put() made them may not have come to write them yet.
    for (const up of ['.', '..', '../..', '../../..']) await syncFolder(join(folder, up))
  }
}

/** Answers the number of bytes. */
async function writeDurably(path: string, source: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o640)
  try {
    let size = 0
    let synced = 0
    for await (const chunk of source) {
      // Unlike write(), it goes on until all of the chunk is written.
      await file.writeFile(chunk)
      size += chunk.byteLength
      if (size - synced < SYNC_EVERY_BYTES) continue
      await file.datasync()
      synced = size
    }
    await file.sync()
    return size
  } finally {
    await file.close()
  }
}

/** A folder that is gone was removed together with what was in it. */
async function syncFolder(path: string): Promise<void> {
  const folder = await openIfThere(path, O_RDONLY | O_DIRECTORY)
  try {
    await folder?.sync()
  } finally {
    await folder?.close()
  }
}

async function openIfThere(path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

async function statIfThere(path: string) {
  try {
    return await lstat(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** What is no folder, or no longer there, has none. */
async function* entriesOf(path: string): AsyncIterable<Dirent> {
  try {
    for await (const entry of await opendir(path)) yield entry
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}
