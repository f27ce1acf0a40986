// A session is one signed-in device: it ends by logout, by its owner elsewhere, by a reused refresh token, or with its account.
import { sql } from 'kysely'
import type { AccessTokens } from '../auth/access-tokens.js'
import type { Actor } from '../auth/actor.js'
import type { EndedSessions } from '../auth/ended-sessions.js'
import type { Passwords } from '../auth/passwords.js'
import { issueRefreshToken, parseRefreshToken } from '../auth/refresh-tokens.js'
import type { SignedIn } from '../contract/accounts.js'
import { AppError } from '../contract/errors.js'
import type { Session } from '../contract/sessions.js'
import type { Db, Tx } from '../db/database.js'
import { readMe } from './users.js'

/** The services of auth/ that accounts and sessions need, with how long and how many. */
export type Auth = {
  passwords: Passwords
  tokens: AccessTokens
  ended: EndedSessions
  refreshTokenTtlS: number
  maxSessions: number
  ticketTtlS: number
}

/** The device that signs in, as it shows in its owner's list. */
export type Device = { ip: string; user_agent: string }

const COLUMNS = ['id', 'user_id', 'user_agent', 'ip', 'created_at', 'last_active_at', 'expires_at'] as const

export type Opened = { signedIn: SignedIn; ended: string[] }

/** Opens a session for a user whose identity was just proven. The longest idle ones beyond the limit end. */
export async function openSession(tx: Tx, auth: Auth, userId: string, device: Device): Promise<Opened> {
  // Two sign-ins at once must not both find room for the tenth.
  const user = await tx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (!user) throw new AppError('auth.invalid_credentials')
  const refresh = issueRefreshToken()
  const session = await tx
    .insertInto('sessions')
    .values({
      user_id: userId,
      family_hash: refresh.familyHash,
      refresh_hash: refresh.refreshHash,
      user_agent: device.user_agent.slice(0, 300),
      ip: device.ip,
      expires_at: expiry(auth),
    })
    .returning(COLUMNS)
    .executeTakeFirstOrThrow()
  const surplus = await tx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .where('id', '<>', session.id)
    .orderBy('last_active_at', 'desc')
    .offset(auth.maxSessions - 1)
    .execute()
  const ended = await endSessions(
    tx,
    surplus.map((row) => row.id),
    'too_many_sessions',
  )
  return { signedIn: await answer(tx, auth, session, refresh.token), ended }
}

/** @throws AppError auth.refresh_token_invalid; auth.refresh_token_reused, and then the session has ended */
export async function refreshSession(db: Db, auth: Auth, token: string): Promise<SignedIn> {
  const given = parseRefreshToken(token)
  // Guesses end here: they cost one look-up, and no transaction.
  const known =
    given &&
    (await db.query.selectFrom('sessions').select('id').where('family_hash', '=', given.familyHash).executeTakeFirst())
  if (!given || !known) throw new AppError('auth.refresh_token_invalid')
  const next = issueRefreshToken(given.family)
  const outcome = await db.write(null, async (tx) => {
    const found = await tx
      .selectFrom('sessions')
      .select(['id', 'refresh_hash'])
      .where('id', '=', known.id)
      .where('ended_at', 'is', null)
      .where('expires_at', '>', sql<Date>`now()`)
      .forUpdate()
      .executeTakeFirst()
    if (!found) return { kind: 'unknown' } as const
    if (!found.refresh_hash.equals(given.refreshHash)) {
      await endSessions(tx, [found.id], 'refresh_token_reused')
      return { kind: 'reused', id: found.id } as const
    }
    const session = await tx
      .updateTable('sessions')
      .set({ refresh_hash: next.refreshHash, last_active_at: sql`now()`, expires_at: expiry(auth) })
      .where('id', '=', found.id)
      .returning(COLUMNS)
      .executeTakeFirstOrThrow()
    // The whole answer before the commit: once the old token is spent, the new one has to reach its owner.
    return { kind: 'refreshed', signedIn: await answer(tx, auth, session, next.token) } as const
  })
  if (outcome.kind === 'unknown') throw new AppError('auth.refresh_token_invalid')
  if (outcome.kind === 'reused') {
    auth.ended.add(outcome.id)
    throw new AppError('auth.refresh_token_reused')
  }
  return outcome.signedIn
}

export async function listSessions(db: Db, actor: Actor): Promise<Session[]> {
  const rows = await db.query
    .selectFrom('sessions')
    .select(COLUMNS)
    .where('user_id', '=', actor.user_id)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .orderBy('last_active_at', 'desc')
    .execute()
  return rows.map((row) => shape(row, actor.session_id))
}

/** @throws AppError session.not_found */
export async function endSession(db: Db, auth: Auth, actor: Actor, sessionId: string): Promise<void> {
  const ended = await endWhere(
    db,
    auth,
    actor,
    (id) => id === sessionId,
    sessionId === actor.session_id ? 'logout' : 'revoked',
  )
  if (ended.length === 0) throw new AppError('session.not_found')
}

export async function endOtherSessions(db: Db, auth: Auth, actor: Actor): Promise<void> {
  await endWhere(db, auth, actor, (id) => id !== actor.session_id, 'revoked')
}

async function endWhere(
  db: Db,
  auth: Auth,
  actor: Actor,
  chosen: (id: string) => boolean,
  reason: string,
): Promise<string[]> {
  const ended = await db.write(actor.user_id, async (tx) => {
    const open = await tx
      .selectFrom('sessions')
      .select('id')
      .where('user_id', '=', actor.user_id)
      .where('ended_at', 'is', null)
      .execute()
    return endSessions(tx, open.map((row) => row.id).filter(chosen), reason)
  })
  for (const id of ended) auth.ended.add(id)
  return ended
}

/** Ends them in the database; every node hears it through the log. */
export async function endSessions(tx: Tx, ids: string[], reason: string): Promise<string[]> {
  if (ids.length === 0) return []
  const rows = await tx
    .updateTable('sessions')
    .set({ ended_at: sql`now()`, end_reason: reason })
    .where('id', 'in', ids)
    .where('ended_at', 'is', null)
    .returning('id')
    .execute()
  return rows.map((row) => row.id)
}

function expiry(auth: Auth) {
  return sql<Date>`now() + make_interval(secs => ${auth.refreshTokenTtlS})`
}

type Row = {
  id: string
  user_id: string
  user_agent: string
  ip: string
  created_at: Date
  last_active_at: Date
  expires_at: Date
}

async function answer(tx: Tx, auth: Auth, row: Row, refresh_token: string): Promise<SignedIn> {
  return {
    access_token: await auth.tokens.sign({ user_id: row.user_id, session_id: row.id }),
    token_type: 'Bearer',
    expires_in: auth.tokens.ttlS,
    refresh_token,
    user: await readMe(tx, row.user_id),
    session: shape(row, row.id),
  }
}

function shape(row: Row, currentId: string): Session {
  return {
    id: row.id,
    user_agent: row.user_agent,
    ip: row.ip,
    created_at: row.created_at.toISOString(),
    last_active_at: row.last_active_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    current: row.id === currentId,
  }
}
