import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { Attachment, ListAttachments } from '../contract/attachments.js'
import type { Page } from '../contract/fields.js'
import type { Db } from '../db/database.js'
import { requireMembership } from './membership.js'
import { INTEGER, readCursor, toPage } from './pages.js'

const POSITION = /^\d{1,4}$/

type Row = { wire: Attachment; number: number; position: number }

/** The files of a conversation, those of the newest message first. @throws AppError conversation.not_found */
export async function listAttachments(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: ListAttachments,
): Promise<Page<Attachment>> {
  await requireMembership(db.query, actor, conversationId)
  const { kind, limit, cursor } = input
  const [number, position] = cursor === undefined ? [] : readCursor(cursor, [INTEGER, POSITION])
  // As in listMessages(): the page by its index, everything else by keys, and membership in the statement that reads.
  const { rows } = await sql<Row>`
    with page as (
      select a.id, a.number, a.position
      from attachments a
      where a.conversation_id = ${conversationId} ${kind === undefined ? sql`` : sql`and a.kind = ${kind}`}
        and a.removed_at is null
        ${number === undefined ? sql`` : sql`and (a.number, a.position) < (${number}::bigint, ${position}::smallint)`}
        and exists (
          select from members me join conversations c on c.id = me.conversation_id and c.deleted_at is null
          where me.conversation_id = ${conversationId} and me.user_id = ${actor.user_id})
        and not exists (
          select from hidden_messages h where h.user_id = ${actor.user_id} and h.message_id = a.message_id offset 0)
      order by a.number desc, a.position desc
      limit ${limit + 1}
    )
    select w.wire, page.number, page.position
    from page cross join lateral (select w.wire from attachment_wire w where w.id = page.id offset 0) w
    order by page.number desc, page.position desc`.execute(db.query)
  return toPage(
    rows,
    limit,
    (row) => row.wire,
    (row) => [row.number, row.position],
  )
}
