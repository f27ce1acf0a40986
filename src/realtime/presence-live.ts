// Who is on this node: the sockets of each user, when they last said something, and what of that is written as a lease.
import type { LiveState } from '../domain/presence-leases.js'

export type LiveTimes = { grace_ms: number; away_ms: number; offline_ms: number }

/** `written`: undefined while nobody can say what the database has. */
type Here = { readonly sockets: Set<string>; actedAt: number; goneAt: number; written: LiveState | undefined }

export type Change = { user_id: string; state: LiveState; seen_at: Date }

export class LivePresence {
  readonly #times: LiveTimes
  readonly #now: () => number
  /** Bounded by the sockets, and by those that closed within the grace. */
  readonly #users = new Map<string, Here>()
  #losses = 0

  constructor(times: LiveTimes, now: () => number) {
    this.#times = times
    this.#now = now
  }

  get size(): number {
    return this.#users.size
  }

  arrive(userId: string, connectionId: string): void {
    const now = this.#now()
    const here = this.#users.get(userId)
    if (here) {
      here.sockets.add(connectionId)
      here.actedAt = now
    } else {
      this.#users.set(userId, { sockets: new Set([connectionId]), actedAt: now, goneAt: 0, written: 'offline' })
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

  state(userId: string): LiveState {
    const here = this.#users.get(userId)
    return here ? this.#stateOf(here) : 'offline'
  }

  /** What is not written yet, of so many at most; who has gone and is written so is forgotten. */
  take(max: number): { changes: Change[]; losses: number } {
    const changes: Change[] = []
    for (const [user_id, here] of this.#users) {
      const state = this.#stateOf(here)
      if (state === here.written) {
        if (state === 'offline' && here.sockets.size === 0) this.#users.delete(user_id)
      } else if (changes.length < max) {
        here.written = undefined
        changes.push({ user_id, state, seen_at: seenAt(here) })
      }
    }
    return { changes, losses: this.#losses }
  }

  /** What was taken is written, unless all was lost since. */
  written(changes: readonly Change[], losses: number): void {
    if (losses !== this.#losses) return
    for (const { user_id, state } of changes) {
      const here = this.#users.get(user_id)
      if (here) here.written = state
    }
  }

  /** What was written is gone, or may be. */
  lost(): void {
    this.#losses++
    for (const here of this.#users.values()) here.written = undefined
  }

  /** Offline some time after the last socket closed: a reload of a page is no departure. */
  #stateOf({ sockets, actedAt, goneAt }: Here): LiveState {
    const { grace_ms, away_ms, offline_ms } = this.#times
    const now = this.#now()
    if (sockets.size === 0 && now - goneAt >= grace_ms) return 'offline'
    const idle = now - actedAt
    if (idle >= offline_ms) return 'offline'
    return idle >= away_ms ? 'away' : 'online'
  }
}

/** When the last socket closed; with sockets that say nothing, when they last did. */
function seenAt({ sockets, actedAt, goneAt }: Here): Date {
  return new Date(sockets.size === 0 ? goneAt : actedAt)
}
