// Who is here: the sockets of each user on this node, and when they last said something. Where several nodes are to know
// of each other's sockets, leases in the database take the place of this class.
import type { LiveState } from '../domain/presence.js'

export type LiveTimes = { grace_ms: number; away_ms: number; offline_ms: number }

type Here = { readonly sockets: Set<string>; actedAt: number; goneAt: number }

export class LivePresence {
  readonly #times: LiveTimes
  readonly #now: () => number
  /** Bounded by the sockets, and by those that closed within the grace. */
  readonly #users = new Map<string, Here>()

  constructor(times: LiveTimes, now: () => number) {
    this.#times = times
    this.#now = now
  }

  arrive(userId: string, connectionId: string): void {
    const now = this.#now()
    const here = this.#users.get(userId)
    if (!here) this.#users.set(userId, { sockets: new Set([connectionId]), actedAt: now, goneAt: 0 })
    else {
      here.sockets.add(connectionId)
      here.actedAt = now
    }
  }

  leave(userId: string, connectionId: string): void {
    const here = this.#users.get(userId)
    if (here?.sockets.delete(connectionId) && here.sockets.size === 0) here.goneAt = this.#now()
  }

  act(userId: string): void {
    const here = this.#users.get(userId)
    if (here) here.actedAt = this.#now()
  }

  /** Offline some time after the last socket closed: a reload of a page is no departure. */
  state(userId: string): LiveState {
    const here = this.#users.get(userId)
    if (!here) return 'offline'
    const { grace_ms, away_ms, offline_ms } = this.#times
    const now = this.#now()
    if (here.sockets.size === 0 && now - here.goneAt >= grace_ms) return 'offline'
    const idle = now - here.actedAt
    if (idle >= offline_ms) return 'offline'
    return idle >= away_ms ? 'away' : 'online'
  }

  hasSockets(userId: string): boolean {
    return (this.#users.get(userId)?.sockets.size ?? 0) > 0
  }

  /** When the last socket closed; with sockets that say nothing, when they last did. */
  seenAt(userId: string): Date {
    const here = this.#users.get(userId)
    if (!here) return new Date(this.#now())
    return new Date(here.sockets.size === 0 ? here.goneAt : here.actedAt)
  }

  forget(userId: string): void {
    this.#users.delete(userId)
  }
}
