// How a file comes in. A row says so before its first byte, and goes when it has become an attachment or has failed: whatever
// a crash leaves in the storage is found by that row.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { AttachmentKind } from '../contract/attachments.js'
import { AppError } from '../contract/errors.js'
import { HARD, type Limits } from '../contract/limits.js'
import type { ConversationSettings } from '../contract/settings.js'
import type { Db, Tx } from '../db/database.js'
import { enqueue } from '../db/enqueue.js'
import { type FileType, typeOfMime, withoutPictures } from '../media/file-types.js'
import type { Bound } from '../media/intake.js'
import { originalKey } from '../media/keys.js'
import type { Media } from '../media/media.js'
import type { FormFile } from '../media/multipart.js'
import { type Received, receive } from '../media/receive.js'
import { requireNothingAgainst, whyNotAttach, whyNotSend } from './access.js'
import { requireMembership } from './membership.js'
import { settingsOf } from './settings.js'

/** So far they are counted: it bounds the look, and is more than anybody waits for. */
const MAX_IN_WORK = 1_000

/** What the conversation takes that a file is meant for. @throws AppError conversation.not_found, .forbidden, user.blocked */
export async function readGoal(
  db: Db,
  actor: Actor,
  conversationId: string | null,
): Promise<ConversationSettings | undefined> {
  if (conversationId === null) return undefined
  const here = await requireMembership(db.query, actor, conversationId)
  requireNothingAgainst(whyNotSend(here.role, here.blocked))
  return settingsOf(db.query, conversationId)
}

export type NewUpload = {
  method: 'multipart' | 'signed' | 'resumable'
  conversation_id: string | null
  is_voice: boolean
  keep_metadata: boolean
  filename?: string
  mime_type?: string
  size?: number
  sha256?: Buffer
}

/**
 * `bytes_left`: what the user may still upload, this upload included.
 * @throws AppError upload.too_many, attachment.quota_exceeded
 */
export function beginUpload(
  db: Db,
  media: Media,
  actor: Actor,
  upload: NewUpload,
  limits: Limits,
): Promise<{ id: string; bytes_left: number; expires_at: Date }> {
  return db.write(actor.user_id, async (tx) => {
    const used = await lockUsage(tx, actor)
    const open = await tx
      .selectFrom('uploads')
      .select([sql<number>`count(*)::int`.as('total'), sql<number>`coalesce(sum(size), 0)::bigint`.as('bytes')])
      .where('user_id', '=', actor.user_id)
      .executeTakeFirstOrThrow()
    if (open.total >= HARD.open_uploads) throw new AppError('upload.too_many')
    const bytes_left = limits.user_media_bytes - used - open.bytes
    if (bytes_left < (upload.size ?? 1)) throw new AppError('attachment.quota_exceeded')
    const row = await tx
      .insertInto('uploads')
      .values({
        ...upload,
        user_id: actor.user_id,
        expires_at: sql`now() + ${media.uploadTtlS} * interval '1 second'`,
      })
      .returning(['id', 'expires_at'])
      .executeTakeFirstOrThrow()
    return { ...row, bytes_left }
  })
}

/** Answers the bytes of all the actor's files. Of two who add to them at once, the second waits here and sees the first. */
export async function lockUsage(tx: Tx, actor: Actor): Promise<number> {
  const { bytes } = await tx
    .insertInto('media_usage')
    .values({ user_id: actor.user_id })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ bytes: sql`media_usage.bytes` }))
    .returning('bytes')
    .executeTakeFirstOrThrow()
  return bytes
}

/** What a file is held against while it comes in. */
export type Room = {
  limits: Limits
  settings: ConversationSettings | undefined
  bytes_left: number
  /** What was announced; another kind of file is not taken. */
  mime_type?: string | null
}

export type Incoming = FormFile & {
  /** Of the upload; the attachment gets it too. */
  id: string
  /** Of the blob: whoever else may take the same upload in has another one, and so another object. */
  writer?: string
  is_voice: boolean
  keep_metadata: boolean
  sha256?: string | undefined
}

/**
 * The one gate: makes an attachment of what arrives, whichever way it comes. When that fails, the upload and what is staged
 * for it stay as they were.
 * @throws AppError those of receive(), attachment.too_large, .quota_exceeded, .not_allowed_here, upload.not_found
 */
export async function makeAttachment(
  db: Db,
  media: Media,
  actor: Actor,
  incoming: Incoming,
  room: Room,
): Promise<void> {
  const blob_id = incoming.writer ?? incoming.id
  const key = originalKey(blob_id)
  try {
    const limitOf = (type: FileType) => bytesAllowed(room, type, incoming.is_voice)
    const received = await receive(media, incoming.bytes, { ...incoming, key, user_id: actor.user_id, limitOf })
    // What is stored of an image may be larger than what has come.
    const kept = { kind: kindOf(received.type, incoming.is_voice), size: received.size }
    if (room.settings) requireNothingAgainst(whyNotAttach(room.settings, kept))
    const isNew = await saveFile(db, actor, incoming, received, room.limits)
    if (!isNew) await media.storage.remove([key])
  } catch (error) {
    await removeUnlessKept(db, media, incoming.id, blob_id).catch(() => undefined)
    throw error
  }
}

