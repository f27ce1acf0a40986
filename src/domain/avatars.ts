// The picture of a user or a group: a square that is made of what they chose, for everyone to see. Its address is new with each
// picture, so that caches may keep it for ever.
import type { Actor } from '../auth/actor.js'
import type { SetAvatar } from '../contract/avatars.js'
import { AppError } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import type { Db, Tx } from '../db/database.js'
import { originalKey } from '../media/keys.js'
import type { Media } from '../media/media.js'
import type { FormFile } from '../media/multipart.js'
import { AVATAR_TYPES, type ReceivedAvatar, receiveAvatar } from '../media/receive.js'
import { requirePermission } from './access.js'
import { removeAttachments } from './attachments.js'
import { orDropUpload } from './ended-uploads.js'
import { type Here, lockMembership, requireMembership } from './membership.js'
import { addSystemMessages } from './system-messages.js'
import { beginUpload, closeUpload } from './uploads.js'

/** A file that arrives, or one that the actor has uploaded before. */
export type Picture = Pick<FormFile, 'bytes'> | SetAvatar

/** Whose picture it is. */
type Owner = {
  /** Locks the owner, and answers its picture. @throws AppError when it is not the actor's to change */
  lock: (tx: Tx) => Promise<string | null>
  set: (tx: Tx, avatarId: string | null) => Promise<void>
}

function user(actor: Actor): Owner {
  return {
    lock: async (tx) => {
      const row = await tx
        .selectFrom('users')
        .select('avatar_id')
        .where('id', '=', actor.user_id)
        .where('deleted_at', 'is', null)
        .forNoKeyUpdate()
        .executeTakeFirst()
      if (!row) throw new AppError('auth.session_ended')
      return row.avatar_id
    },
    set: async (tx, avatar_id) => {
      await tx.updateTable('users').set({ avatar_id }).where('id', '=', actor.user_id).execute()
    },
  }
}

function group(actor: Actor, id: string): Owner {
  return {
    lock: async (tx) => {
      requireMayChange(await lockMembership(tx, actor, id))
      const row = await tx
        .selectFrom('conversations')
        .select('avatar_id')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return row.avatar_id
    },
    set: async (tx, avatar_id) => {
      await tx.updateTable('conversations').set({ avatar_id }).where('id', '=', id).execute()
      const kind = avatar_id === null ? 'photo_removed' : 'photo_changed'
      await addSystemMessages(tx, id, [{ kind, params: { actor_id: actor.user_id } }])
    },
  }
}

function requireMayChange(here: Here): void {
  if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
  requirePermission(here.role, 'conversation.update')
}

/** Answers the id of the picture. @throws AppError those of replace() */
export function setUserAvatar(db: Db, media: Media, actor: Actor, picture: Picture, limits: Limits): Promise<string> {
  return replace(db, media, actor, user(actor), picture, limits)
}

/** Nothing happens where there is none. */
export function removeUserAvatar(db: Db, actor: Actor): Promise<void> {
  return remove(db, actor, user(actor))
}

/** Answers the id of the picture. @throws AppError those of replace(), conversation.not_found, .forbidden, .not_for_direct */
export async function setConversationAvatar(
  db: Db,
  media: Media,
  actor: Actor,
  conversationId: string,
  picture: Picture,
  limits: Limits,
): Promise<string> {
  // Once before the first byte is read, and once more under the lock.
  requireMayChange(await requireMembership(db.query, actor, conversationId))
  return replace(db, media, actor, group(actor, conversationId), picture, limits)
}

/** Nothing happens where there is none. @throws AppError conversation.not_found, .forbidden, .not_for_direct */
export function removeConversationAvatar(db: Db, actor: Actor, conversationId: string): Promise<void> {
  return remove(db, actor, group(actor, conversationId))
}

/** Of what is being deleted: an account, whose row is locked and forgets the picture itself, or a group that is locked. */
export async function discardAvatarOf(tx: Tx, table: 'users' | 'conversations', id: string): Promise<void> {
  const { avatar_id } = await tx.selectFrom(table).select('avatar_id').where('id', '=', id).executeTakeFirstOrThrow()
  if (avatar_id !== null) await removeAttachments(tx, [avatar_id])
}

type AvatarFile = { blob_id: string; mime_type: string; size: number; sha256: Buffer }

/** For everyone, but only while it is somebody's picture. @throws AppError attachment.not_found */
export async function requireAvatar(db: Db, id: string): Promise<AvatarFile> {
  const row = await db.query
    .selectFrom('attachments as a')
    .innerJoin('blobs as b', 'b.id', 'a.blob_id')
    .select(['b.id as blob_id', 'b.mime_type', 'b.size', 'b.sha256'])
    .where('a.id', '=', id)
    .where('a.purpose', '=', 'avatar')
    .where('a.removed_at', 'is', null)
    .executeTakeFirst()
  if (!row) throw new AppError('attachment.not_found')
  return row
}

