// Which sockets want to hear of whom. A change goes out at once, or after the rest since the last one; only to those who may
// see it. What may have ended that is asked again in the next sweep, in one query for all; until then nothing is told.
import { EVENTS } from '../contract/events.js'
import type { UserPresence } from '../contract/presence.js'
import type { Db } from '../db/database.js'
import { readMembersOf } from '../domain/presence.js'
import type { Metrics } from '../observe.js'
import { encodeSignal } from '../protocols/native.js'
import type { Connection } from './connection.js'
import type { LogEvent } from './log.js'
import { type Presence, pairKey, unseen } from './presence.js'

/** At most one change of each user in this time; the last state wins. */
const REST_MS = 2_000
/** Pairs that one sweep asks for, unless a single user has more; the others wait for the next. */
const PAIRS_MAX = 5_000

/** What a socket has asked for. */
type List = {
  readonly connection: Connection
  readonly rows: Map<string, Row>
  /** What was heard while the first state is being read; undefined once it is. */
  meanwhile: Map<string, UserPresence> | undefined
  /** Something of it came into doubt while that was read: it is asked again. */
  unsure: boolean
}
/** One user on a list: whether they may be seen, what was told and when, and what waits to be told. */
type Row = {
  readonly list: List
  readonly userId: string
  visible: boolean
  told: UserPresence
  toldAt: number
  waiting: UserPresence | undefined
}

export type PresenceWatchOptions = {
  db: Db
  presence: Pick<Presence, 'look' | 'truth'>
  now: () => number
  metrics: Metrics
}

export class PresenceWatch {
  readonly #options: PresenceWatchOptions
  readonly #lists = new Map<Connection, List>()
  readonly #byWatcher = new Map<string, Set<List>>()
  readonly #byWatched = new Map<string, Set<Row>>()
  readonly #waiting = new Set<Row>()
  /** Users, and deleted conversations, because of whom somebody may no longer, or again, see somebody. */
  #doubtful = new Set<string>()
  #deleted = new Set<string>()
  /** The same, while it is being asked. */
  #asked: { users: ReadonlySet<string>; deleted: ReadonlySet<string> } | undefined

  constructor(options: PresenceWatchOptions) {
    this.#options = options
  }

  /** Users on a list, each counted once. */
  get size(): number {
    return this.#byWatched.size
  }

