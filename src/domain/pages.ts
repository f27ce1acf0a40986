// Opaque cursors: the key of the last row of a page, in base64url. They hold nothing that the page did not show.
import { AppError } from '../contract/errors.js'
import type { Page } from '../contract/fields.js'

/** The parts of a cursor, each of which must match its pattern: a made-up one is refused before any query sees it. */
export function readCursor(cursor: string, patterns: readonly RegExp[]): string[] {
  const parts = Buffer.from(cursor, 'base64url').toString('latin1').split(' ')
  if (parts.length !== patterns.length || !parts.every((part, index) => patterns[index]?.test(part))) {
    throw new AppError('request.invalid', {
      errors: [{ path: 'cursor', code: 'invalid_cursor', message: 'is not a cursor of this list' }],
    })
  }
  return parts
}

/** A page from `limit + 1` rows, of which the last only tells that there are more. */
export function toPage<R, T>(
  rows: R[],
  limit: number,
  shape: (row: R) => T,
  key: (row: R) => (string | number)[],
): Page<T> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const has_more = rows.length > limit
  return {
    data: shown.map(shape),
    next_cursor:
      has_more && last !== undefined ? Buffer.from(key(last).join(' '), 'latin1').toString('base64url') : null,
    has_more,
  }
}

export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const INTEGER = /^\d{1,16}$/
export const FLAG = /^[01]$/
