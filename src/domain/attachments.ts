// Files of messages: which of them a message may take, and who may see them.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { Attachment, AttachmentKind, Variant } from '../contract/attachments.js'
import { AppError } from '../contract/errors.js'
import type { SendMessage } from '../contract/messages.js'
import type { Db, Tx } from '../db/database.js'
import { requireNothingAgainst, whyNotAttach, whyNotSend } from './access.js'
import { lockMembership } from './membership.js'
import { settingsOf } from './settings.js'

/**
 * Which type of message these files make: their kind, or `file` where they differ. They stay the actor's and linkable until
 * the transaction ends.
 * @throws AppError conversation.not_found, .forbidden, user.blocked, attachment.not_found, .in_use, .not_allowed_here
 */
export async function typeWithFiles(
  tx: Tx,
  actor: Actor,
  conversationId: string,
  input: Pick<SendMessage, 'attachment_ids' | 'client_id'>,
): Promise<string> {
  const here = await lockMembership(tx, actor, conversationId)
  requireNothingAgainst(whyNotSend(here.role, here.blocked))
  const sent = await findSent(tx, actor, input.client_id)
  // A repeat: its files are in the message already, and send_messages() answers with that.
  if (sent) return sent.type
  const kinds = new Set(await lockLinkable(tx, actor, conversationId, input.attachment_ids))
  const [kind = 'file'] = kinds
  return kinds.size === 1 ? kind : 'file'
}

/**
 * The kinds of these files, which a message of this conversation may have: they stay the actor's and linkable until the
 * transaction ends.
 * @throws AppError attachment.not_found, .in_use, .not_allowed_here
 */
export async function lockLinkable(
  tx: Tx,
  actor: Actor,
  conversationId: string,
  ids: string[],
): Promise<AttachmentKind[]> {
  const files = await lockFiles(tx, actor, ids)
  if (files.length < ids.length) throw new AppError('attachment.not_found')
  const settings = await settingsOf(tx, conversationId)
  for (const file of files) {
    if (file.message_id) throw new AppError('attachment.in_use')
    requireNothingAgainst(whyNotAttach(settings, file))
  }
  return files.map((file) => file.kind)
}

async function findSent(tx: Tx, actor: Actor, clientId: string | undefined): Promise<{ type: string } | undefined> {
  if (clientId === undefined) return undefined
  return tx
    .selectFrom('messages')
    .select('type')
    .where('sender_id', '=', actor.user_id)
    .where('client_id', '=', clientId)
    .executeTakeFirst()
}

type File = { id: string; kind: AttachmentKind; size: number; message_id: string | null }

/** Of the actor's own; sorted, as everybody does who locks several. */
function lockFiles(tx: Tx, actor: Actor, ids: string[]): Promise<File[]> {
  return tx
    .selectFrom('attachments')
    .select(['id', 'kind', 'size', 'message_id'])
    .where('id', 'in', ids)
    .where('user_id', '=', actor.user_id)
    .where('purpose', '=', 'message')
    .where('removed_at', 'is', null)
    .orderBy('id')
    .forUpdate()
    .$castTo<File>()
    .execute()
}

/** What the bytes of an attachment are, for somebody who may see them. */
export type VisibleFile = {
  id: string
  blob_id: string | null
  kind: AttachmentKind
  mime_type: string
  filename: string
  size: number
  state: string | null
  sha256: Buffer | null
  variants: Variant[] | null
}

/**
 * Asked for each request, in one look-up by keys.
 * @throws AppError attachment.not_found
 */
export async function requireVisibleFile(db: Db, actor: Actor, id: string): Promise<VisibleFile> {
  const row = await visibleFiles(db.query, actor)
    .leftJoin('blobs as b', 'b.id', 'a.blob_id')
    .select(['a.id', 'a.blob_id', 'a.kind', 'a.mime_type', 'a.filename', 'a.size', 'b.state', 'b.sha256', 'b.variants'])
    .where('a.id', '=', id)
    .$castTo<VisibleFile>()
    .executeTakeFirst()
  if (!row) throw new AppError('attachment.not_found')
  return row
}

/** @throws AppError attachment.not_found */
export async function readAttachment(db: Db, actor: Actor, id: string): Promise<Attachment> {
  const row = await visibleFiles(db.query, actor)
    .innerJoin('attachment_wire as w', 'w.id', 'a.id')
    .select('w.wire')
    .where('a.id', '=', id)
    .$castTo<{ wire: Attachment }>()
    .executeTakeFirst()
  if (!row) throw new AppError('attachment.not_found')
  return row.wire
}

/** Those of `ids` that the actor may see and whose bytes are here. */
export async function findVisible(db: Db, actor: Actor, ids: string[]): Promise<string[]> {
  const rows = await visibleFiles(db.query, actor)
    .select('a.id')
    .where('a.id', 'in', ids)
    .where('a.blob_id', 'is not', null)
    .execute()
  const visible = new Set(rows.map((row) => row.id))
  return ids.filter((id) => visible.has(id))
}

/** The uploader's alone until a message has it, and from then on everybody's in the conversation; also a removed one. */
export function ownFiles(db: Tx | Db['query'], actor: Actor) {
  return db
    .selectFrom('attachments as a')
    .where('a.purpose', '=', 'message')
    .where(
      sql<boolean>`case when a.message_id is null then a.user_id = ${actor.user_id} else
        exists (
          select from members me join conversations c on c.id = me.conversation_id and c.deleted_at is null
          where me.conversation_id = a.conversation_id and me.user_id = ${actor.user_id})
        end`,
    )
}

/** Those of them that are there, in a message that the actor has not hidden. */
export function visibleFiles(db: Tx | Db['query'], actor: Actor) {
  return ownFiles(db, actor)
    .where('a.removed_at', 'is', null)
    .where(
      sql<boolean>`not exists (
        select from hidden_messages h where h.user_id = ${actor.user_id} and h.message_id = a.message_id offset 0)`,
    )
}

/** Those of the actor's own that no message has. */
export async function discardAttachments(db: Tx | Db['query'], actor: Actor, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  await removing(db, ids)
    .where('user_id', '=', actor.user_id)
    .where('purpose', '=', 'message')
    .where('message_id', 'is', null)
    .execute()
}

/** Whoever calls has seen to it that they may go. */
export async function removeAttachments(tx: Tx, ids: string[]): Promise<void> {
  if (ids.length > 0) await removing(tx, ids).execute()
}

/** Lost to their readers at once; the bytes go after a while. */
function removing(db: Tx | Db['query'], ids: string[]) {
  return db
    .updateTable('attachments')
    .set({ removed_at: sql`now()` })
    .where('id', 'in', ids)
    .where('removed_at', 'is', null)
}
