import type { SystemMessage } from '../contract/system-messages.js'
import type { Tx } from '../db/database.js'

/** What the server says in a conversation, in this order: kinds with their facts and no sentence, for clients speak their own language. */
export async function addSystemMessages(tx: Tx, conversationId: string, messages: SystemMessage[]): Promise<void> {
  if (messages.length === 0) return
  const rows = messages.map((system) => ({
    conversation_id: conversationId,
    type: 'system',
    system: JSON.stringify(system),
  }))
  await tx.insertInto('messages').values(rows).execute()
}
