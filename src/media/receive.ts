// From a stream of bytes that nobody can be trusted with to an object in the storage that is safe to be shown. Only a bounded
// head of it is ever in memory; images take a way over a file of their own, because they are decoded and made anew.
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { AppError } from '../contract/errors.js'
import type { FileType } from './file-types.js'
import { safeFilename } from './filenames.js'
import { cleanImage, inspectImage } from './images.js'
import { type Bound, Intake } from './intake.js'
import type { Media } from './media.js'
import { SAMPLE_BYTES, sniff } from './sniff.js'
import type { Key } from './storage.js'
import { withTempFile } from './temp-files.js'
import { squareAvatar } from './variants.js'

export type Arrival = {
  key: Key
  user_id: string
  filename: string | undefined
  keep_metadata: boolean
  /** In hexadecimal, when the client has said it. */
  sha256?: string | undefined
  /** The most bytes that a file of this type may have here. @throws AppError when it may not come at all */
  limitOf: (type: FileType) => Bound
}

export type Received = {
  type: FileType
  filename: string
  size: number
  sha256: Buffer
  width: number | null
  height: number | null
  is_animated: boolean
}

/**
 * Stores it under `key`. Whatever goes wrong, nothing is left there.
 * @throws AppError attachment.type_not_allowed, .too_large, .unreadable, .too_many_pixels, .metadata_stays, upload.mismatch,
 *   overloaded, and what limitOf throws
 */
export async function receive(media: Media, source: AsyncIterable<Uint8Array>, arrival: Arrival): Promise<Received> {
  const { head, rest } = await readHead(source)
  if (head.length === 0) throw new AppError('attachment.unreadable', { detail: 'The file is empty' })
  const type = await sniff(head, arrival.filename ?? '')
  if (!type) throw new AppError('attachment.type_not_allowed')
  const filename = safeFilename(arrival.filename, type.extension)
  const intake = new Intake(media, head, rest, arrival.limitOf(type))
  const bytes = expected(intake, arrival)
  if (type.kind === 'image') {
    const keep = arrival.keep_metadata
    const image = await storeImage(media, bytes, arrival, async (raw, clean) =>
      keep
        ? { from: raw, facts: await inspectImage(raw, type) }
        : { from: clean, facts: await cleanImage(raw, clean, type) },
    )
    return { type, filename, ...image }
  }
  const size = await media.storage.put(arrival.key, bytes, { mime_type: type.mime_type })
  return { type, filename, size, sha256: intake.sha256, width: null, height: null, is_animated: false }
}

/** @throws AppError upload.mismatch before the end, so that nobody keeps anything */
async function* expected(intake: Intake, { sha256 }: Arrival): AsyncGenerator<Uint8Array> {
  yield* intake.bytes
  if (sha256 !== undefined && intake.sha256.toString('hex') !== sha256) throw new AppError('upload.mismatch')
}

export const AVATAR_TYPES: readonly string[] = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

export type ReceivedAvatar = { mime_type: string; width: number; height: number; size: number; sha256: Buffer }

/**
 * The square of a picture of at most `limit` bytes, stored under `key`; nothing else of it is kept. Whatever goes wrong,
 * nothing is left there.
 * @throws AppError attachment.not_an_avatar, .too_large, .unreadable, .too_many_pixels, overloaded
 */
export async function receiveAvatar(
  media: Media,
  source: AsyncIterable<Uint8Array>,
  { key, user_id, limit }: Pick<Arrival, 'key' | 'user_id'> & { limit: number },
): Promise<ReceivedAvatar> {
  const { head, rest } = await readHead(source)
  const type = await sniff(head, '')
  if (!type || !AVATAR_TYPES.includes(type.mime_type)) throw new AppError('attachment.not_an_avatar')
  const intake = new Intake(media, head, rest, { bytes: limit, code: 'attachment.too_large' })
  return storeImage(media, intake.bytes, { key, user_id }, async (raw, square) => ({
    from: square,
    facts: await squareAvatar(raw, square),
  }))
}

/**
 * Stores `from`: the image as it has come, or what `make` has written to its second path.
 * @throws AppError overloaded, and what `make` throws
 */
async function storeImage<Facts extends { mime_type: string }>(
  media: Media,
  bytes: AsyncIterable<Uint8Array>,
  { key, user_id }: Pick<Arrival, 'key' | 'user_id'>,
  make: (raw: string, made: string) => Promise<{ from: string; facts: Facts }>,
): Promise<Facts & { size: number; sha256: Buffer }> {
  return withTempFile(media.dir, async (raw) => {
    await spool(bytes, raw)
    return withTempFile(media.dir, async (made) => {
      const { from, facts } = await media.decoding.run(
        user_id,
        () => make(raw, made),
        () => new AppError('overloaded', { retry_after_s: 1 }),
      )
      const hash = createHash('sha256')
      const { mime_type } = facts
      const size = await media.storage.put(key, hashed(createReadStream(from), hash), { mime_type })
      return { ...facts, size, sha256: hash.digest() }
    })
  })
}

/** The first bytes, by which a type is told, and everything after them. */
async function readHead(source: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = []
  let length = 0
  const iterator = source[Symbol.asyncIterator]()
  while (length < SAMPLE_BYTES) {
    const { value, done } = await iterator.next()
    if (done) break
    chunks.push(value)
    length += value.length
  }
  return { head: Buffer.concat(chunks), rest: iterator }
}

async function* hashed(source: AsyncIterable<Uint8Array>, hash: Hash) {
  for await (const chunk of source) {
    hash.update(chunk)
    yield chunk
  }
}

async function spool(bytes: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for await (const chunk of bytes) await file.write(chunk)
  } finally {
    await file.close()
  }
}
