import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { MyStats } from '../contract/stats.js'
import type { Db } from '../db/database.js'
import { acrossABlock } from './blocks.js'

/** The sample of the average: these many conversations, the most recently active, of each the last messages and some members. */
const SAMPLE = { conversations: 20, messages: 50, members: 5 }

/** Over the conversations that the actor is in now. The counts are those of the members' rows; only the sample reads messages. */
export async function readMyStats(db: Db, actor: Actor): Promise<MyStats> {
  const { rows } = await sql<MyStats>`
    with mine as materialized (
      select me.conversation_id, me.sent_count, me.joined_number, s.message_number, s.last_message_at
      from members me
      -- By the keys, whatever the planner thinks: joined freely, it reads all conversations that there are.
      cross join lateral (select s.message_number, s.last_message_at from streams s where s.id = me.conversation_id offset 0) s
      where me.user_id = ${actor.user_id}
        and exists (select from conversations c where c.id = me.conversation_id and c.deleted_at is null offset 0)
    ), recent as (
      select conversation_id, message_number from mine
      order by last_message_at desc nulls last, conversation_id
      limit ${SAMPLE.conversations}
    ), sample as (
      select greatest(extract(epoch from t.delivered_at - x.created_at) * 1000, 0) as ms
      from recent
      -- By their numbers: the planner would rather read everything that the actor has ever sent.
      cross join lateral (
        select x.conversation_id, x.number, x.sender_id, x.created_at from messages x
        where x.conversation_id = recent.conversation_id and x.number > recent.message_number - ${SAMPLE.messages}
        offset 0
      ) x
      cross join lateral (
        select m.user_id from members m
        where m.conversation_id = recent.conversation_id and m.user_id <> ${actor.user_id}
          and m.user_id not in ${acrossABlock(actor)}
        order by m.user_id
        limit ${SAMPLE.members}
      ) other
      cross join lateral receipt_times(x.conversation_id, other.user_id, x.number) t
      where x.sender_id = ${actor.user_id} and t.delivered_at is not null
    )
    select coalesce(sum(sent_count), 0)::bigint as sent_count,
           coalesce(sum(message_number - joined_number - sent_count), 0)::bigint as received_count,
           (select round(avg(ms))::bigint from sample) as average_delivery_ms
    from mine`.execute(db.query)
  return rows[0] ?? { sent_count: 0, received_count: 0, average_delivery_ms: null }
}
