// What a conversation's owners have decided about it. What was never set has its default in conversation_settings().
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { ConversationSettings, UpdateSettings } from '../contract/settings.js'
import type { Db, Tx } from '../db/database.js'
import { requirePermission } from './access.js'
import { lockMembership, requireMembership } from './membership.js'
import { addSystemMessages } from './system-messages.js'

/** @throws AppError conversation.not_found */
export async function readSettings(db: Db, actor: Actor, conversationId: string): Promise<ConversationSettings> {
  await requireMembership(db.query, actor, conversationId)
  return settingsOf(db.query, conversationId)
}

/** @throws AppError conversation.not_found, .forbidden, .not_for_direct */
export function updateSettings(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: UpdateSettings,
): Promise<ConversationSettings> {
  return db.write(actor.user_id, async (tx) => {
    const here = await lockMembership(tx, actor, conversationId)
    // Nobody rules the other one of two.
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(here.role, 'conversation.update')
    const changes = changesOf(await settingsOf(tx, conversationId), input)
    if (Object.keys(changes).length > 0) {
      await tx
        .updateTable('conversations')
        .set({ settings: sql`settings || ${JSON.stringify(changes)}::jsonb` })
        .where('id', '=', conversationId)
        .execute()
      const params = { actor_id: actor.user_id, ...changes }
      await addSystemMessages(tx, conversationId, [{ kind: 'settings_changed', params }])
    }
    return settingsOf(tx, conversationId)
  })
}

function changesOf(before: ConversationSettings, input: UpdateSettings): UpdateSettings {
  const changed = Object.entries(input).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof ConversationSettings]),
  )
  return Object.fromEntries(changed)
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
