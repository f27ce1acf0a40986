import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Page } from '../contract/fields.js'
import type { Limits } from '../contract/limits.js'
import type { AddMembers, ListMembers, Member } from '../contract/members.js'
import type { Db, Tx } from '../db/database.js'
import { requireNothingAgainst, requirePermission, whyNotRule } from './access.js'
import { requireNoBlock } from './blocks.js'
import {
  deleteMember,
  insertMembers,
  lockMembership,
  memberRows,
  requireMember,
  requireMembership,
} from './membership.js'
import { readCursor, toPage, UUID } from './pages.js'
import { lockConversations } from './streams.js'
import { addSystemMessages } from './system-messages.js'
import { holdUsers } from './users.js'

/** @throws AppError conversation.not_found */
export async function listMembers(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: ListMembers,
): Promise<Page<Member>> {
  await requireMembership(db.query, actor, conversationId)
  const [after] = input.cursor === undefined ? [] : readCursor(input.cursor, [UUID])
  let query = memberRows(db.query, conversationId)
    .orderBy('members.user_id')
    .limit(input.limit + 1)
  if (after !== undefined) query = query.where('members.user_id', '>', after)
  return toPage(
    await query.execute(),
    input.limit,
    (row) => row,
    (row) => [row.user.id],
  )
}

/**
 * Those who are members already stay as they are; the answer holds the new ones.
 * @throws AppError conversation.not_found, .forbidden, .not_for_direct, user.not_found, .blocked, member.too_many, .banned
 */
export function addMembers(
  db: Db,
  actor: Actor,
  conversationId: string,
  input: AddMembers,
  limits: Limits,
): Promise<Member[]> {
  return db.write(actor.user_id, async (tx) => {
    const user_ids = [...new Set(input.user_ids)]
    await requireMembership(tx, actor, conversationId)
    const allExist = await holdUsers(tx, user_ids)
    const here = await lockMembership(tx, actor, conversationId)
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(here.role, 'member.add')
    if (!allExist) throw new AppError('user.not_found')
    const present = await tx
      .selectFrom('members')
      .select('user_id')
      .where('conversation_id', '=', conversationId)
      .where('user_id', 'in', user_ids)
      .execute()
    const added = user_ids.filter((user_id) => !present.some((member) => member.user_id === user_id))
    await requireNoBlock(tx, actor, added)
    if (here.member_count + added.length > limits.members) throw new AppError('member.too_many')
    if (added.length === 0) return []
    const people = added.map((user_id) => ({ user_id, role: 'member' as const }))
    await insertMembers(tx, conversationId, people)
    const params = { actor_id: actor.user_id, user_ids: added }
    await addSystemMessages(tx, conversationId, [{ kind: 'added', params }])
    return memberRows(tx, conversationId).where('members.user_id', 'in', added).orderBy('members.user_id').execute()
  })
}

/** Removing oneself is leaving. @throws AppError conversation.not_found, .forbidden, .not_for_direct, member.not_found, .outranks */
export async function removeMember(db: Db, actor: Actor, conversationId: string, userId: string): Promise<void> {
  if (userId === actor.user_id) return leaveConversation(db, actor, conversationId)
  await db.write(actor.user_id, async (tx) => {
    const here = await lockMembership(tx, actor, conversationId)
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(here.role, 'member.remove')
    const target = await requireMember(tx, conversationId, userId)
    requireNothingAgainst(whyNotRule(here.role, 'member.remove', target.role))
    await deleteMember(tx, conversationId, userId)
    const params = { actor_id: actor.user_id, user_id: userId }
    await addSystemMessages(tx, conversationId, [{ kind: 'removed', params }])
  })
}

/** @throws AppError conversation.not_found, .not_for_direct, .owner_cannot_leave */
export async function leaveConversation(db: Db, actor: Actor, conversationId: string): Promise<void> {
  await db.write(actor.user_id, async (tx) => {
    const here = await lockMembership(tx, actor, conversationId)
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    if (here.role === 'owner' && !(await hasOtherOwner(tx, actor, conversationId))) {
      throw new AppError('conversation.owner_cannot_leave')
    }
    await deleteMember(tx, conversationId, actor.user_id)
    await addSystemMessages(tx, conversationId, [{ kind: 'left', params: { user_id: actor.user_id } }])
  })
}

/** For an account that ends: what it alone owned passes to the highest, then longest member; a group without anybody is deleted. */
export async function leaveAllConversations(tx: Tx, actor: Actor): Promise<void> {
  const memberships = await tx
    .selectFrom('members')
    .select('conversation_id')
    .where('user_id', '=', actor.user_id)
    .execute()
  const ids = memberships.map((row) => row.conversation_id)
  await lockConversations(tx, ids)
  const heirs = await sql<{ conversation_id: string; user_id: string }>`
    update members m set role = 'owner'
    from (
      select distinct on (other.conversation_id) other.conversation_id, other.user_id
      from members mine
      join members other on other.conversation_id = mine.conversation_id and other.user_id <> mine.user_id
      where mine.user_id = ${actor.user_id} and mine.role = 'owner'
        and not exists (
          select from members owner
          where owner.conversation_id = mine.conversation_id and owner.role = 'owner' and owner.user_id <> mine.user_id)
      order by other.conversation_id, array_position(array['admin', 'moderator', 'member', 'viewer'], other.role), other.joined_at,
               other.user_id
    ) heir
    where m.conversation_id = heir.conversation_id and m.user_id = heir.user_id
    returning m.conversation_id, m.user_id`.execute(tx)
  await tx.deleteFrom('members').where('user_id', '=', actor.user_id).execute()
  await sql`
    insert into messages (conversation_id, type, system)
    select told.conversation_id, 'system', jsonb_build_object('kind', told.kind, 'params', told.params)
    from (
      select c.id as conversation_id, 'left' as kind, jsonb_build_object('user_id', ${actor.user_id}::uuid) as params
      from conversations c
      where c.id = any(${ids}::uuid[]) and c.type = 'group' and c.deleted_at is null and c.member_count > 0
      union all
      select h.conversation_id, 'ownership_transferred', jsonb_build_object('actor_id', ${actor.user_id}::uuid, 'user_id', h.user_id)
      from unnest(${heirs.rows.map((row) => row.conversation_id)}::uuid[], ${heirs.rows.map((row) => row.user_id)}::uuid[])
             as h (conversation_id, user_id)
      join conversations c on c.id = h.conversation_id and c.deleted_at is null
    ) told
    order by told.conversation_id, told.kind`.execute(tx)
  await sql`
    update conversations set deleted_at = now()
    where id = any(${ids}::uuid[]) and type = 'group' and deleted_at is null and member_count = 0`.execute(tx)
}

async function hasOtherOwner(tx: Tx, actor: Actor, conversationId: string): Promise<boolean> {
  const owner = await tx
    .selectFrom('members')
    .select('user_id')
    .where('conversation_id', '=', conversationId)
    .where('role', '=', 'owner')
    .where('user_id', '<>', actor.user_id)
    .limit(1)
    .executeTakeFirst()
  return owner !== undefined
}
