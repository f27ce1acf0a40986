import type { Db } from '../db/database.js'
import type { LoadSpans } from './fanout.js'

/** Reads the open spans of a user: once for all their sockets on a node. */
export function spanLoader(db: Db): LoadSpans {
  return (userId) =>
    db.query
      .selectFrom('member_spans')
      .select(['conversation_id', 'from_seq'])
      .where('user_id', '=', userId)
      .where('to_event_id', 'is', null)
      .execute()
}
