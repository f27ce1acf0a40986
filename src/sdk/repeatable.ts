import { EarshotError } from './call.js'

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

/** Whether the same may succeed another time. Without an answer it is not even known whether it was done. */
export function mayRepeat(error: unknown): boolean {
  if (!(error instanceof EarshotError)) return false
  return error.code === 'network' || error.code === 'unexpected' || REPEATABLE.has(error.code)
}
