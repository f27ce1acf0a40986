// What PostgreSQL says -> what we say. The SQLSTATE and the constraint's name are the interface, the text never is.
import { AppError, type ErrorCode, isErrorCode } from '../contract/errors.js'
import type { WriteTrouble } from '../contract/operations.js'

/** Constraints that a client can run into. */
const CONSTRAINTS: Record<string, ErrorCode> = {
  one_account_for_each_username: 'account.username_taken',
  one_account_for_each_email: 'account.email_taken',
  one_group_of_a_name_for_each_creator: 'conversation.name_taken',
  conversation_metadata_is_an_object_of_at_most_32_kib: 'conversation.metadata_too_large',
  // Within one conversation the second send finds the first; elsewhere it is another message.
  message_client_ids_are_unique_for_a_sender: 'message.client_id_reused',
  message_metadata_is_an_object_of_at_most_32_kib: 'request.invalid',
}

/** SQLSTATE, or its class, -> code. */
const CODES: Record<string, ErrorCode> = {
  '55P03': 'busy', // lock_timeout
  '57014': 'busy', // statement_timeout
  '40001': 'busy',
  '40P01': 'busy',
  '25P03': 'busy', // idle_in_transaction_session_timeout
  '22021': 'request.invalid', // a character that the encoding does not have
  '22P05': 'request.invalid',
  '08': 'unavailable',
  '53': 'unavailable', // too many connections, disk full, out of memory
  '54000': 'unavailable', // the queue of notifications is full: a job could not be rung for
  '57': 'unavailable', // shutting down, starting up
  '28': 'unavailable', // it does not let us in: nothing that a client could help
  '3D000': 'unavailable', // the database is gone, or not there yet
  '25006': 'unavailable', // read-only: a former primary
  '0A000': 'unavailable', // a standby: its unlogged tables cannot be read
  '55000': 'unavailable', // a standby that recovers
  '58': 'unavailable',
}

const LOST_CONNECTION =
  /terminated|timeout exceeded|Connection (ended|lost)|ECONNRE|EPIPE|ETIMEDOUT|E(HOST|NET)UNREACH|ENOTFOUND|EAI_AGAIN|Query read timeout|not queryable/i
/** The driver has given up: what it had asked for may still happen. */
const SILENT = 'Query read timeout'
/** The pool had no connection to spare in time, which says nothing about the database. */
const POOL_EXHAUSTED = 'timeout exceeded when trying to connect'

/** SQLSTATE, or its class, after which the next write would most likely end in the same way. */
const TROUBLES: Record<string, WriteTrouble> = {
  '53100': 'disk_full',
  '53300': 'too_many_connections',
  '25006': 'read_only',
  '08': 'lost',
  '28': 'lost',
  '57P': 'lost', // shutting down, crashed, starting up
  '3D000': 'lost',
}

/** It was committed here, but the standby that has to confirm it has not. Whoever wrote must not hear that it is done. */
export class UnconfirmedCommit extends Error {
  override readonly name = 'UnconfirmedCommit'
}

/** One that was given up earlier still hangs. */
export class StalledCommit extends Error {
  override readonly name = 'StalledCommit'
}

function sqlstate(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  // Node's own code for a broken pipe looks just like one.
  return typeof code === 'string' && code !== 'EPIPE' ? code : undefined
}

function constraintOf(error: unknown): string {
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : ''
}

/** Deadlock or serialization failure: the same work may well succeed when it is repeated. */
export function isRetryable(error: unknown): boolean {
  const code = sqlstate(error)
  return code === '40P01' || code === '40001'
}

export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return sqlstate(error) === '23505' && constraintOf(error) === constraint
}

/** Somebody held a lock for longer than this was to wait. */
export function isLockTimeout(error: unknown): boolean {
  return sqlstate(error) === '55P03'
}

/** What was to be written breaks a rule, or cannot be stored: something else might. */
export function isAboutItsData(error: unknown): boolean {
  return /^(22|23|RT)/.test(sqlstate(error) ?? '')
}

/** The connection is gone, or so silent that it might as well be. */
export function isConnectionLost(error: Error): boolean {
  return LOST_CONNECTION.test(`${sqlstate(error) ?? ''} ${error.message}`)
}

/** The answer did not come in time, and its backend may still be at it. */
export function isSilence(error: unknown): boolean {
  return error instanceof Error && error.message === SILENT
}

/** The database takes no writes: it is, or has become, a standby. */
export function isReadOnly(error: unknown): boolean {
  return sqlstate(error) === '25006'
}

/** What it says about other writes; undefined for what belongs to this one alone, such as a deadlock or a rule. */
export function troubleOf(error: unknown): WriteTrouble | undefined {
  if (!(error instanceof Error) || error instanceof AppError || error.message === POOL_EXHAUSTED) return undefined
  if (error instanceof UnconfirmedCommit) return 'unconfirmed'
  if (error instanceof StalledCommit || isSilence(error)) return 'stalled'
  const code = sqlstate(error)
  if (code?.length === 5) return TROUBLES[code] ?? TROUBLES[code.slice(0, 3)] ?? TROUBLES[code.slice(0, 2)]
  return isConnectionLost(error) ? 'lost' : undefined
}

/** Any error as one that can be answered: our own as it is, PostgreSQL's translated, everything else `internal`. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error
  const cause = { cause: error }
  const code = sqlstate(error)
  if (error instanceof Error && code?.startsWith('RT') && isErrorCode(error.message))
    return new AppError(error.message, {}, cause)
  const known =
    CONSTRAINTS[constraintOf(error)] ??
    (code && (CODES[code] ?? (code.length === 5 ? CODES[code.slice(0, 2)] : undefined)))
  if (known) return new AppError(known, known === 'busy' || known === 'unavailable' ? { retry_after_s: 1 } : {}, cause)
  if (error instanceof Error && error.message === POOL_EXHAUSTED) {
    return new AppError('overloaded', { retry_after_s: 1 }, cause)
  }
  if (
    error instanceof UnconfirmedCommit ||
    error instanceof StalledCommit ||
    (error instanceof Error && isConnectionLost(error))
  ) {
    return new AppError('unavailable', { retry_after_s: 1 }, cause)
  }
  return new AppError('internal', {}, cause)
}
