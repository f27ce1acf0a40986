// Who may not come back to a group, and until when. An end that is over is no ban: nothing has to be done when it comes.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { Ban, BanMember, ListBans } from '../contract/bans.js'
import { AppError } from '../contract/errors.js'
import type { Page } from '../contract/fields.js'
import type { Db, Tx } from '../db/database.js'
import { requireNothingAgainst, requirePermission, whyNotRule } from './access.js'
import { deleteMember, findMember, lockMembership, requireMembership } from './membership.js'
import { readCursor, toPage, UUID } from './pages.js'
import { addSystemMessages } from './system-messages.js'
import { requireTimeToCome } from './times.js'
import { holdUsers } from './users.js'

/** @throws AppError conversation.not_found, .forbidden */
export async function listBans(db: Db, actor: Actor, conversationId: string, input: ListBans): Promise<Page<Ban>> {
  const here = await requireMembership(db.query, actor, conversationId)
  requirePermission(here.role, 'member.ban')
  const [after] = input.cursor === undefined ? [] : readCursor(input.cursor, [UUID])
  let query = activeBans(db.query, conversationId)
    .orderBy('bans.user_id')
    .limit(input.limit + 1)
  if (after !== undefined) query = query.where('bans.user_id', '>', after)
  return toPage(
    await query.execute(),
    input.limit,
    (row) => row,
    (row) => [row.user.id],
  )
}

/**
 * A member is removed by it; somebody who is not one cannot become one (tg_members__refuse_banned). A ban that stands is
 * changed; the same once more changes nothing.
 * @throws AppError conversation.not_found, .forbidden, .not_for_direct, user.not_found, member.outranks, request.time_past
 */
export function banMember(
  db: Db,
  actor: Actor,
  conversationId: string,
  userId: string,
  input: BanMember,
): Promise<Ban> {
  return db.write(actor.user_id, async (tx) => {
    await requireMembership(tx, actor, conversationId)
    const exists = await holdUsers(tx, [userId])
    const here = await lockMembership(tx, actor, conversationId)
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    const target = await findMember(tx, conversationId, userId)
    // Nobody is below those who are not here.
    requireNothingAgainst(whyNotRule(here.role, 'member.ban', target?.role ?? 'viewer'))
    if (!exists) throw new AppError('user.not_found')
    await requireTimeToCome(tx, 'banned_until', input.banned_until)
    const ban = activeBans(tx, conversationId).where('bans.user_id', '=', userId)
    const before = await ban.executeTakeFirst()
    const isSame = before?.reason === input.reason && isSameTime(before.banned_until, input.banned_until)
    // Somebody may have written the row alone, and left the member in.
    if (before && isSame && !target) return before
    await saveBan(tx, actor, conversationId, userId, input)
    // After the ban, which gives the removal its reason.
    if (target) await deleteMember(tx, conversationId, userId)
    const after = await ban.executeTakeFirstOrThrow()
    const params = { actor_id: actor.user_id, user_id: userId, banned_until: after.banned_until }
    await addSystemMessages(tx, conversationId, [{ kind: 'banned', params }])
    return after
  })
}

/** They may be added again. @throws AppError conversation.not_found, .forbidden, .not_for_direct, ban.not_found */
export async function unbanMember(db: Db, actor: Actor, conversationId: string, userId: string): Promise<void> {
  await db.write(actor.user_id, async (tx) => {
    const here = await lockMembership(tx, actor, conversationId)
    if (here.type === 'direct') throw new AppError('conversation.not_for_direct')
    requirePermission(here.role, 'member.ban')
    const ban = await activeBans(tx, conversationId).where('bans.user_id', '=', userId).executeTakeFirst()
    if (!ban) throw new AppError('ban.not_found')
    await tx.deleteFrom('bans').where('conversation_id', '=', conversationId).where('user_id', '=', userId).execute()
    const params = { actor_id: actor.user_id, user_id: userId }
    await addSystemMessages(tx, conversationId, [{ kind: 'unbanned', params }])
  })
}

async function saveBan(tx: Tx, actor: Actor, conversationId: string, userId: string, input: BanMember): Promise<void> {
  const ban = { banned_by: actor.user_id, banned_until: input.banned_until, reason: input.reason }
  await tx
    .insertInto('bans')
    .values({ conversation_id: conversationId, user_id: userId, ...ban })
    .onConflict((conflict) =>
      conflict.columns(['conversation_id', 'user_id']).doUpdateSet({
        ...ban,
        // One that is over makes room for a new one.
        created_at: sql`case when bans.banned_until <= now() then now() else bans.created_at end`,
      }),
    )
    .execute()
}

function isSameTime(one: string | null, other: string | null): boolean {
  return (one === null ? null : Date.parse(one)) === (other === null ? null : Date.parse(other))
}

function activeBans(db: Tx | Db['query'], conversationId: string) {
  return db
    .selectFrom('bans')
    .innerJoin('user_wire', 'user_wire.id', 'bans.user_id')
    .select([
      'user_wire.wire as user',
      'bans.banned_by',
      'bans.reason',
      sql<string | null>`wire_time(bans.banned_until)`.as('banned_until'),
      sql<string>`wire_time(bans.created_at)`.as('created_at'),
    ])
    .where('bans.conversation_id', '=', conversationId)
    .where((eb) => eb.or([eb('bans.banned_until', 'is', null), eb('bans.banned_until', '>', sql<Date>`now()`)]))
    .$castTo<Ban>()
}
