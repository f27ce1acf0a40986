// What PostgreSQL says -> what we say. The SQLSTATE and the constraint's name are the interface, the text never is.
import { AppError, type ErrorCode, isErrorCode } from '../contract/errors.js'

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
  '57': 'unavailable', // shutting down, starting up
  '3D000': 'unavailable', // the database is gone, or not there yet
  '25006': 'unavailable', // read-only: a former primary
  '58': 'unavailable',
}

const LOST_CONNECTION =
  /terminated|timeout exceeded|Connection (ended|lost)|ECONNRE|EPIPE|ETIMEDOUT|Query read timeout|not queryable/i

function sqlstate(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
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

/** The connection is gone, or so silent that it might as well be. */
export function isConnectionLost(error: Error): boolean {
  return LOST_CONNECTION.test(`${sqlstate(error) ?? ''} ${error.message}`)
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
  if (error instanceof Error && isConnectionLost(error)) {
    return new AppError('unavailable', { retry_after_s: 1 }, cause)
  }
  return new AppError('internal', {}, cause)
}
