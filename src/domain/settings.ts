// What a conversation's owners have decided about it. What was never set has its default in conversation_settings().
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { ConversationSettings, UpdateSettings } from '../contract/settings.js'
import type { Db, Tx } from '../db/database.js'
import { requirePermission } from './access.js'
import { lockMembership, requireMembership } from './membership.js'

/** @throws AppError conversation.not_found */
export async function readSettings(db: Db, actor: Actor, conversationId: string): Promise<ConversationSettings> {
  await requireMembership(db.query, actor, conversationId)
  return settingsOf(db.query, conversationId)
}

/** @throws AppError conversation.not_found, .forbidden */
export function updateSettings(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: UpdateSettings,
): Promise<ConversationSettings> {
  return db.write(actor.user_id, async (tx) => {
    const here = await lockMembership(tx, actor, conversationId)
    requirePermission(here.role, here.type === 'direct' ? 'message.send' : 'conversation.update')
    await tx
      .updateTable('conversations')
      .set({ settings: sql`settings || ${JSON.stringify(input)}::jsonb` })
      .where('id', '=', conversationId)
      .where(sql<boolean>`settings is distinct from settings || ${JSON.stringify(input)}::jsonb`)
      .execute()
    return settingsOf(tx, conversationId)
  })
}

/** Of a conversation that the actor was found to be in. */
export async function settingsOf(db: Tx | Db['query'], conversationId: string): Promise<ConversationSettings> {
  const row = await db
    .selectFrom('conversations')
    .select(sql<ConversationSettings>`conversation_settings(settings)`.as('settings'))
    .where('id', '=', conversationId)
    .executeTakeFirstOrThrow()
  return row.settings
}
