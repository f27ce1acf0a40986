import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Membership } from '../contract/memberships.js'
import type { ListReceipts, MarkUnread, ReadConversations, ReadOutcome, UnreadCounts } from '../contract/receipts.js'
import type { Db } from '../db/database.js'
import { requireMembership } from './membership.js'
import { lockOwn, readMembership } from './memberships.js'
import { INTEGER, readCursor, toPage, UUID } from './pages.js'
import type { Advance } from './receipt-reports.js'

/** The actor's conversations with something unread. What it costs depends on how many they are in, not on what was said there. */
export async function listUnread(db: Db, actor: Actor, input: ListReceipts): Promise<UnreadCounts> {
  const after = input.cursor === undefined ? undefined : readCursor(input.cursor, [INTEGER, UUID])
  type Row = {
    total: number
    conversations: number
    id: string | null
    unread: number
    muted: string | null
    activity: number
  }
  const { rows } = await sql<Row>`
    with unread as materialized (
      select me.conversation_id as id, wire_time(me.muted_until) as muted,
             s.message_number - coalesce(me.unread_from - 1, me.read_number) as unread,
             (extract(epoch from s.last_message_at) * 1000000)::bigint as activity
      from members me
      -- By the keys, whatever the planner thinks: joined freely, it reads all conversations that there are.
      cross join lateral (select s.message_number, s.last_message_at from streams s where s.id = me.conversation_id offset 0) s
      where me.user_id = ${actor.user_id} and s.message_number > coalesce(me.unread_from - 1, me.read_number)
        and exists (select from conversations c where c.id = me.conversation_id and c.deleted_at is null offset 0)
    )
    select totals.*, shown.*
    from (select coalesce(sum(unread), 0)::bigint as total, count(*) as conversations from unread) totals
    left join lateral (
      select * from unread
      where ${after?.[0] ?? null}::bigint is null or (activity, id) < (${after?.[0] ?? null}::bigint, ${after?.[1] ?? null}::uuid)
      order by activity desc, id desc
      limit ${input.limit + 1}
    ) shown on true
    order by shown.activity desc, shown.id desc`.execute(db.query)
  const conversations = rows.flatMap(({ id, ...row }) => (id === null ? [] : [{ id, ...row }]))
  const page = toPage(
    conversations,
    input.limit,
    (row) => ({ conversation_id: row.id, unread_count: row.unread, muted_until: row.muted }),
    (row) => [row.activity, row.id],
  )
  return { ...page, total_unread_count: rows[0]?.total ?? 0, unread_conversation_count: rows[0]?.conversations ?? 0 }
}

/**
 * Unread again from this message on, for the actor alone: read_number, which others see, stays. What is not yet read is
 * unread already, so there it changes nothing.
 * @throws AppError conversation.not_found, request.invalid for a message that does not exist
 */
export function markUnread(db: Db, actor: Actor, conversationId: string, input: MarkUnread): Promise<Membership> {
  return db.write(actor.user_id, async (tx) => {
    await requireMembership(tx, actor, conversationId)
    const { read_number, message_number } = await lockOwn(tx, actor, conversationId)
    if (input.from_number > message_number) {
      const message = `must be at most ${message_number}, the number of the last message`
      throw new AppError('request.invalid', { errors: [{ path: 'from_number', code: 'too_big', message }] })
    }
    if (input.from_number <= read_number) {
      await tx
        .updateTable('members')
        .set({ unread_from: input.from_number })
        .where('conversation_id', '=', conversationId)
        .where('user_id', '=', actor.user_id)
        .execute()
    }
    return readMembership(tx, actor, conversationId)
  })
}

const READ_CONVERSATIONS = {
  name: 'read_conversations',
  text: `
    select a.*
    from (
      select array(
        select conversation_id from members
        where user_id = $1 and ($2::uuid[] is null or conversation_id = any($2::uuid[]))
      ) as ids
      offset 0
    ) mine
    cross join lateral advance_receipts(
      array_fill($1::uuid, array[cardinality(mine.ids)]), mine.ids,
      array_fill($3::bigint, array[cardinality(mine.ids)]), null) a`,
}

/** Everything in all of the actor's conversations, or in those that are named, is read; one statement for all. */
export async function readConversations(
  db: Db,
  actor: Actor,
  input: ReadConversations,
): Promise<{ outcome: ReadOutcome; advances: Advance[] }> {
  const asked = input.conversation_ids && [...new Set(input.conversation_ids)]
  const rows = await db.call<Advance>(READ_CONVERSATIONS, [actor.user_id, asked ?? null, Number.MAX_SAFE_INTEGER])
  const done = new Set(rows.map((row) => row.conversation_id))
  const missing = (asked ?? []).filter((id) => !done.has(id))
  const outcome = {
    successful: rows.length,
    failed: missing.length,
    total: rows.length + missing.length,
    errors: missing.map((conversation_id) => ({ conversation_id, code: 'conversation.not_found' as const })),
  }
  return { outcome, advances: rows }
}
