// Who sees whether somebody is here: people who share a conversation, and no block between them. For everybody else the
// answer is the one for somebody who was never here.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { ChosenStatus, OwnPresence, SetPresence } from '../contract/presence.js'
import type { Status } from '../contract/signals.js'
import type { Db, Tx } from '../db/database.js'
import { requireMembership } from './membership.js'
import { type LiveState, liveState } from './presence-leases.js'

const YEAR_MS = 366 * 86_400_000

/** What somebody has set, and when they were last seen going. */
export type Setting = { status: ChosenStatus; invisible_until: Date | null; last_seen_at: string | null }
export const NO_SETTING: Setting = { status: 'online', invisible_until: null, last_seen_at: null }

/** The same, and whether they are here. */
export type Present = Setting & { user_id: string; live: LiveState }

export function isInvisible({ status, invisible_until }: Setting, now: number): boolean {
  return status === 'invisible' && (invisible_until === null || invisible_until.getTime() > now)
}

/** The same in an upsert of presence: whoever was invisible when they were seen stays as they were last seen before. */
function seenUnlessInvisible(now: number) {
  return sql`case
      when p.status = 'invisible' and (p.invisible_until is null or p.invisible_until > coalesce(excluded.last_seen_at, ${new Date(now)}::timestamptz))
      then p.last_seen_at
      else greatest(p.last_seen_at, excluded.last_seen_at)
    end`
}

/** What others see. */
export function shownStatus(setting: Setting, live: LiveState, now: number): Status {
  return isInvisible(setting, now) ? 'offline' : ownStatus(setting, live)
}

/** What somebody sees of themselves among others: the truth. */
export function ownStatus({ status }: Setting, live: LiveState): Status {
  if (live === 'offline' || status === 'online' || status === 'invisible') return live
  return status
}

export async function readOwnPresence(db: Db, actor: Actor, now: number): Promise<OwnPresence> {
  const { rows } = await sql<Setting>`
    select status, invisible_until, wire_time(last_seen_at) as last_seen_at
    from presence
    where user_id = ${actor.user_id}`.execute(db.query)
  return shapeOwn(actor.user_id, rows[0] ?? NO_SETTING, now)
}

/**
 * Whoever is here and becomes invisible is last seen now, as if they had gone.
 * @throws AppError request.time_past, request.invalid when the time is more than a year away, auth.session_ended
 */
export async function setPresence(db: Db, actor: Actor, input: SetPresence, now: number): Promise<Setting> {
  const until = input.invisible_until === null ? null : new Date(input.invisible_until)
  if (until && until.getTime() <= now) throw new AppError('request.time_past')
  if (until && until.getTime() > now + YEAR_MS) {
    throw new AppError('request.invalid', {
      errors: [{ path: 'invisible_until', code: 'too_big', message: 'must be within a year' }],
    })
  }
  const seen = input.status === 'invisible' ? new Date(now) : null
  const statement = sql<Setting>`
    insert into presence as p (user_id, status, invisible_until, last_seen_at)
    select u.id, ${input.status}, ${until}::timestamptz,
           case when ${liveState(sql.ref('u.id'))} <> 'offline' then ${seen}::timestamptz end
    from users u
    where u.id = ${actor.user_id} and u.deleted_at is null
    for key share of u
    on conflict (user_id) do update
    set status = excluded.status, invisible_until = excluded.invisible_until,
        last_seen_at = ${seenUnlessInvisible(now)}
    returning status, invisible_until, wire_time(last_seen_at) as last_seen_at`
  const { rows } = await db.write(actor.user_id, (tx) => statement.execute(tx))
  if (!rows[0]) throw new AppError('auth.session_ended')
  return rows[0]
}

export function shapeOwn(userId: string, setting: Setting, now: number): OwnPresence {
  const over = setting.status === 'invisible' && !isInvisible(setting, now)
  return {
    user_id: userId,
    status: over ? 'online' : setting.status,
    invisible_until: over ? null : (setting.invisible_until?.toISOString() ?? null),
    last_seen_at: setting.last_seen_at,
  }
}