/** A lost connection may not have told us that it is kept. */
async function removeUnlessKept(db: Db, media: Media, uploadId: string, blobId: string): Promise<void> {
  // Waits for the transaction whose end we do not know.
  await db.query.selectFrom('uploads').select('id').where('id', '=', uploadId).forUpdate().execute()
  const kept = await db.query.selectFrom('blobs').select('id').where('id', '=', blobId).executeTakeFirst()
  if (!kept) await media.storage.remove([originalKey(blobId)])
}

/** @throws AppError attachment.type_not_allowed: a voice message is audio */
export function kindOf(type: FileType, isVoice: boolean): AttachmentKind {
  if (!isVoice) return type.kind
  if (type.kind !== 'audio') throw new AppError('attachment.type_not_allowed', { detail: 'A voice message is audio' })
  return 'voice'
}

/** @throws AppError attachment.type_not_allowed, .not_allowed_here, upload.mismatch */
function bytesAllowed({ limits, settings, bytes_left, mime_type }: Room, type: FileType, isVoice: boolean): Bound {
  const announced = mime_type ? typeOfMime(mime_type)?.kind : undefined
  // Not every recorder says in the head that there is sound alone.
  if (announced && announced !== type.kind && announced !== withoutPictures(type).kind) {
    throw new AppError('upload.mismatch', { detail: `It is ${type.mime_type}, not ${mime_type}` })
  }
  const kind = kindOf(type, isVoice)
  if (settings) requireNothingAgainst(whyNotAttach(settings, { kind, size: 1 }))
  const bounds: Bound[] = [
    { bytes: limits.file_bytes[type.class], code: 'attachment.too_large' },
    { bytes: settings?.max_file_size ?? Number.POSITIVE_INFINITY, code: 'attachment.not_allowed_here' },
    { bytes: bytes_left, code: 'attachment.quota_exceeded' },
  ]
  return bounds.reduce((least, bound) => (bound.bytes < least.bytes ? bound : least))
}

/** False: the user has the same file already, so that these bytes are not needed. @throws AppError attachment.quota_exceeded */
function saveFile(db: Db, actor: Actor, incoming: Incoming, received: Received, limits: Limits): Promise<boolean> {
  const { type, filename, size } = received
  return db.write(actor.user_id, async (tx) => {
    const known = await findSameFile(tx, actor, received)
    const blob_id = incoming.writer ?? incoming.id
    if (!known) await insertBlob(tx, actor, blob_id, received)
    await tx
      .insertInto('attachments')
      .values({
        id: incoming.id,
        blob_id: known ?? blob_id,
        user_id: actor.user_id,
        kind: kindOf(type, incoming.is_voice),
        mime_type: type.mime_type,
        filename,
        size,
      })
      .execute()
    await closeUpload(tx, actor, incoming, limits)
    return known === undefined
  })
}

/** It has become an attachment, whose row is there. @throws AppError attachment.quota_exceeded, upload.not_found */
export async function closeUpload(
  tx: Tx,
  actor: Actor,
  { id, writer = null }: { id: string; writer?: string | null },
  limits: Limits,
): Promise<void> {
  const usage = await tx
    .selectFrom('media_usage')
    .select('bytes')
    .where('user_id', '=', actor.user_id)
    .executeTakeFirstOrThrow()
  if (usage.bytes > limits.user_media_bytes) throw new AppError('attachment.quota_exceeded')
  const { numDeletedRows } = await tx
    .deleteFrom('uploads')
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .where(sql<boolean>`writer is not distinct from ${writer}`)
    .executeTakeFirstOrThrow()
  // Aborted or swept meanwhile, or taken in by another request.
  if (numDeletedRows === 0n) throw new AppError('upload.not_found')
}

/** Among the user's own alone: that somebody else has a file is nobody's business. Held until the transaction ends. */
async function findSameFile(tx: Tx, actor: Actor, { sha256, type }: Received): Promise<string | undefined> {
  const row = await tx
    .selectFrom('blobs')
    .select('id')
    .where('user_id', '=', actor.user_id)
    .where('sha256', '=', sha256)
    .where('mime_type', '=', type.mime_type)
    .where('removed_at', 'is', null)
    .limit(1)
    .forShare()
    .executeTakeFirst()
  return row?.id
}

async function insertBlob(tx: Tx, actor: Actor, id: string, received: Received): Promise<void> {
  const { type, size, sha256, width, height, is_animated } = received
  const hasPreviews = type.kind !== 'file'
  await tx
    .insertInto('blobs')
    .values({
      id,
      user_id: actor.user_id,
      mime_type: type.mime_type,
      size,
      sha256,
      state: hasPreviews ? 'processing' : 'ready',
      width,
      height,
      is_animated,
    })
    .execute()
  // Behind the first files of everybody else: a thousand pictures of one user hold up nobody's single one.
  if (hasPreviews)
    await enqueue(tx, 'make_previews', { blob_id: id }, { key: id, priority: await countInWork(tx, actor) })
}

/** Files of the user whose previews are still to be made, the new one too; beyond the bound they are all the same. */
async function countInWork(tx: Tx, actor: Actor): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select count(*)::int as total from (
      select from blobs where user_id = ${actor.user_id} and state = 'processing' limit ${MAX_IN_WORK}
    ) b`.execute(tx)
  return rows[0]?.total ?? 0
}
