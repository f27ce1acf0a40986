import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import { HARD, type Limits } from '../contract/limits.js'
import type { Message } from '../contract/messages.js'
import type { Db } from '../db/database.js'
import { requireNothingAgainst, whyNotEdit } from './access.js'
import { lockLinkable } from './attachments.js'
import { lockMessage, readWire } from './messages.js'

/**
 * More files for a message, as long as its sender may edit it. What type a message has was told and stays: so one without
 * files takes none, and one of images takes images; one of type `file` takes all kinds. Repeating it changes nothing.
 * @throws AppError message.not_found, .forbidden, .not_editable, .edit_window_over, conversation.not_found, .forbidden,
 *   user.blocked, request.invalid, attachment.not_found, .in_use, .not_allowed_here
 */
export function addAttachments(db: Db, actor: Actor, id: string, ids: string[], limits: Limits): Promise<Message> {
  return db.write(actor.user_id, async (tx) => {
    const { message, here } = await lockMessage(tx, actor, id)
    requireNothingAgainst(whyNotEdit(actor, here, message, limits, message.now))
    const { type, attachment_count, conversation_id } = message
    if (attachment_count === 0) {
      throw new AppError('message.not_editable', { detail: 'Only a message that has attachments takes more' })
    }
    const linked = await tx
      .selectFrom('attachments')
      .select('id')
      .where('id', 'in', ids)
      .where('message_id', '=', id)
      .where('removed_at', 'is', null)
      .execute()
    const added = ids.filter((one) => !linked.some((file) => file.id === one))
    if (added.length === 0) return readWire(tx, id)
    if (attachment_count + added.length > HARD.attachments) {
      const message = `a message has at most ${HARD.attachments}`
      throw new AppError('request.invalid', { errors: [{ path: 'attachment_ids', code: 'too_big', message }] })
    }
    const kinds = await lockLinkable(tx, actor, conversation_id, added)
    if (type !== 'file' && kinds.some((kind) => kind !== type)) {
      throw new AppError('attachment.not_allowed_here', {
        detail: `This message takes files of the kind ${type} alone`,
      })
    }
    // The message before the bytes of its files, as the purge takes them.
    await tx
      .updateTable('messages')
      .set({ attachment_count: attachment_count + added.length, edited_at: sql`clock_timestamp()` })
      .where('id', '=', id)
      .execute()
    await sql`select link_attachments(${actor.user_id}, ${id}, ${added}::uuid[], ${attachment_count})`.execute(tx)
    return readWire(tx, id)
  })
}