/** How each of these people is; undefined when the node that asks has no lease, and the others may have lost theirs with it. */
export async function readPresent(db: Db, nodeId: string, userIds: readonly string[]): Promise<Present[] | undefined> {
  const { rows } = await sql<Present & { has_lease: boolean }>`
    select exists (select from nodes where id = ${nodeId} and expires_at > now()) as has_lease, w.user_id, coalesce(p.status, 'online') as status, p.invisible_until,
           wire_time(p.last_seen_at) as last_seen_at, ${liveState(sql.ref('w.user_id'))} as live
    from unnest(${userIds}::uuid[]) as w (user_id)
    left join presence p on p.user_id = w.user_id`.execute(db.query)
  return rows.some((row) => !row.has_lease) ? undefined : rows
}

export type Pair = { watcher_id: string; user_id: string }

/** How those are whom their watcher may see; the other pairs are left out. */
export async function readVisible(db: Db, pairs: readonly Pair[]): Promise<(Pair & Present)[]> {
  const { rows } = await sql<Pair & Present>`
    select w.watcher_id, w.user_id, coalesce(p.status, 'online') as status, p.invisible_until,
           wire_time(p.last_seen_at) as last_seen_at, ${liveState(sql.ref('w.user_id'))} as live
    from unnest(${pairs.map((pair) => pair.watcher_id)}::uuid[], ${pairs.map((pair) => pair.user_id)}::uuid[])
         as w (watcher_id, user_id)
    left join presence p on p.user_id = w.user_id
    where w.watcher_id = w.user_id
       or (not are_blocked(w.watcher_id, w.user_id)
           and exists (
             select from members mine
             join members theirs on theirs.conversation_id = mine.conversation_id and theirs.user_id = w.user_id
             join conversations c on c.id = mine.conversation_id and c.deleted_at is null
             where mine.user_id = w.watcher_id))`.execute(db.query)
  return rows
}

/** The members who are here and whom the actor may see, if they do not hide. @throws AppError conversation.not_found */
export async function readMembersPresence(
  db: Db,
  actor: Actor,
  conversationId: string,
): Promise<{ member_count: number; members: (Setting & { user_id: string })[] }> {
  const { member_count } = await requireMembership(db.query, actor, conversationId)
  const { rows } = await sql<Setting & { user_id: string }>`
    select m.user_id, coalesce(p.status, 'online') as status, p.invisible_until, null as last_seen_at
    from members m
    left join presence p on p.user_id = m.user_id
    where m.conversation_id = ${conversationId}
      and ${liveState(sql.ref('m.user_id'))} <> 'offline'
      and not exists (
        select from blocks b
        where (b.blocker_id = ${actor.user_id} and b.blocked_id = m.user_id)
           or (b.blocked_id = ${actor.user_id} and b.blocker_id = m.user_id))
    order by m.user_id`.execute(db.query)
  return { member_count, members: rows }
}

/** Keeps when these people were last seen: not of those who are invisible, whatever a node believes, nor of accounts that have ended. */
export async function recordSeen(tx: Tx, people: readonly { user_id: string; at: Date }[], now: number): Promise<void> {
  if (people.length === 0) return
  await sql`
    insert into presence as p (user_id, last_seen_at)
    select u.id, s.at
    from unnest(${people.map((one) => one.user_id)}::uuid[], ${people.map((one) => one.at)}::timestamptz[]) as s (user_id, at)
    join users u on u.id = s.user_id and u.deleted_at is null
    order by u.id
    for key share of u
    on conflict (user_id) do update
    set last_seen_at = ${seenUnlessInvisible(now)}`.execute(tx)
}

/** Who is in each of these conversations, also in those that were deleted. */
export async function readMembersOf(db: Db, conversationIds: readonly string[]): Promise<Map<string, Set<string>>> {
  const { rows } = await sql<{ conversation_id: string; user_ids: string[] }>`
    select conversation_id, array_agg(user_id) as user_ids
    from members
    where conversation_id = any(${conversationIds}::uuid[])
    group by conversation_id`.execute(db.query)
  return new Map(rows.map((row) => [row.conversation_id, new Set(row.user_ids)]))
}
