import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Page } from '../contract/fields.js'
import type { ListReceipts, MessageReceipts, Receipt } from '../contract/receipts.js'
import type { Db, Tx } from '../db/database.js'
import { acrossABlock } from './blocks.js'
import { requireMembership } from './membership.js'
import { readCursor, toPage, UUID } from './pages.js'

/** The positions of all members but those across a block. @throws AppError conversation.not_found */
export async function listReceipts(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: ListReceipts,
): Promise<Page<Receipt>> {
  await requireMembership(db.query, actor, conversationId)
  const [after] = input.cursor === undefined ? [] : readCursor(input.cursor, [UUID])
  const { rows } = await sql<Receipt>`
    select m.user_id, case when m.show_read_receipts or m.user_id = me.user_id then m.read_number end as read_number,
           m.delivered_number
    from members me
    join members m on m.conversation_id = me.conversation_id
    where me.conversation_id = ${conversationId} and me.user_id = ${actor.user_id}
      and (${after ?? null}::uuid is null or m.user_id > ${after ?? null}::uuid)
      and m.user_id not in ${acrossABlock(actor)}
    order by m.user_id
    limit ${input.limit + 1}`.execute(db.query)
  return toPage(
    rows,
    input.limit,
    (row) => row,
    (row) => [row.user_id],
  )
}

type Seen = {
  member_count: number
  delivered_count: number
  read_count: number
  /** null in the one row of an empty page. */
  user_id: string | null
  delivered_at: string | null
  read_at: string | null
}

/**
 * Who of those who were there when it was said received the message, and who read it, and when. At most as many members as
 * a conversation can have, each with two probes of a key: the counts are exact and never stored.
 * @throws AppError message.not_found, also for one that is hidden for the actor
 */
export async function listMessageReceipts(
  db: Db,
  actor: Actor,
  messageId: string,
  input: ListReceipts,
): Promise<MessageReceipts> {
  const [after] = input.cursor === undefined ? [] : readCursor(input.cursor, [UUID])
  const { rows } = await sql<Seen>`
    with target as (
      select x.conversation_id, x.number, x.sender_id, me.user_id as reader_id
      from messages x
      join conversations c on c.id = x.conversation_id and c.deleted_at is null
      join members me on me.conversation_id = x.conversation_id and me.user_id = ${actor.user_id}
      where x.id = ${messageId}
        and not exists (select from hidden_messages h where h.user_id = me.user_id and h.message_id = x.id)
    ), seen as materialized (
      select m.user_id, t.delivered_at, case when m.show_read_receipts or m.user_id = x.reader_id then t.read_at end as read_at
      from target x
      join members m on m.conversation_id = x.conversation_id and m.user_id is distinct from x.sender_id
      cross join lateral receipt_times(m.conversation_id, m.user_id, x.number) t
      -- Or they were there before, and have come back.
      where (m.joined_number < x.number or t.delivered_at is not null) and m.user_id not in ${acrossABlock(actor)}
    )
    select counts.*, p.user_id, wire_time(p.delivered_at) as delivered_at, wire_time(p.read_at) as read_at
    from target
    cross join (
      select count(*) as member_count, count(delivered_at) as delivered_count, count(read_at) as read_count from seen
    ) counts
    left join lateral (
      select * from seen
      where ${after ?? null}::uuid is null or user_id > ${after ?? null}::uuid
      order by user_id
      limit ${input.limit + 1}
    ) p on true
    order by p.user_id`.execute(db.query)
  const first = rows[0]
  if (!first) throw new AppError('message.not_found')
  const { member_count, delivered_count, read_count } = first
  const people = rows.flatMap(({ user_id, delivered_at, read_at }) =>
    user_id === null ? [] : [{ user_id, delivered_at, read_at }],
  )
  const page = toPage(
    people,
    input.limit,
    (row) => row,
    (row) => [row.user_id],
  )
  return { ...page, member_count, delivered_count, read_count, status: worstOf(first) }
}

/** What nobody may learn of a deleted account. By the stays, for the rows have no index of their own by user. */
export async function forgetReceipts(tx: Tx, userId: string): Promise<void> {
  await sql`
    delete from receipts r
    using (select distinct conversation_id from member_spans where user_id = ${userId}) stays
    where r.conversation_id = stays.conversation_id and r.user_id = ${userId}`.execute(tx)
}

function worstOf({ member_count, delivered_count, read_count }: Seen): MessageReceipts['status'] {
  if (member_count === 0) return 'sent'
  if (read_count === member_count) return 'read'
  return delivered_count === member_count ? 'delivered' : 'sent'
}
