import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import { HARD } from '../contract/limits.js'
import type { FindUsers, Me, UpdateMe, User } from '../contract/users.js'
import type { Db, Tx } from '../db/database.js'

const CANDIDATES = 500

/** @throws AppError user.not_found */
export async function requireUser(db: Db, userId: string): Promise<User> {
  const row = await db.query
    .selectFrom('user_wire')
    .select('wire')
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .$castTo<{ wire: User }>()
    .executeTakeFirst()
  if (!row) throw new AppError('user.not_found')
  return row.wire
}

/** The actor's own profile, the only view with the e-mail address. */
export async function readMe(db: Tx | Db['query'], userId: string): Promise<Me> {
  const row = await db
    .selectFrom('users')
    .innerJoin('user_wire', 'user_wire.id', 'users.id')
    .select(['users.email', 'users.display_name', 'user_wire.wire'])
    .where('users.id', '=', userId)
    .where('users.deleted_at', 'is', null)
    .$castTo<{ email: string | null; display_name: string | null; wire: User }>()
    .executeTakeFirst()
  if (!row) throw new AppError('auth.session_ended')
  return { ...row.wire, email: row.email, profile_complete: row.display_name !== null }
}

/** @throws AppError account.email_taken */
export async function updateMe(db: Db, actor: Actor, input: UpdateMe): Promise<Me> {
  if (Object.keys(input).length > 0) {
    await db.write(actor.user_id, (tx) =>
      tx.updateTable('users').set(input).where('id', '=', actor.user_id).where('deleted_at', 'is', null).execute(),
    )
  }
  return readMe(db.query, actor.user_id)
}

/** By part of a name (not the actor, nor who has blocked them or is blocked by them; at most 20, closest first) or by id (deleted accounts too, so that old messages have an author). */
export async function findUsers(db: Db, actor: Actor, input: FindUsers): Promise<User[]> {
  if (input.ids) {
    const rows = await db.query
      .selectFrom('user_wire')
      .select('wire')
      .where('id', 'in', input.ids)
      .$castTo<{ wire: User }>()
      .execute()
    return rows.map((row) => row.wire)
  }
  const text = (input.query ?? '').toLowerCase()
  const literal = text.replace(/[\\%_]/g, '\\$&')
  // Two letters have no trigram but at the beginning; a name that very many have is not ranked among all of them.
  const pattern = text.length < 3 ? `${literal}%` : `%${literal}%`
  const { rows } = await sql<{ wire: User }>`
    with found as (
      select u.id, greatest(similarity(lower(u.username), ${text}), similarity(lower(u.display_name), ${text})) as likeness
      from (
        select id, username, display_name from users
        where deleted_at is null and id <> ${actor.user_id}
          and (lower(username) like ${pattern} or lower(display_name) like ${pattern})
          and not exists (select from blocks b where b.blocker_id = ${actor.user_id} and b.blocked_id = users.id)
          and not exists (select from blocks b where b.blocked_id = ${actor.user_id} and b.blocker_id = users.id)
        limit ${CANDIDATES}
      ) u
      order by likeness desc, u.id
      limit ${HARD.user_search}
    )
    select w.wire from found join user_wire w on w.id = found.id order by found.likeness desc, found.id`.execute(
    db.query,
  )
  return rows.map((row) => row.wire)
}

/**
 * All of them, or user.not_found: one unknown id would otherwise be left out in silence. None can be deleted before the
 * transaction ends.
 */
export async function requireUsers(tx: Tx, ids: readonly string[]): Promise<void> {
  const holdsAll = await holdUsers(tx, ids)
  if (!holdsAll) throw new AppError('user.not_found')
}

/**
 * Whether they all exist. Those who do cannot be deleted before the transaction ends, and with `alone` nobody else holds
 * them. In the one order that everybody takes them in, and before any lock on a conversation.
 */
export async function holdUsers(tx: Tx, ids: readonly string[], alone = false): Promise<boolean> {
  const users = tx.selectFrom('users').select('id').where('id', 'in', ids).where('deleted_at', 'is', null).orderBy('id')
  const rows = await (alone ? users.forNoKeyUpdate() : users.forShare()).execute()
  return rows.length === ids.length
}
