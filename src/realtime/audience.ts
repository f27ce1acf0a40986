import type { Db } from '../db/database.js'
import type { LoadAudience } from './fanout.js'

/** Reads what a user may hear, once for all their sockets on a node. */
export function audienceLoader(db: Db): LoadAudience {
  return async (userId) => {
    const spans = db.query
      .selectFrom('member_spans')
      .innerJoin('conversations', 'conversations.id', 'member_spans.conversation_id')
      .select(['member_spans.conversation_id', 'member_spans.from_seq'])
      .where('member_spans.user_id', '=', userId)
      .where('member_spans.to_event_id', 'is', null)
      .where('conversations.deleted_at', 'is', null)
    const blocks = db.query
      .selectFrom('blocks')
      .select(['blocker_id', 'blocked_id'])
      .where((eb) => eb.or([eb('blocker_id', '=', userId), eb('blocked_id', '=', userId)]))
    const [opened, blocked] = await Promise.all([spans.execute(), blocks.execute()])
    return { spans: opened, blocks: blocked }
  }
}
