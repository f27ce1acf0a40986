import { removeFilesOfConversation } from '../domain/attachment-removal.js'
import type { JobServices } from './worker.js'

export async function removeFilesOfConversationJob(
  { db }: JobServices,
  { conversation_id }: { conversation_id: string },
): Promise<void> {
  await removeFilesOfConversation(db, conversation_id)
}
