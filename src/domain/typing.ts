import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import { HARD } from '../contract/limits.js'
import type { Db } from '../db/database.js'
import { Gather } from '../kit/gather.js'
import { requirePermission } from './access.js'
import { findMemberships, type Place, requireMembership } from './membership.js'

const QUESTIONS = {
  size: 200,
  queue: 10_000,
  wait_ms: 5_000,
  full: () => new AppError('overloaded', { retry_after_s: 1 }),
}

/**
 * Whether the others are told that the actor types. False where nobody is told: in a large conversation, across a block,
 * and when the actor does not want it. That is no error: a client need not know why. Asked all the time by everybody, and
 * therefore of many at once.
 * @throws AppError conversation.not_found, conversation.forbidden, overloaded
 */
export type MayAnnounceTyping = (actor: Actor, conversationId: string) => Promise<boolean>

export function typingGuard(db: Db): MayAnnounceTyping {
  const memberships = new Gather((places: Place[]) => findMemberships(db, places), QUESTIONS)
  return async (actor, conversation_id) => {
    const place = { user_id: actor.user_id, conversation_id }
    const here = await memberships.ask(place)
    if (!here) throw new AppError('conversation.not_found')
    requirePermission(here.role, 'typing.start')
    return here.show_typing && !here.blocked && here.member_count <= HARD.typing_members
  }
}

/** Those of `typists` whom the actor may see typing. @throws AppError conversation.not_found */
export async function listTyping(
  db: Db,
  actor: Actor,
  conversationId: string,
  typists: readonly string[],
): Promise<string[]> {
  const here = await requireMembership(db.query, actor, conversationId)
  const others = typists.filter((userId) => userId !== actor.user_id)
  if (others.length === 0 || here.member_count > HARD.typing_members) return []
  const rows = await db.query
    .selectFrom('members')
    .select('user_id')
    .where('conversation_id', '=', conversationId)
    .where('user_id', 'in', others)
    .where('show_typing', '=', true)
    .where(sql<boolean>`not are_blocked(members.user_id, ${actor.user_id}::uuid)`)
    .orderBy('user_id')
    .execute()
  return rows.map((row) => row.user_id)
}
