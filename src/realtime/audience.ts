import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import type { LoadAudience } from './fanout.js'

type Span = { conversation_id: string; from_seq: number; is_open: boolean; ended_by: number }

/**
 * Reads what a user may hear, once for all their sockets on a node. `unsettled`: the last event that ended a stay of theirs
 * and that this node, which has handed out everything up to `safe()`, may not have seen.
 */
export function audienceLoader(db: Db, safe: () => number): LoadAudience {
  return async (userId) => {
    const seen = safe()
    const spans = sql<Span>`
      select m.conversation_id, m.from_seq, m.to_event_id is null and c.deleted_at is null as is_open,
             case when c.deleted_at is not null then s.last_event_id else coalesce(m.to_event_id, 0) end as ended_by
      from (
        select conversation_id, from_seq, to_event_id
        from member_spans
        where user_id = ${userId} and (to_event_id is null or to_event_id > ${seen}::bigint)
      ) m
      join conversations c on c.id = m.conversation_id
      left join streams s on s.id = m.conversation_id and c.deleted_at is not null`
    const blocks = db.query
      .selectFrom('blocks')
      .select(['blocker_id', 'blocked_id'])
      .where((eb) => eb.or([eb('blocker_id', '=', userId), eb('blocked_id', '=', userId)]))
    const [{ rows }, blocked] = await Promise.all([spans.execute(db.query), blocks.execute()])
    return {
      spans: rows.filter((span) => span.is_open),
      blocks: blocked,
      unsettled: rows.reduce((last, span) => Math.max(last, span.ended_by), 0),
    }
  }
}
