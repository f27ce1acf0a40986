// Why a socket was closed. One comparison decides what a client does: from 4000 to 4499 it reconnects, from 4500 it does not;
// of the standard ones, 1000 means stop, and 1002 1003 1007 1008 1009 are the client's own fault (RFC 6455 §7.4.1). Whatever else
// ends a connection, 1006 without a code or 1012 of a proxy, may have passed when it comes back.

export const CLOSE_CODES = {
  going_away: { code: 4400, reason: 'The node is going away: reconnect after a random wait' },
  token_expired: { code: 4401, reason: 'The token has expired: refresh it, then reconnect' },
  too_slow: { code: 4408, reason: 'The socket did not take its events fast enough: reconnect' },
  node_stale: { code: 4410, reason: 'This node is behind the others: reconnect after a random wait' },
  overloaded: { code: 4429, reason: 'The node cannot take this connection now: reconnect later' },
  protocol_error: { code: 4500, reason: 'The client broke the protocol' },
  session_ended: { code: 4501, reason: 'The session has ended: sign in again' },
  account_closed: { code: 4502, reason: 'The account is closed' },
  forbidden: { code: 4503, reason: 'Pages of this origin may not connect' },
  unauthenticated: { code: 4504, reason: 'The token is missing or not valid' },
  too_many_connections: { code: 4505, reason: 'A newer socket of the same user took its place' },
  unsupported_data: { code: 1003, reason: 'Only text frames are understood' },
} as const

export type CloseReason = keyof typeof CLOSE_CODES

const FINAL: readonly number[] = [1000, 1002, 1003, 1007, 1008, 1009]

/** Whether a client should connect again after such a close. */
export function shouldReconnect(code: number): boolean {
  return code < 4500 && !FINAL.includes(code)
}
