// How a member wants to have a conversation: theirs alone, heard on all their devices.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import { HARD } from '../contract/limits.js'
import type { Membership, UpdateMembership } from '../contract/memberships.js'
import type { Db, Tx } from '../db/database.js'
import { lockMembership, requireMembership } from './membership.js'
import { requireTimeToCome } from './times.js'

/** @throws AppError conversation.not_found, .too_many_pinned, request.time_past */
export function updateMembership(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: UpdateMembership,
): Promise<Membership> {
  return db.write(actor.user_id, async (tx) => {
    const { pinned, archived, muted_until, ...columns } = input
    await requireMembership(tx, actor, conversationId)
    // Two devices must not both find room for the fifth.
    if (pinned) await tx.selectFrom('users').select('id').where('id', '=', actor.user_id).forNoKeyUpdate().execute()
    // What has come is told from what is still to come by the number of the last message: none may be on its way.
    const counts = archived !== undefined || muted_until !== undefined
    if (counts) await lockMembership(tx, actor, conversationId)
    await requireTimeToCome(tx, 'muted_until', muted_until)
    const before = await lockOwn(tx, actor, conversationId)
    if (pinned && !before.is_pinned) await requireRoomForPin(tx, actor)
    const isArchived = archived ?? before.is_archived
    const changes = {
      ...columns,
      ...(pinned !== undefined && pinned !== before.is_pinned && { pinned_at: pinned ? sql<Date>`now()` : null }),
      ...(isArchived !== before.is_archived && { archived_at: isArchived ? sql<Date>`clock_timestamp()` : null }),
      // What came while it was muted does not bring it back once the mute is another one.
      ...(counts && { archived_number: before.message_number }),
      ...(muted_until !== undefined && { muted_until }),
      // A newer message has brought it back already: then that stays so.
      ...(!isArchived && { archived_at: null }),
    }
    if (Object.keys(changes).length === 0) return readMembership(tx, actor, conversationId)
    await tx
      .updateTable('members')
      .set(changes)
      .where('conversation_id', '=', conversationId)
      .where('user_id', '=', actor.user_id)
      .execute()
    return readMembership(tx, actor, conversationId)
  })
}

/** @throws AppError conversation.not_found */
export async function readMembership(db: Tx | Db['query'], actor: Actor, conversationId: string): Promise<Membership> {
  const row = await db
    .selectFrom('membership_wire')
    .select('wire')
    .where('conversation_id', '=', conversationId)
    .where('user_id', '=', actor.user_id)
    .$castTo<{ wire: Membership }>()
    .executeTakeFirst()
  if (!row) throw new AppError('conversation.not_found')
  return row.wire
}

type Before = { is_pinned: boolean; is_archived: boolean; read_number: number; message_number: number }

/**
 * The actor's own row, locked; read by a statement after the one that may have waited, for a message may have come
 * meanwhile. @throws AppError conversation.not_found for somebody who was removed while this waited
 */
export async function lockOwn(tx: Tx, actor: Actor, conversationId: string): Promise<Before> {
  await sql`select from members where conversation_id = ${conversationId} and user_id = ${actor.user_id} for no key update`.execute(
    tx,
  )
  const { rows } = await sql<Before>`
    select m.pinned_at is not null as is_pinned, m.read_number, s.message_number,
           is_archived(m.archived_at, m.archived_number, m.muted_until, s.message_number, s.last_message_at) as is_archived
    from members m join streams s on s.id = m.conversation_id
    where m.conversation_id = ${conversationId} and m.user_id = ${actor.user_id}`.execute(tx)
  const before = rows[0]
  if (!before) throw new AppError('conversation.not_found')
  return before
}

async function requireRoomForPin(tx: Tx, actor: Actor): Promise<void> {
  const pinned = await tx
    .selectFrom('members')
    .innerJoin('conversations', 'conversations.id', 'members.conversation_id')
    .select('members.conversation_id')
    .where('members.user_id', '=', actor.user_id)
    .where('members.pinned_at', 'is not', null)
    .where('conversations.deleted_at', 'is', null)
    .limit(HARD.pinned_conversations)
    .execute()
  if (pinned.length >= HARD.pinned_conversations) throw new AppError('conversation.too_many_pinned')
}
