// The lists of the sockets that watch, found from the socket, from the watcher and from the watched.
import type { UserPresence } from '../contract/presence.js'
import type { Connection } from './connection.js'
import { unseen } from './presence.js'

/** One user on the list of a socket: whether they may be seen, what was told and when, and what waits to be told. */
export type Row = {
  readonly connection: Connection
  readonly watcherId: string
  readonly userId: string
  visible: boolean
  /** The number of the last doubt whether they may be seen; 0 when an answer has come that was asked for after it. */
  doubt: number
  told: UserPresence
  toldAt: number
  waiting: UserPresence | undefined
}

type List = Map<string, Row>

export class PresenceRows {
  readonly #bySocket = new Map<Connection, List>()
  readonly #byWatcher = new Map<string, Set<List>>()
  readonly #byWatched = new Map<string, Set<Row>>()

  get sockets(): number {
    return this.#bySocket.size
  }

  /** Everybody who is on a list, each once. */
  get watched(): ReadonlyMap<string, unknown> {
    return this.#byWatched
  }

  /** In doubt until the first answer. */
  keep(connection: Connection, userIds: readonly string[], doubt: number): Row[] {
    const watcherId = connection.actor.user_id
    const list: List = new Map()
    this.#bySocket.set(connection, list)
    add(this.#byWatcher, watcherId, list)
    for (const userId of new Set(userIds)) {
      const row: Row = {
        connection,
        watcherId,
        userId,
        visible: false,
        doubt,
        told: unseen(userId),
        toldAt: Number.NEGATIVE_INFINITY,
        waiting: undefined,
      }
      list.set(userId, row)
      add(this.#byWatched, userId, row)
    }
    return [...list.values()]
  }

  drop(connection: Connection): Row[] {
    const list = this.#bySocket.get(connection)
    if (!list) return []
    this.#bySocket.delete(connection)
    remove(this.#byWatcher, connection.actor.user_id, list)
    for (const row of list.values()) remove(this.#byWatched, row.userId, row)
    return [...list.values()]
  }

  has(row: Row): boolean {
    return this.#bySocket.get(row.connection)?.get(row.userId) === row
  }

  about(userId: string): Iterable<Row> {
    return this.#byWatched.get(userId) ?? []
  }

  *of(watcherId: string): Iterable<Row> {
    for (const list of this.#byWatcher.get(watcherId) ?? []) yield* list.values()
  }

  *between(watcherId: string, userId: string): Iterable<Row> {
    for (const list of this.#byWatcher.get(watcherId) ?? []) {
      const row = list.get(userId)
      if (row) yield row
    }
  }
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
