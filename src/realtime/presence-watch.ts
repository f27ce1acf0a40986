// Which sockets want to hear of whom. A change goes out at once, or after the rest since the last one; only to those who may
// see it. While that is in doubt (presence-doubts.ts) nothing is told.
import type { UserPresence } from '../contract/presence.js'
import type { Metrics } from '../observe.js'
import { encodeSignal } from '../protocols/native.js'
import type { Connection } from './connection.js'
import { type Presence, type Truth, unseen } from './presence.js'
import { PresenceDoubts, type PresenceDoubtsOptions } from './presence-doubts.js'
import { PresenceRows, type Row } from './presence-rows.js'

/** At most one change of each user in this time; the last state wins. */
const REST_MS = 2_000

export type PresenceWatchOptions = {
  look: Presence['look']
  membersOf: PresenceDoubtsOptions['membersOf']
  now: () => number
  metrics: Metrics
}

export class PresenceWatch {
  /** Swept on its own: what waits to be told does not wait for the database. */
  readonly doubts: PresenceDoubts
  readonly #options: PresenceWatchOptions
  readonly #rows = new PresenceRows()
  readonly #waiting = new Set<Row>()

  constructor(options: PresenceWatchOptions) {
    this.#options = options
    this.doubts = new PresenceDoubts({
      rows: this.#rows,
      look: options.look,
      membersOf: options.membersOf,
      judge: (row, seen) => this.#judge(row, seen),
    })
  }

  /** Users on a list, each counted once. */
  get size(): number {
    return this.#rows.watched.size
  }

  get watched(): ReadonlyMap<string, unknown> {
    return this.#rows.watched
  }

  /** Takes the place of the socket's list before; answers with how things stand. */
  async watch(connection: Connection, userIds: readonly string[]): Promise<UserPresence[]> {
    this.drop(connection)
    if (userIds.length === 0) return []
    // Before the state is read, so that no change falls between the two.
    const rows = this.#rows.keep(connection, userIds, this.doubts.next())
    try {
      await this.doubts.ask(rows, (row, seen) => {
        row.visible = seen !== undefined
        row.told = seen ?? unseen(row.userId)
      })
    } catch (error) {
      this.drop(connection)
      throw error
    }
    // Closed meanwhile: nobody waits for it any more.
    return rows.filter((row) => this.#rows.has(row)).map((row) => row.told)
  }

  drop(connection: Connection): void {
    for (const row of this.#rows.drop(connection)) {
      this.#waiting.delete(row)
      this.doubts.forget(row)
    }
  }

  hear({ shown, own }: Truth): void {
    for (const row of this.#rows.about(shown.user_id)) this.#change(row, row.watcherId === row.userId ? own : shown)
  }

  sweep(): void {
    const now = this.#options.now()
    for (const row of this.#waiting) {
      if (row.doubt > 0 || now - row.toldAt < REST_MS) continue
      this.#waiting.delete(row)
      if (row.waiting && row.visible && differ(row.told, row.waiting)) this.#tell(row, row.waiting)
      row.waiting = undefined
    }
  }

  /** Told at once, or kept until it may be: the last state wins. */
  #change(row: Row, seen: UserPresence): void {
    const { now } = this.#options
    if (!row.visible && row.doubt === 0) return
    if (row.doubt > 0 || now() - row.toldAt < REST_MS) {
      row.waiting = seen
      this.#waiting.add(row)
      return
    }
    row.waiting = undefined
    this.#waiting.delete(row)
    if (differ(row.told, seen)) this.#tell(row, seen)
  }

  #judge(row: Row, seen: UserPresence | undefined): void {
    // While it may be seen, what was read since may be newer.
    if (row.visible === (seen !== undefined)) return
    row.visible = seen !== undefined
    const next = seen ?? unseen(row.userId)
    if (differ(row.told, next)) this.#tell(row, next)
  }

  #tell(row: Row, presence: UserPresence): void {
    row.told = presence
    row.toldAt = this.#options.now()
    row.connection.sendSignal(encodeSignal({ type: 'presence.changed', data: presence }))
    this.#options.metrics.presenceTold.inc()
  }
}

/** Whoever is here need not know when they were last seen: they may just have gone from another node. */
function differ(one: UserPresence, other: UserPresence): boolean {
  return one.status !== other.status || (one.status === 'offline' && one.last_seen_at !== other.last_seen_at)
}
