// Files that come in pieces. Each stretch of bytes is stored and then entered in a row, so that any node can go on where
// another one was killed.
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import { HARD, type Limits } from '../contract/limits.js'
import type { Db } from '../db/database.js'
import { originalKey, partKey } from '../media/keys.js'
import type { Media } from '../media/media.js'
import { type Announced, beginAnnounced } from './announced.js'
import { dropUpload, orDropUpload } from './ended-uploads.js'
import { addPart, claimUpload, requireUpload, type StagedUpload, wrongSize } from './staging.js'

const MIB = 1_048_576

export type Progress = Pick<StagedUpload, 'id' | 'received' | 'expires_at'>

/** Bytes that arrive, from `offset` on; `length` when the client has said it. */
type Stretch = { offset: number; length: number | undefined; bytes: AsyncIterable<Uint8Array> }

/**
 * `first`: bytes that came along. Where those fail nothing has begun, for nobody has been told the id.
 * @throws AppError those of beginAnnounced() and appendBytes()
 */
export async function beginResumable(
  db: Db,
  media: Media,
  actor: Actor,
  announced: Announced,
  first: Omit<Stretch, 'offset'> | undefined,
  limits: Limits,
): Promise<Progress> {
  const { id, expires_at } = await beginAnnounced(db, media, actor, 'resumable', announced, limits)
  if (!first) return { id, received: 0, expires_at }
  return orDropUpload(db, media.storage, id, () => appendBytes(db, media, actor, id, { offset: 0, ...first }))
}

/** @throws AppError upload.not_found, .expired */
export function readProgress(db: Db, actor: Actor, id: string): Promise<StagedUpload> {
  return requireUpload(db, actor, id, ['resumable'])
}

/**
 * Goes on at `offset`, and answers where it stands then. What has arrived when the bytes break off is kept. Of two who do
 * this at once the later one goes on.
 * @throws AppError upload.not_found, .expired, .offset_conflict, .mismatch: more than was announced, .too_many_parts, .locked
 */
export async function appendBytes(db: Db, media: Media, actor: Actor, id: string, stretch: Stretch): Promise<Progress> {
  const upload = await readProgress(db, actor, id)
  const { offset, length = 0, bytes } = stretch
  if (offset !== upload.received)
    throw new AppError('upload.offset_conflict', { detail: `It is at ${upload.received}` })
  if (offset + length > upload.size) throw wrongSize(upload)
  if (upload.parts >= HARD.upload_broken_parts + upload.size / MIB) throw new AppError('upload.too_many_parts')
  const { writer, former } = await claimUpload(db, id)
  // Whoever took it in and died may have left what it made of it; from now on nobody knows that place.
  if (former !== null && offset === upload.size) await media.storage.remove([originalKey(former)])
  const source = new Stretches(bytes, upload.size - offset, () => wrongSize(upload))
  let received = offset
  try {
    while (await source.hasMore()) {
      const part = { first_byte: received, writer }
      const key = partKey(id, part)
      const size = await media.storage.put(key, source.next(), { mime_type: 'application/octet-stream' })
      if (!(await addPart(db, id, { ...part, size }))) {
        await media.storage.remove([key])
        // Gone, or gone on by somebody else.
        await readProgress(db, actor, id)
        throw new AppError('upload.locked', { retry_after_s: 1 })
      }
      received += size
    }
  } finally {
    await source.end()
  }
  if (source.failure !== undefined) throw source.failure
  return { id, received, expires_at: upload.expires_at }
}

/** The client does not want it any more. @throws AppError upload.not_found, .expired */
export async function abortUpload(db: Db, media: Media, actor: Actor, id: string): Promise<void> {
  await readProgress(db, actor, id)
  await dropUpload(db, media.storage, id)
}

/** Cuts bytes that arrive into stretches. Where they break off, the last one ends. */
class Stretches {
  /** Why they broke off. */
  failure: unknown
  readonly #source: AsyncIterator<Uint8Array>
  readonly #tooMuch: () => AppError
  #left: number
  #rest: Uint8Array = Buffer.alloc(0)
  #ended = false

  constructor(source: AsyncIterable<Uint8Array>, left: number, tooMuch: () => AppError) {
    this.#source = source[Symbol.asyncIterator]()
    this.#left = left
    this.#tooMuch = tooMuch
  }

  async hasMore(): Promise<boolean> {
    while (this.#rest.length === 0 && !this.#ended) {
      try {
        const { value, done } = await this.#source.next()
        if (done) this.#ended = true
        else this.#rest = value
      } catch (error) {
        this.failure = error
        this.#ended = true
      }
    }
    return this.#rest.length > 0
  }

  async end(): Promise<void> {
    await this.#source.return?.()
  }

  /** @throws AppError upload.mismatch: none of this stretch is to be kept */
  async *next(): AsyncGenerator<Uint8Array> {
    let room = HARD.upload_part_bytes
    while (room > 0 && (await this.hasMore())) {
      const piece = this.#rest.subarray(0, room)
      this.#rest = this.#rest.subarray(piece.length)
      room -= piece.length
      this.#left -= piece.length
      if (this.#left < 0) throw this.#tooMuch()
      yield piece
    }
  }
}
