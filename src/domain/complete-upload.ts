// What was staged becomes an attachment: read again from the first byte, looked into, made clean, and stored where no signed
// address reaches.
import type { Actor } from '../auth/actor.js'
import type { Attachment } from '../contract/attachments.js'
import { AppError, type ErrorCode } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import type { Db } from '../db/database.js'
import { contentKey, originalKey } from '../media/keys.js'
import type { Media } from '../media/media.js'
import { readAttachment } from './attachments.js'
import { dropUpload } from './ended-uploads.js'
import {
  claimUpload,
  exactly,
  LEASE_S,
  readStaged,
  renewLease,
  requireUpload,
  type StagedUpload,
  stagedKeys,
  wrongSize,
} from './staging.js'
import { makeAttachment, type Room, readGoal } from './uploads.js'

/** Of these bytes nothing will ever become; whatever else goes wrong, the same request may be repeated. */
const HOPELESS = new Set<ErrorCode>([
  'upload.mismatch',
  'attachment.type_not_allowed',
  'attachment.not_allowed_here',
  'attachment.too_large',
  'attachment.unreadable',
  'attachment.too_many_pixels',
  'attachment.metadata_stays',
])

/**
 * `created` is false when it was complete before. When the bytes are not what they should be, the upload is gone with them.
 * @throws AppError upload.not_found, .expired, .incomplete, .mismatch, .locked, those of makeAttachment() and readGoal()
 */
export async function completeUpload(
  db: Db,
  media: Media,
  actor: Actor,
  id: string,
  limits: Limits,
): Promise<{ attachment: Attachment; created: boolean }> {
  try {
    const upload = await requireUpload(db, actor, id, ['signed', 'resumable'])
    await requireWhole(db, media, upload)
    const settings = await readGoal(db, actor, upload.conversation_id)
    // Its size was counted when it began, so that it has room.
    await takeStaged(db, media, actor, upload, { ...upload, limits, settings, bytes_left: upload.size })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'upload.not_found') throw error
    const attachment = await findCompleted(db, actor, id)
    if (attachment) return { attachment, created: false }
    await requireUpload(db, actor, id, ['signed', 'resumable'])
    // Somebody else has taken our place, and is still at it.
    throw new AppError('upload.locked', { retry_after_s: 1 })
  }
  return { attachment: await readAttachment(db, actor, id), created: true }
}

/** Of the actor's own: others may see it as well. */
async function findCompleted(db: Db, actor: Actor, id: string): Promise<Attachment | undefined> {
  try {
    const attachment = await readAttachment(db, actor, id)
    return attachment.user_id === actor.user_id ? attachment : undefined
  } catch (error) {
    if (error instanceof AppError && error.code === 'attachment.not_found') return undefined
    throw error
  }
}

/** @throws AppError upload.incomplete, .mismatch */
async function requireWhole(db: Db, media: Media, upload: StagedUpload): Promise<void> {
  const size =
    upload.method === 'resumable' ? upload.received : ((await media.storage.size(contentKey(upload.id))) ?? 0)
  if (size < upload.size) throw new AppError('upload.incomplete', { detail: `${size} of ${upload.size} bytes` })
  if (size === upload.size) return
  await dropUpload(db, media.storage, upload.id)
  throw wrongSize(upload)
}

async function takeStaged(db: Db, media: Media, actor: Actor, upload: StagedUpload, room: Room): Promise<void> {
  const { id, is_voice, keep_metadata } = upload
  const { writer, former } = await claimUpload(db, id, LEASE_S)
  const renewing = setInterval(() => renewLease(db, id, writer, LEASE_S).catch(() => undefined), (LEASE_S * 1_000) / 3)
  let bytes: AsyncGenerator<Uint8Array> | undefined
  try {
    // What the one before had made of it, and died.
    if (former !== null) await media.storage.remove([originalKey(former)])
    const keys = await stagedKeys(db, upload)
    // A signed address may put other bytes there at any moment, also between our looking and our reading.
    bytes = exactly(upload, readStaged(media, keys))
    const sha256 = upload.sha256?.toString('hex')
    const filename = upload.filename ?? undefined
    await makeAttachment(db, media, actor, { id, writer, filename, bytes, is_voice, keep_metadata, sha256 }, room)
    // The attachment is there: what cannot be removed now is swept.
    await media.storage.remove(keys).catch(() => undefined)
  } catch (error) {
    const isHopeless = error instanceof AppError && HOPELESS.has(error.code)
    await (isHopeless ? dropUpload(db, media.storage, id) : renewLease(db, id, writer, 0)).catch(() => undefined)
    throw error
  } finally {
    clearInterval(renewing)
    // Whoever refused it may have looked at its first bytes alone.
    await bytes?.return(undefined)
  }
}
