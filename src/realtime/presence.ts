// Tells whether people are here. What this node knows of its sockets is written as leases, all changes of a sweep in one
// statement; then the other nodes are told to look. Nothing on the bus says how somebody is.
import type { Actor } from '../auth/actor.js'
import { HARD } from '../contract/limits.js'
import type { ConversationPresence, OwnPresence, SetPresence, UserPresence } from '../contract/presence.js'
import type { Db } from '../db/database.js'
import {
  isInvisible,
  ownStatus,
  type Pair,
  type Present,
  readMembersPresence,
  readOwnPresence,
  readPresent,
  readVisible,
  recordSeen,
  setPresence,
  shapeOwn,
  shownStatus,
} from '../domain/presence.js'
import { writeLeases } from '../domain/presence-leases.js'
import type { Connection } from './connection.js'
import type { LivePresence } from './presence-live.js'
import type { Signals } from './signals.js'

/** Changes of one sweep: as many as the bus keeps waiting. The rest has its turn in the next. */
const CHANGES_MAX = 5_000

/** What others see of somebody, and what they see of themselves. */
export type Truth = { shown: UserPresence; own: UserPresence }

export type PresenceOptions = {
  db: Db
  nodeId: string
  live: LivePresence
  signals: Pick<Signals, 'publish'>
  now: () => number
  /** Somebody is invisible until then. */
  onInvisible: (userId: string, until: Date) => void
  /** This node has no lease under which its users could be written. */
  onNoLease: () => void
}

export class Presence {
  readonly #options: PresenceOptions

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  arrived({ id, actor }: Connection): void {
    this.#options.live.arrive(actor.user_id, id)
  }

  left({ id, actor }: Connection): void {
    this.#options.live.leave(actor.user_id, id)
  }

  acted(userId: string): void {
    this.#options.live.act(userId)
  }

  /** After what has changed is committed. One that is left out, or lost, costs a time. */
  hint(userIds: readonly string[]): void {
    for (const user_id of userIds) this.#options.signals.publish({ type: 'presence.hint', data: { user_id } })
  }

  readOwn(actor: Actor): Promise<OwnPresence> {
    return readOwnPresence(this.#options.db, actor, this.#options.now())
  }

  /** @throws AppError request.time_past, request.invalid, auth.session_ended */
  async set(actor: Actor, input: SetPresence): Promise<OwnPresence> {
    const { db, now } = this.#options
    const at = now()
    const setting = await setPresence(db, actor, input, at)
    this.hint([actor.user_id])
    return shapeOwn(actor.user_id, setting, at)
  }

  /** What the actor may see of each, in the order asked for. */
  async list(actor: Actor, userIds: readonly string[]): Promise<UserPresence[]> {
    const ids = [...new Set(userIds)]
    const found = await this.look(ids.map((user_id) => ({ watcher_id: actor.user_id, user_id })))
    return ids.map((user_id) => found.get(pairKey(actor.user_id, user_id)) ?? unseen(user_id))
  }

  /** By pairKey(); a pair of whom the one may not see the other is not in it. */
  async look(pairs: readonly Pair[]): Promise<Map<string, UserPresence>> {
    const rows = pairs.length === 0 ? [] : await readVisible(this.#options.db, pairs)
    return new Map(
      rows.map((row) => {
        const { shown, own } = this.#truth(row)
        return [pairKey(row.watcher_id, row.user_id), row.watcher_id === row.user_id ? own : shown]
      }),
    )
  }

  /** Undefined while this node has no lease. */
  async read(userIds: readonly string[]): Promise<Truth[] | undefined> {
    const rows = await readPresent(this.#options.db, this.#options.nodeId, userIds)
    return rows?.map((row) => this.#truth(row))
  }

  /** @throws AppError conversation.not_found */
  async ofConversation(actor: Actor, conversationId: string): Promise<ConversationPresence> {
    const { db, now } = this.#options
    const { member_count, members } = await readMembersPresence(db, actor, conversationId)
    const online = members.filter((member) => member.user_id === actor.user_id || !isInvisible(member, now()))
    return {
      member_count,
      online_count: online.length,
      online: online.slice(0, HARD.online_shown).map((member) => member.user_id),
    }
  }

  async sweep(): Promise<void> {
    const { db, nodeId, live, now, onNoLease } = this.#options
    const { changes: taken, losses } = live.take(CHANGES_MAX)
    if (taken.length === 0) return
    // Kept first, so that whoever sees them gone can read since when.
    const leaving = taken.filter(({ state }) => state === 'offline')
    const seen = leaving.map(({ user_id, seen_at }) => ({ user_id, at: seen_at }))
    if (seen.length > 0) await db.write(null, (tx) => recordSeen(tx, seen, now()))
    // Whoever has come back meanwhile is for the next sweep.
    const changes = taken.filter(({ user_id, state }) => live.state(user_id) === state)
    if (changes.length === 0) return
    if (!(await writeLeases(db, nodeId, changes))) return onNoLease()
    live.written(changes, losses)
    this.hint(changes.map(({ user_id }) => user_id))
  }

  #truth(row: Present): Truth {
    const { now, onInvisible } = this.#options
    const { user_id, last_seen_at, invisible_until } = row
    if (invisible_until && isInvisible(row, now())) onInvisible(user_id, invisible_until)
    return {
      shown: { user_id, status: shownStatus(row, row.live, now()), last_seen_at },
      own: { user_id, status: ownStatus(row, row.live), last_seen_at },
    }
  }
}

export function pairKey(watcherId: string, userId: string): string {
  return `${watcherId} ${userId}`
}

/** As for somebody who was never here. */
export function unseen(user_id: string): UserPresence {
  return { user_id, status: 'offline', last_seen_at: null }
}