/**
 * @throws AppError those of receiveAvatar(), upload.too_many, upload.not_found, attachment.quota_exceeded; of an attachment:
 *   attachment.not_found, .in_use, .not_an_avatar, .too_large
 */
async function replace(
  db: Db,
  media: Media,
  actor: Actor,
  owner: Owner,
  picture: Picture,
  limits: Limits,
): Promise<string> {
  const { uses, receive } = await sourceOf(db, media, actor, picture, limits)
  const upload = { method: 'multipart', conversation_id: null, is_voice: false, keep_metadata: false } as const
  const { id } = await beginUpload(db, media, actor, upload, limits)
  await orDropUpload(db, media.storage, id, async () => {
    const received = await receive({ key: originalKey(id), user_id: actor.user_id, limit: limits.avatar_bytes })
    await db.write(actor.user_id, async (tx) => {
      const before = await owner.lock(tx)
      if (uses !== null) await requireUnused(tx, actor, uses, limits)
      const ended = [uses, before].filter((one) => one !== null)
      await removeAttachments(tx, ended)
      await insertAvatar(tx, actor, id, received, limits)
      await owner.set(tx, id)
    })
  })
  return id
}

type Arrival = Parameters<typeof receiveAvatar>[2]

/** `uses`: the attachment that is used up. @throws AppError those of requireUnused() */
async function sourceOf(
  db: Db,
  media: Media,
  actor: Actor,
  picture: Picture,
  limits: Limits,
): Promise<{ uses: string | null; receive: (arrival: Arrival) => Promise<ReceivedAvatar> }> {
  if ('bytes' in picture) return { uses: null, receive: (arrival) => receiveAvatar(media, picture.bytes, arrival) }
  const uses = picture.attachment_id
  const blobId = await requireUnused(db.query, actor, uses, limits)
  return { uses, receive: (arrival) => receiveStored(media, blobId, arrival) }
}

function remove(db: Db, actor: Actor, owner: Owner): Promise<void> {
  return db.write(actor.user_id, async (tx) => {
    const before = await owner.lock(tx)
    if (before === null) return
    await removeAttachments(tx, [before])
    await owner.set(tx, null)
  })
}

/**
 * Where the bytes are of a finished upload that no message has, and that can become a picture. In a transaction it stays so
 * until its end.
 * @throws AppError attachment.not_found, .in_use, .not_an_avatar, .too_large
 */
async function requireUnused(db: Tx | Db['query'], actor: Actor, id: string, limits: Limits): Promise<string> {
  const look = db
    .selectFrom('attachments')
    .select(['blob_id', 'mime_type', 'size', 'message_id'])
    .where('id', '=', id)
    .where('user_id', '=', actor.user_id)
    .where('purpose', '=', 'message')
    .where('removed_at', 'is', null)
  const row = await (db.isTransaction ? look.forUpdate() : look).executeTakeFirst()
  if (!row) throw new AppError('attachment.not_found')
  if (row.message_id !== null) throw new AppError('attachment.in_use')
  if (row.blob_id === null || !AVATAR_TYPES.includes(row.mime_type)) throw new AppError('attachment.not_an_avatar')
  if (row.size > limits.avatar_bytes) throw new AppError('attachment.too_large')
  return row.blob_id
}

/** @throws AppError attachment.not_found, those of receiveAvatar() */
async function receiveStored(media: Media, blobId: string, arrival: Arrival): Promise<ReceivedAvatar> {
  const stored = await media.storage.get(originalKey(blobId))
  // Removed meanwhile, and purged.
  if (!stored) throw new AppError('attachment.not_found')
  try {
    return await receiveAvatar(media, stored, arrival)
  } finally {
    stored.destroy()
  }
}

/** @throws AppError attachment.quota_exceeded, upload.not_found */
async function insertAvatar(tx: Tx, actor: Actor, id: string, file: ReceivedAvatar, limits: Limits): Promise<void> {
  const { size, sha256, mime_type, width, height } = file
  const { user_id } = actor
  // It is small as it is: nothing is made of it.
  await tx.insertInto('blobs').values({ id, user_id, mime_type, size, sha256, width, height, state: 'ready' }).execute()
  await tx
    .insertInto('attachments')
    .values({ id, blob_id: id, user_id, purpose: 'avatar', kind: 'image', mime_type, filename: 'avatar.webp', size })
    .execute()
  await closeUpload(tx, actor, { id }, limits)
}