  /** Takes the place of the socket's list before; answers with how things stand. */
  async watch(connection: Connection, userIds: readonly string[]): Promise<UserPresence[]> {
    this.drop(connection)
    if (userIds.length === 0) return []
    const list: List = { connection, rows: new Map(), meanwhile: new Map(), unsure: false }
    // Before the state is read, so that no change falls between the two.
    this.#keep(list, userIds)
    const watcher_id = connection.actor.user_id
    try {
      const found = await this.#options.presence.look([...list.rows.keys()].map((user_id) => ({ watcher_id, user_id })))
      // Closed meanwhile: nobody waits for it any more.
      if (this.#lists.get(connection) !== list) return []
      for (const row of list.rows.values()) {
        const seen = found.get(pairKey(watcher_id, row.userId))
        row.visible = seen !== undefined
        row.told = seen ?? unseen(row.userId)
        const later = list.meanwhile?.get(row.userId)
        if (later) this.#change(row, later)
      }
      list.meanwhile = undefined
      if (list.unsure) this.#doubtful.add(watcher_id)
      return [...list.rows.values()].map((row) => row.told)
    } catch (error) {
      this.drop(connection)
      throw error
    }
  }

  drop(connection: Connection): void {
    const list = this.#lists.get(connection)
    if (!list) return
    this.#lists.delete(connection)
    remove(this.#byWatcher, connection.actor.user_id, list)
    for (const row of list.rows.values()) {
      remove(this.#byWatched, row.userId, row)
      this.#waiting.delete(row)
    }
  }

  hear(presence: UserPresence): void {
    for (const row of this.#byWatched.get(presence.user_id) ?? []) {
      if (row.list.meanwhile) row.list.meanwhile.set(row.userId, presence)
      else this.#change(row, presence)
    }
  }

  onEvent(event: LogEvent): void {
    if (this.#lists.size === 0) return
    if (event.type === 'member.added' || event.type === 'member.removed') {
      this.#doubt(USER.parse(JSON.parse(event.data)).user_id)
    } else if (event.type === 'block.added' || event.type === 'block.removed') {
      this.#doubt(event.stream_id)
      this.#doubt(USER.parse(JSON.parse(event.data)).user_id)
    } else if (event.type === 'conversation.deleted') {
      this.#deleted.add(event.stream_id)
    }
  }

  async sweep(): Promise<void> {
    await this.#askAgain()
    const now = this.#options.now()
    for (const row of this.#waiting) {
      if (this.#isDoubtful(row) || now - row.toldAt < REST_MS) continue
      this.#waiting.delete(row)
      if (row.waiting && row.visible && differ(row.told, row.waiting)) this.#tell(row, row.waiting)
      row.waiting = undefined
    }
  }

  #keep(list: List, userIds: readonly string[]): void {
    this.#lists.set(list.connection, list)
    add(this.#byWatcher, list.connection.actor.user_id, list)
    for (const userId of new Set(userIds)) {
      const row: Row = {
        list,
        userId,
        visible: false,
        told: unseen(userId),
        toldAt: Number.NEGATIVE_INFINITY,
        waiting: undefined,
      }
      list.rows.set(userId, row)
      add(this.#byWatched, userId, row)
    }
  }

  /** Told at once, or kept until it may be: the last state wins. */
  #change(row: Row, presence: UserPresence): void {
    const { now } = this.#options
    const uncertain = row.list.meanwhile !== undefined || this.#isDoubtful(row)
    if (!row.visible && !uncertain) return
    const seen = row.userId === row.list.connection.actor.user_id ? this.#options.presence.truth(presence) : presence
    if (uncertain || now() - row.toldAt < REST_MS) {
      row.waiting = seen
      this.#waiting.add(row)
      return
    }
    row.waiting = undefined
    this.#waiting.delete(row)
    if (differ(row.told, seen)) this.#tell(row, seen)
  }

  #tell(row: Row, presence: UserPresence): void {
    row.told = presence
    row.toldAt = this.#options.now()
    row.list.connection.sendSignal(encodeSignal({ type: 'presence.changed', data: presence }))
    this.#options.metrics.presenceTold.inc()
  }

  #doubt(userId: string): void {
    if (this.#byWatched.has(userId) || this.#byWatcher.has(userId)) this.#doubtful.add(userId)
  }

  #isDoubtful(row: Row): boolean {
    if (this.#deleted.size > 0 || (this.#asked?.deleted.size ?? 0) > 0) return true
    const watcherId = row.list.connection.actor.user_id
    return [this.#doubtful, this.#asked?.users].some((users) => users?.has(row.userId) || users?.has(watcherId))
  }

  async #askAgain(): Promise<void> {
    if (this.#doubtful.size === 0 && this.#deleted.size === 0) return
    const users = this.#doubtful
    const deleted = this.#deleted
    this.#doubtful = new Set()
    this.#deleted = new Set()
    this.#asked = { users, deleted }
    try {
      if (deleted.size > 0) {
        for (const userId of await readMembersOf(this.#options.db, [...deleted])) {
          if (this.#byWatched.has(userId) || this.#byWatcher.has(userId)) users.add(userId)
        }
      }
      const rows = this.#rowsOf(users)
      if (rows.length === 0) return
      const found = await this.#options.presence.look(rows.map(pairOf))
      this.#asked = undefined
      // Whoever has come into doubt since is asked about once more.
      const certain = rows.filter((row) => !this.#isDoubtful(row))
      for (const row of certain) this.#judge(row, found.get(pairKey(row.list.connection.actor.user_id, row.userId)))
    } catch (error) {
      for (const userId of users) this.#doubtful.add(userId)
      for (const id of deleted) this.#deleted.add(id)
      throw error
    } finally {
      this.#asked = undefined
    }
  }

  /** Everybody's rows about these users, and their own; whoever is beyond the bound stays in doubt. */
  #rowsOf(users: ReadonlySet<string>): Row[] {
    const rows = new Set<Row>()
    for (const userId of users) {
      if (rows.size >= PAIRS_MAX) {
        this.#doubtful.add(userId)
        continue
      }
      const own = [...(this.#byWatcher.get(userId) ?? [])].flatMap((list) => [...list.rows.values()])
      for (const row of [...own, ...(this.#byWatched.get(userId) ?? [])]) {
        // Its first state may be older than what made it doubtful.
        if (row.list.meanwhile) row.list.unsure = true
        else rows.add(row)
      }
    }
    return [...rows]
  }

  #judge(row: Row, seen: UserPresence | undefined): void {
    if (this.#lists.get(row.list.connection) !== row.list) return
    // While it may be seen, what is heard over the bus is newer than what this node can read.
    if (row.visible === (seen !== undefined)) return
    row.visible = seen !== undefined
    const next = seen ?? unseen(row.userId)
    if (differ(row.told, next)) this.#tell(row, next)
  }
}

const USER = EVENTS['member.added'].pick({ user_id: true })

function pairOf({ list, userId }: Row) {
  return { watcher_id: list.connection.actor.user_id, user_id: userId }
}

function differ(one: UserPresence, other: UserPresence): boolean {
  return one.status !== other.status || one.last_seen_at !== other.last_seen_at
}

function add<T>(index: Map<string, Set<T>>, key: string, item: T): void {
  const items = index.get(key)
  if (items) items.add(item)
  else index.set(key, new Set([item]))
}

function remove<T>(index: Map<string, Set<T>>, key: string, item: T): void {
  const items = index.get(key)
  items?.delete(item)
  if (items?.size === 0) index.delete(key)
}
