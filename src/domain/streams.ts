import { sql } from 'kysely'
import type { Tx } from '../db/database.js'

/**
 * Takes the row locks of these conversations' streams, in the one order that everybody takes them in. Whoever changes a
 * conversation does this first and checks the rules after it, in a statement of its own: what was read before the lock
 * may have been true for somebody who has just been removed.
 */
export async function lockConversations(tx: Tx, conversationIds: readonly string[]): Promise<void> {
  await sql`select from streams where kind = 1 and id = any(${conversationIds}::uuid[]) order by kind, id for no key update`.execute(
    tx,
  )
}
