// What goes wrong on this side, and what may be done about whatever went wrong.
import { EarshotError } from './call.js'

/** An error of the client's own, or one that came over the socket, which has no status. */
export function failure(code: string, detail: string, status = 0): EarshotError {
  return new EarshotError({ status, code, detail })
}

/** What came is not what it should be. */
export function unexpected(): EarshotError {
  return failure('unexpected', 'This is not an answer of Earshot')
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof EarshotError ? error.code : undefined
}

/** For how long the server asks to be left alone. */
export function pauseOf(error: unknown): number {
  return error instanceof EarshotError ? (error.retry_after_s ?? 0) * 1_000 : 0
}

export function notFound(): EarshotError {
  return failure('conversation.not_found', 'There is no such conversation', 404)
}

/** Refusals that may pass: those with `retry: true` in contract/errors.ts. */
export const REPEATABLE: ReadonlySet<string> = new Set([
  'rate_limited',
  'busy',
  'overloaded',
  'unavailable',
  'internal',
  'storage.unavailable',
  'attachment.not_ready',
  'upload.locked',
  'upload.stalled',
])

/** There was no answer to speak of; or another token is on its way to the socket. */
const UNANSWERED = new Set<string>(['network', 'unexpected', 'auth.token_expired'])

/** Whether the same may succeed another time. */
export function mayRepeat(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  return UNANSWERED.has(code) || REPEATABLE.has(code)
}
