import type { Db } from '../db/database.js'
import type { LoadSpans } from './fanout.js'

/** Reads the open spans of a user: once for all their sockets on a node. */
export function spanLoader(db: Db): LoadSpans {
  return (userId) =>
    db.query
      .selectFrom('member_spans')
      .innerJoin('conversations', 'conversations.id', 'member_spans.conversation_id')
      .select(['member_spans.conversation_id', 'member_spans.from_seq'])
      .where('member_spans.user_id', '=', userId)
      .where('member_spans.to_event_id', 'is', null)
      .where('conversations.deleted_at', 'is', null)
      .execute()
}
