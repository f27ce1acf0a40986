// What this node has handed out lately, kept so that a storm of returning sockets is no storm on the database. It answers
// only what it is sure of; all else is asked of the database.
//
// An event says what happened, its row what is: a newer event about a message also renews what is kept of it, so that
// nothing that was edited away or deleted is said again.
import { HARD } from '../contract/limits.js'
import type { LogEvent } from './log.js'

/** What a kept event costs beside its text. */
const EVENT_BYTES = 400
/** Places of those that are gone. */
const GAP_MAX = 10_000
/** After these, who hears what is another question: the spans in the database answer it. */
const MEMBERSHIP = new Set(['conversation.joined', 'conversation.left', 'conversation.deleted'])
const MOVES = new Set(['member.added', 'member.removed'])

/**
 * `turn`: as which it was handed out; `isStale`: it quotes a message that has changed since; `moved_id`: whose stay it begins
 * or ends.
 */
type Kept = LogEvent & { turn: number; isStale: boolean; moved_id: string | null }
/** The conversations of somebody, each with the first seq that is theirs. */
export type Reach = Iterable<readonly [streamId: string, fromSeq: number]>
export type Recent = { events: LogEvent[]; limited: string[] }

export class RecentEvents {
  readonly #maxBytes: number
  #bytes = 0
  /** Every event above it that was handed out is here. */
  #low = Number.POSITIVE_INFINITY
  #isWhole = true
  #turns = 0
  #deletedAt = 0
  /** In the order in which they were handed out; those before `#first` are gone. */
  #kept: (Kept | undefined)[] = []
  #first = 0
  readonly #streams = new Map<string, Kept[]>()
  readonly #messages = new Map<string, Kept[]>()
  readonly #quotes = new Map<string, Kept[]>()
  readonly #moves = new Map<string, Kept[]>()

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** From here on every event above `id` is added; `isWhole`: there are none that are still to be recalled. */
  begin(id: number, isWhole = true): void {
    this.#isWhole = isWhole
    for (const map of [this.#streams, this.#messages, this.#quotes, this.#moves]) map.clear()
    this.#kept = []
    this.#first = 0
    this.#bytes = 0
    this.#low = id
  }

  /** All have been recalled. */
  complete(): void {
    this.#isWhole = true
  }

  add(event: LogEvent): void {
    this.#renew(event)
    const moved_id = MOVES.has(event.type) ? (JSON.parse(event.data)?.user_id ?? null) : null
    const kept: Kept = { ...event, turn: this.#turns++, isStale: false, moved_id }
    this.#kept.push(kept)
    append(this.#streams, kept.stream_id, kept)
    append(this.#messages, kept.message_id, kept)
    append(this.#quotes, kept.quoted_id, kept)
    append(this.#moves, kept.moved_id, kept)
    if (event.type === 'conversation.deleted') this.#deletedAt = Math.max(this.#deletedAt, event.id)
    this.#bytes += sizeOf(kept)
    while (this.#bytes > this.#maxBytes && this.#first < this.#kept.length) this.#dropOldest()
  }

  /** What a user with this reach has missed since `since`; undefined when it takes the database to know. */
  since(since: number, userId: string, reach: Reach): Recent | undefined {
    if (!this.#isWhole || since < this.#low || this.#deletedAt > since) return undefined
    const events: Kept[] = []
    const limited: string[] = []
    // Its own stream may not have said so yet: the tail pauses between the two.
    if (this.#moves.get(userId)?.some((event) => event.id > since)) return undefined
    const own = newer(this.#streams.get(userId), since, 1)
    if (own.some((event) => MEMBERSHIP.has(event.type))) return undefined
    events.push(...own)
    for (const [streamId, fromSeq] of reach) {
      const missed = newer(this.#streams.get(streamId), since, fromSeq)
      if (missed.some((event) => event.isStale)) return undefined
      if (missed.length > HARD.fetched_events) limited.push(streamId)
      else events.push(...missed)
      if (events.length > HARD.missed_events) return undefined
    }
    // Not by id: what came late was read later, and of two that tell of one thing the last said is the newest.
    return { events: events.sort((a, b) => a.turn - b.turn), limited }
  }

  /** What was kept of the same message, or quotes it, must not say what it said before. */
  #renew({ type, message_id, data }: LogEvent): void {
    if (message_id === null || type === 'message.created') return
    for (const older of this.#messages.get(message_id) ?? []) {
      this.#bytes -= sizeOf(older)
      older.data = data
      this.#bytes += sizeOf(older)
    }
    for (const quoting of this.#quotes.get(message_id) ?? []) quoting.isStale = true
  }

  #dropOldest(): void {
    const event = this.#kept[this.#first]
    this.#kept[this.#first++] = undefined
    if (!event) return
    // Moved together rarely, so that each costs little.
    if (this.#first > GAP_MAX) {
      this.#kept = this.#kept.slice(this.#first)
      this.#first = 0
    }
    this.#bytes -= sizeOf(event)
    this.#low = Math.max(this.#low, event.id)
    for (const [map, key] of [
      [this.#streams, event.stream_id],
      [this.#messages, event.message_id],
      [this.#quotes, event.quoted_id],
      [this.#moves, event.moved_id],
    ] as const) {
      const list = key === null ? undefined : map.get(key)
      // The oldest of all is the oldest of each list.
      list?.shift()
      if (key !== null && list?.length === 0) map.delete(key)
    }
  }
}

function append(map: Map<string, Kept[]>, key: string | null, event: Kept): void {
  if (key === null) return
  const list = map.get(key)
  if (list) list.push(event)
  else map.set(key, [event])
}

/** From the newest backwards: ids rise with seq within a stream. */
function newer(events: Kept[] | undefined, since: number, fromSeq: number): Kept[] {
  if (!events) return []
  let first = events.length
  for (let event = events[first - 1]; event && event.id > since && event.seq >= fromSeq; event = events[first - 1])
    first--
  return events.slice(first)
}

function sizeOf(event: LogEvent): number {
  // Two bytes for each character, as text beyond Latin-1 takes.
  return event.data.length * 2 + EVENT_BYTES
}
