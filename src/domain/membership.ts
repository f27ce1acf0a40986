// The rows of members: what somebody is in a conversation, and how one becomes a member and ceases to be one. The rules
// are with those who call.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Member } from '../contract/members.js'
import type { Role } from '../contract/memberships.js'
import type { Db, Tx } from '../db/database.js'
import { lockConversations } from './streams.js'

export type Here = {
  role: Role
  type: string
  member_count: number
  /** The member wants others to see that they type. */
  show_typing: boolean
  /** One of the two of a direct conversation has blocked the other. */
  blocked: boolean
}

/** What the actor is here. @throws AppError conversation.not_found, also for a conversation that is not theirs */
export async function requireMembership(db: Tx | Db['query'], actor: Actor, conversationId: string): Promise<Here> {
  const row = await db
    .selectFrom('members')
    .innerJoin('conversations', 'conversations.id', 'members.conversation_id')
    .select([
      'members.role',
      'conversations.type',
      'conversations.member_count',
      'members.show_typing',
      sql<boolean>`conversations.type = 'direct' and are_blocked(conversations.direct_low, conversations.direct_high)`.as(
        'blocked',
      ),
    ])
    .where('members.conversation_id', '=', conversationId)
    .where('members.user_id', '=', actor.user_id)
    .where('conversations.deleted_at', 'is', null)
    .$castTo<Here>()
    .executeTakeFirst()
  if (!row) throw new AppError('conversation.not_found')
  return row
}

export type Place = { user_id: string; conversation_id: string }
const FIND_MEMBERSHIPS = {
  name: 'find_memberships',
  text: `
    select h.role, h.type, h.member_count, h.show_typing, h.blocked
    from unnest($1::uuid[], $2::uuid[]) with ordinality as p (person, home, ord)
    left join lateral (
      select m.role, c.type, c.member_count, m.show_typing, c.type = 'direct' and are_blocked(c.direct_low, c.direct_high) as blocked
      from members m join conversations c on c.id = m.conversation_id and c.deleted_at is null
      where m.conversation_id = p.home and m.user_id = p.person
      offset 0
    ) h on true
    order by p.ord`,
}

/** What each of them is in the conversation; undefined for who is not there. */
export async function findMemberships(db: Db, places: readonly Place[]): Promise<(Here | undefined)[]> {
  const people = places.map(({ user_id }) => user_id)
  const homes = places.map(({ conversation_id }) => conversation_id)
  const rows = await db.read<Here | Record<keyof Here, null>>(FIND_MEMBERSHIPS, [people, homes])
  return rows.map((row) => (row.role === null ? undefined : row))
}

/**
 * The same, with the conversation's stream locked: the answer holds until the transaction ends. Those who have no business
 * there are sent away before, so that they keep nobody waiting.
 */
export async function lockMembership(tx: Tx, actor: Actor, conversationId: string): Promise<Here> {
  await requireMembership(tx, actor, conversationId)
  await lockConversations(tx, [conversationId])
  return requireMembership(tx, actor, conversationId)
}

export async function insertMembers(
  tx: Tx,
  conversationId: string,
  people: { user_id: string; role: Role }[],
): Promise<void> {
  const rows = people.map((person) => ({ conversation_id: conversationId, ...person }))
  await tx.insertInto('members').values(rows).execute()
}

export function memberRows(db: Tx | Db['query'], conversationId: string) {
  return db
    .selectFrom('members')
    .innerJoin('user_wire', 'user_wire.id', 'members.user_id')
    .select([
      'user_wire.wire as user',
      'members.role',
      'members.nickname',
      sql<string>`wire_time(members.joined_at)`.as('joined_at'),
    ])
    .where('members.conversation_id', '=', conversationId)
    .$castTo<Member>()
}

export type MemberFacts = { role: Role; nickname: string | null }

/** What somebody is in a conversation that the actor was found to be in. */
export function findMember(tx: Tx, conversationId: string, userId: string): Promise<MemberFacts | undefined> {
  return tx
    .selectFrom('members')
    .select(['role', 'nickname'])
    .where('conversation_id', '=', conversationId)
    .where('user_id', '=', userId)
    .$castTo<MemberFacts>()
    .executeTakeFirst()
}

/** @throws AppError member.not_found */
export async function requireMember(tx: Tx, conversationId: string, userId: string): Promise<MemberFacts> {
  const member = await findMember(tx, conversationId, userId)
  if (!member) throw new AppError('member.not_found')
  return member
}

export async function deleteMember(tx: Tx, conversationId: string, userId: string): Promise<void> {
  await tx.deleteFrom('members').where('conversation_id', '=', conversationId).where('user_id', '=', userId).execute()
}
