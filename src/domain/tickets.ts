// A ticket takes the place of a token in the address of a socket: it works once and not for long, so that it does not
// matter who reads that address in a log.
import { createHash, randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { VerifiedActor } from '../auth/actor.js'
import type { Ticket } from '../contract/accounts.js'
import { AppError } from '../contract/errors.js'
import type { Db } from '../db/database.js'

const PREFIX = 'est_'
const BYTES = 32
const FORM = /^est_[A-Za-z0-9_-]{43}$/

/** What it opens lasts as long as the access token that asked for it would have let it. */
export async function createTicket(db: Db, actor: VerifiedActor, ttlS: number): Promise<Ticket> {
  const ticket = PREFIX + randomBytes(BYTES).toString('base64url')
  await db.query
    .insertInto('tickets')
    .values({
      hash: hashOf(ticket),
      user_id: actor.user_id,
      session_id: actor.session_id,
      token_expires_at: actor.expires_at,
      expires_at: sql<Date>`now() + make_interval(secs => ${ttlS})`,
    })
    .execute()
  return { ticket, expires_in: ttlS }
}

/**
 * Of two who bring the same ticket, one is let in. An expired, a used and an unknown one get the same answer.
 * @throws AppError auth.token_invalid; auth.session_ended or auth.token_expired for what it was asked for with
 */
export async function redeemTicket(db: Db, ticket: string): Promise<VerifiedActor> {
  if (!FORM.test(ticket)) throw new AppError('auth.token_invalid')
  const row = await db.query
    .deleteFrom('tickets')
    .using('sessions')
    .whereRef('sessions.id', '=', 'tickets.session_id')
    .where('tickets.hash', '=', hashOf(ticket))
    .returning([
      'tickets.user_id',
      'tickets.session_id',
      'tickets.token_expires_at',
      'sessions.ended_at',
      sql<boolean>`tickets.expires_at > now()`.as('is_fresh'),
    ])
    .executeTakeFirst()
  if (!row?.is_fresh) throw new AppError('auth.token_invalid')
  // Asked of the database, which knows it before each node has heard of it.
  if (row.ended_at !== null) throw new AppError('auth.session_ended')
  if (row.token_expires_at.getTime() <= Date.now()) throw new AppError('auth.token_expired')
  return { user_id: row.user_id, session_id: row.session_id, expires_at: row.token_expires_at }
}

export async function deleteExpiredTickets(db: Db): Promise<void> {
  await db.query.deleteFrom('tickets').where('expires_at', '<', sql<Date>`now()`).execute()
}

function hashOf(ticket: string): Buffer {
  return createHash('sha256').update(ticket).digest()
}
