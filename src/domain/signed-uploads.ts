// Files that a client puts where they are kept by itself, with an address that is signed for it.
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import type { SignUpload } from '../contract/uploads.js'
import type { Db } from '../db/database.js'
import { contentKey } from '../media/keys.js'
import { PUT_TTL_S } from '../media/links.js'
import type { Media } from '../media/media.js'
import type { DirectPut } from '../media/storage.js'
import { beginAnnounced } from './announced.js'
import { orDropUpload } from './ended-uploads.js'
import { exactly, requireUpload, wrongSize } from './staging.js'

export type Signed = {
  id: string
  mime_type: string
  expires_at: Date
  /** Absent where the node takes the bytes itself. */
  direct: DirectPut | undefined
}

/** @throws AppError those of beginAnnounced() */
export async function signUpload(
  db: Db,
  media: Media,
  actor: Actor,
  input: SignUpload,
  limits: Limits,
): Promise<Signed> {
  const { id } = await beginAnnounced(db, media, actor, 'signed', input, limits)
  const { size } = input
  const mime_type = input.mime_type.toLowerCase()
  const expires_at = new Date((Math.floor(Date.now() / 1_000) + PUT_TTL_S) * 1_000)
  const direct = await orDropUpload(db, media.storage, id, () =>
    media.storage.signPut(contentKey(id), { size, mime_type, expires_s: PUT_TTL_S }),
  )
  return { id, mime_type, expires_at, direct }
}

/**
 * Keeps the bytes for completeUpload(), over those of a former attempt.
 * @throws AppError upload.not_found, .expired, .mismatch
 */
export async function putContent(
  db: Db,
  media: Media,
  actor: Actor,
  id: string,
  content: { mime_type: string; length: number | undefined; bytes: AsyncIterable<Uint8Array> },
): Promise<void> {
  const upload = await requireUpload(db, actor, id, ['signed'])
  if (content.mime_type.toLowerCase() !== upload.mime_type) {
    throw new AppError('upload.mismatch', { detail: `Its Content-Type must be ${upload.mime_type}` })
  }
  if (content.length !== undefined && content.length !== upload.size) throw wrongSize(upload)
  const key = contentKey(id)
  await media.storage.put(key, exactly(upload, content.bytes), { mime_type: upload.mime_type ?? '' })
  try {
    await requireUpload(db, actor, id, ['signed'])
  } catch (error) {
    // Completed or removed meanwhile: nobody else will come for these bytes.
    if (error instanceof AppError) await media.storage.remove([key])
    throw error
  }
}
