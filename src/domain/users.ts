import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import { HARD } from '../contract/limits.js'
import type { FindUsers, Me, UpdateMe, User } from '../contract/users.js'
import type { Db, Tx } from '../db/database.js'

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
export async function readMe(db: Db, userId: string): Promise<Me> {
  const row = await db.query
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
  return readMe(db, actor.user_id)
}

/** By part of a name (not the actor, at most 20, closest first) or by id (deleted accounts too, so that old messages have an author). */
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
  const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`
  const rows = await db.query
    .selectFrom('users')
    .innerJoin('user_wire', 'user_wire.id', 'users.id')
    .select('user_wire.wire')
    .where('users.deleted_at', 'is', null)
    .where('users.id', '<>', actor.user_id)
    .where(sql<boolean>`(lower(users.username) like ${pattern} or lower(users.display_name) like ${pattern})`)
    .orderBy(
      sql`greatest(similarity(lower(users.username), ${text}), similarity(lower(users.display_name), ${text}))`,
      'desc',
    )
    .orderBy('users.id')
    .limit(HARD.user_search)
    .$castTo<{ wire: User }>()
    .execute()
  return rows.map((row) => row.wire)
}

/**
 * All of them, or user.not_found: one unknown id would otherwise be left out in silence. None can be deleted before the
 * transaction ends.
 */
export async function requireUsers(tx: Tx, ids: readonly string[]): Promise<void> {
  const rows = await tx
    .selectFrom('users')
    .select('id')
    .where('id', 'in', ids)
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .forShare()
    .execute()
  if (rows.length !== ids.length) throw new AppError('user.not_found')
}
