import type { SystemMessage } from '../contract/system-messages.js'
import type { Tx } from '../db/database.js'

/** What the server says in a conversation: a kind with its facts and no sentence, for clients speak their own language. */
export async function addSystemMessage(tx: Tx, conversationId: string, system: SystemMessage): Promise<void> {
  await tx
    .insertInto('messages')
    .values({ conversation_id: conversationId, type: 'system', system: JSON.stringify(system) })
    .execute()
}
