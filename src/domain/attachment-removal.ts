// Files that go: one by one, or all of an account, while their messages stay and everyone hears attachment.removed; or with
// their conversation, whose end was heard.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import type { Db, Tx } from '../db/database.js'
import { requireNothingAgainst, whyNotDelete } from './access.js'
import { discardAttachments, ownFiles, removeAttachments } from './attachments.js'
import { endUploadsOf } from './ended-uploads.js'
import { lockMessage } from './messages.js'
import { lockConversations } from './streams.js'

const BATCH = 500

/**
 * One's own that no message has, or one of a message: by those who may delete that message. Repeating it changes nothing.
 * @throws AppError attachment.not_found, message.not_found, conversation.not_found, message.forbidden, .delete_window_over
 */
export function removeAttachment(db: Db, actor: Actor, id: string, limits: Limits): Promise<void> {
  return db.write(actor.user_id, async (tx) => {
    // Before the look: a message that takes it at the same moment is waited for here, and seen then.
    await discardAttachments(tx, actor, [id])
    const file = await findFile(tx, actor, id)
    if (file.message_id === null || file.removed_at) return
    const { message, here } = await lockMessage(tx, actor, file.message_id)
    if (message.deleted_at) return
    requireNothingAgainst(whyNotDelete(actor, here.role, message, limits, message.now))
    await removeAttachments(tx, [id])
  })
}

/** Also a removed one, as long as it is remembered. @throws AppError attachment.not_found */
async function findFile(
  tx: Tx,
  actor: Actor,
  id: string,
): Promise<{ message_id: string | null; removed_at: Date | null }> {
  const row = await ownFiles(tx, actor)
    .select(['a.message_id', 'a.removed_at'])
    .where('a.id', '=', id)
    .executeTakeFirst()
  if (!row) throw new AppError('attachment.not_found')
  return row
}

/** All that somebody has uploaded, who has deleted their account. It may be interrupted and done again. */
export async function removeFilesOf(db: Db, userId: string): Promise<void> {
  await endUploadsOf(db, userId)
  while ((await removeSomeFilesOf(db, userId)) === BATCH);
}

/** In conversations that are locked first: what is appended to their streams must not meet whoever holds them. */
function removeSomeFilesOf(db: Db, userId: string): Promise<number> {
  return db.write(userId, async (tx) => {
    const { rows } = await sql<{ id: string; conversation_id: string | null }>`
      select id, conversation_id from attachments
      where user_id = ${userId} and removed_at is null and purpose = 'message'
      limit ${BATCH}`.execute(tx)
    await lockConversations(tx, [...new Set(rows.flatMap(({ conversation_id }) => conversation_id ?? []))])
    const ids = rows.map(({ id }) => id)
    await removeAttachments(tx, ids)
    return ids.length
  })
}

/** All of a conversation that was deleted: nobody can see them any more, nor take them away. */
export async function removeFilesOfConversation(db: Db, conversationId: string): Promise<void> {
  const removeSome = () =>
    db.write(null, async (tx) => {
      const { numAffectedRows = 0n } = await sql`
        update attachments set removed_at = now()
        where id in (
          select id from attachments
          where conversation_id = ${conversationId} and removed_at is null
          order by number desc, position desc limit ${BATCH} for update)`.execute(tx)
      return Number(numAffectedRows)
    })
  while ((await removeSome()) === BATCH);
}
