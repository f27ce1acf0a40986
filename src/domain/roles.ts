// Who is what in a group, and what they are called there.
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Member, TransferOwnership, UpdateMember } from '../contract/members.js'
import type { Role } from '../contract/memberships.js'
import type { SystemMessage } from '../contract/system-messages.js'
import type { Db, Tx } from '../db/database.js'
import { requireNothingAgainst, requirePermission, whyNotGive, whyNotRule, whyNotSend } from './access.js'
import { type Here, lockMembership, memberRows, requireMember } from './membership.js'
import { addSystemMessages } from './system-messages.js'

/**
 * A role for somebody below oneself, at most one's own; a nickname for oneself or for somebody below.
 * @throws AppError conversation.not_found, .forbidden, .not_for_direct, member.not_found, .own_role, .outranks,
 *   .role_above_own, user.blocked
 */
export function updateMember(
  db: Db,
  actor: Actor,
  conversationId: string,
  userId: string,
  input: UpdateMember,
): Promise<Member> {
  return db.write(actor.user_id, async (tx) => {
    const here = await lockMembership(tx, actor, conversationId)
    const target = await requireMember(tx, conversationId, userId)
    const changes = changesOf(actor, here, { ...target, user_id: userId }, input)
    if (changes.length > 0) {
      await tx
        .updateTable('members')
        .set(input)
        .where('conversation_id', '=', conversationId)
        .where('user_id', '=', userId)
        .execute()
      await addSystemMessages(tx, conversationId, changes)
    }
    return memberRows(tx, conversationId).where('members.user_id', '=', userId).executeTakeFirstOrThrow()
  })
}

type Target = { user_id: string; role: Role; nickname: string | null }

/** What is new, as it will be told; everything that is asked for must be allowed, new or not. */
function changesOf(actor: Actor, here: Here, target: Target, input: UpdateMember): SystemMessage[] {
  const { user_id } = target
  const changes: SystemMessage[] = []
  if (input.role !== undefined) {
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    if (user_id === actor.user_id) throw new AppError('member.own_role')
    requireNothingAgainst(whyNotGive(here.role, target.role, input.role))
    if (input.role !== target.role) {
      changes.push({ kind: 'role_changed', params: { actor_id: actor.user_id, user_id, role: input.role } })
    }
  }
  if (input.nickname !== undefined) {
    // A name that all see says something too.
    const own = user_id === actor.user_id
    requireNothingAgainst(
      own ? whyNotSend(here.role, here.blocked) : whyNotRule(here.role, 'member.set_nickname', target.role),
    )
    if (input.nickname !== target.nickname) {
      changes.push({ kind: 'nickname_changed', params: { actor_id: actor.user_id, user_id, nickname: input.nickname } })
    }
  }
  return changes
}

/**
 * The new owner may do everything; the old one stays as an admin.
 * @throws AppError conversation.not_found, .forbidden, .not_for_direct, member.not_found, .own_role
 */
export async function transferOwnership(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: TransferOwnership,
): Promise<void> {
  await db.write(actor.user_id, async (tx) => {
    const here = await lockMembership(tx, actor, conversationId)
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(here.role, 'conversation.transfer')
    if (input.user_id === actor.user_id) throw new AppError('member.own_role')
    await requireMember(tx, conversationId, input.user_id)
    await setRole(tx, conversationId, input.user_id, 'owner')
    await setRole(tx, conversationId, actor.user_id, 'admin')
    await addSystemMessages(tx, conversationId, [
      { kind: 'ownership_transferred', params: { actor_id: actor.user_id, user_id: input.user_id } },
    ])
  })
}

async function setRole(tx: Tx, conversationId: string, userId: string, role: Role): Promise<void> {
  await tx
    .updateTable('members')
    .set({ role })
    .where('conversation_id', '=', conversationId)
    .where('user_id', '=', userId)
    .execute()
}
