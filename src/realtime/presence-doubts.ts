// Whether those who watch may still, or again, see whom they watch. An event that may have changed it puts the row in doubt;
// each sweep asks about those that are, in one query. A doubt ends only by an answer that was asked for after it.
import { EVENTS } from '../contract/events.js'
import type { UserPresence } from '../contract/presence.js'
import type { LogEvent } from './log.js'
import { type Presence, pairKey } from './presence.js'
import type { PresenceRows, Row } from './presence-rows.js'

/** Pairs of one question; the others wait for the next sweep. */
const PAIRS_MAX = 5_000
/** A question that failed may have been too long: the next one is half of it. */
const PAIRS_MIN = 100
/** Deleted conversations whose members are read at once. */
const DELETED_MAX = 200

/** Undefined: they may not be seen. */
export type Judge = (row: Row, seen: UserPresence | undefined) => void

export type PresenceDoubtsOptions = {
  rows: PresenceRows
  look: Presence['look']
  /** By conversation. */
  membersOf: (conversationIds: readonly string[]) => Promise<ReadonlyMap<string, ReadonlySet<string>>>
  judge: Judge
}

export class PresenceDoubts {
  readonly #options: PresenceDoubtsOptions
  /** In the order in which they are asked about. */
  readonly #doubtful = new Set<Row>()
  readonly #deleted = new Set<string>()
  #doubts = 0
  #pairs = PAIRS_MAX

  constructor(options: PresenceDoubtsOptions) {
    this.#options = options
  }

  /** The number of a new doubt. */
  next(): number {
    return ++this.#doubts
  }

  onEvent(event: LogEvent): void {
    const { rows } = this.#options
    if (rows.sockets === 0) return
    if (event.type === 'member.added' || event.type === 'member.removed') {
      const userId = userOf(event)
      this.#raise(rows.of(userId))
      this.#raise(rows.about(userId))
    } else if (event.type === 'block.added' || event.type === 'block.removed') {
      const userId = userOf(event)
      this.#raise(rows.between(userId, event.stream_id))
      this.#raise(rows.between(event.stream_id, userId))
    } else if (event.type === 'conversation.deleted') {
      this.#deleted.add(event.stream_id)
    }
  }

  forget(row: Row): void {
    this.#doubtful.delete(row)
  }

  async sweep(): Promise<void> {
    try {
      if (this.#deleted.size > 0) await this.#resolveDeleted()
    } finally {
      await this.#askAgain()
    }
  }

  /** Asks about each pair once. A denial holds at once; a permission only where no doubt has come since it was asked for. */
  async ask(rows: readonly Row[], judge: Judge): Promise<void> {
    const asked = rows.map((row) => [row, row.doubt] as const)
    const pairs = new Map(rows.map((row) => [keyOf(row), { watcher_id: row.watcherId, user_id: row.userId }]))
    const found = await this.#options.look([...pairs.values()])
    for (const [row, doubt] of asked) {
      // Dropped, or what was asked later was answered earlier.
      if (!this.#options.rows.has(row) || row.doubt === 0) continue
      const certain = row.doubt === doubt
      this.#doubtful.delete(row)
      if (certain) row.doubt = 0
      // Behind those that wait already.
      else this.#doubtful.add(row)
      const seen = found.get(keyOf(row))
      if (certain || !seen) judge(row, seen)
    }
  }

  #raise(rows: Iterable<Row>): void {
    for (const row of rows) {
      row.doubt = this.next()
      this.#doubtful.add(row)
    }
  }

  /** Nobody but two members can have lost each other. */
  async #resolveDeleted(): Promise<void> {
    const ids = [...this.#deleted].slice(0, DELETED_MAX)
    const { rows, membersOf } = this.#options
    for (const members of (await membersOf(ids)).values()) {
      for (const watcherId of members) {
        this.#raise([...rows.of(watcherId)].filter((row) => members.has(row.userId)))
      }
    }
    for (const id of ids) this.#deleted.delete(id)
  }

  async #askAgain(): Promise<void> {
    const pairs = new Set<string>()
    const rows: Row[] = []
    for (const row of this.#doubtful) {
      if (pairs.add(keyOf(row)).size > this.#pairs) break
      rows.push(row)
    }
    if (rows.length === 0) return
    try {
      await this.ask(rows, this.#options.judge)
      this.#pairs = Math.min(this.#pairs * 2, PAIRS_MAX)
    } catch (error) {
      this.#pairs = Math.max(this.#pairs / 2, PAIRS_MIN)
      throw error
    }
  }
}

const USER = EVENTS['member.added'].pick({ user_id: true })

function userOf(event: LogEvent): string {
  return USER.parse(JSON.parse(event.data)).user_id
}

function keyOf({ watcherId, userId }: Row): string {
  return pairKey(watcherId, userId)
}
