// A place between two steps of a node at which it can be killed. The node knows nothing of it: its proxy sees what it asks
// PostgreSQL and what it is answered, and keeps that back for ever.
import { setTimeout as delay } from 'node:timers/promises'
import type { Intercept, TcpProxy } from '../../support/tcp-proxy.js'

/** The end of every answer of PostgreSQL outside a transaction. */
const IDLE = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])
const ARRAY = /\{[^}]*\}/g
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/
const PATIENCE_MS = 30_000

/**
 * Resolves with the client id of the next message that is stored through this proxy: it is committed, and the node will
 * never know.
 */
export function afterCommit(proxy: TcpProxy): Promise<string> {
  return arm(proxy, 'a message that is stored', (hold) => (chunk, from, link) => {
    if (from === 'client') {
      // Of the arrays, the third has the client ids (domain/sends.ts).
      const text = chunk.toString('latin1')
      link.note = text.includes('send_messages') ? (text.match(ARRAY)?.[2]?.match(UUID)?.[0] ?? '') : ''
      return false
    }
    // What comes before the end of the answer completes nothing in the node.
    if (link.note === '' || !chunk.includes(IDLE) || !chunk.includes('stored')) return false
    return hold(link.note)
  })
}

/** Resolves once the next bell was rung in the node and has not come to PostgreSQL (db/doorbell.ts). */
export function beforeBell(proxy: TcpProxy): Promise<string> {
  return arm(
    proxy,
    'a bell',
    (hold) => (chunk, from) => from === 'client' && chunk.includes(`pg_notify('earshot', $1)`) && hold('bell'),
  )
}

async function arm(proxy: TcpProxy, what: string, catches: (hold: (seen: string) => true) => Intercept) {
  const end = new AbortController()
  try {
    return await Promise.race([
      new Promise<string>((resolve) => {
        let isHeld = false
        const hold = (seen: string): true => {
          isHeld = true
          resolve(seen)
          return true
        }
        const intercept = catches(hold)
        // One is enough: everything else goes on.
        proxy.intercept = (...seen) => !isHeld && intercept(...seen)
      }),
      delay(PATIENCE_MS, undefined, { signal: end.signal }).then(() => {
        throw new Error(`${what} did not come`)
      }),
    ])
  } finally {
    end.abort()
  }
}
