// What somebody has missed, read from the log: first which events, by id alone, then the events themselves, a few at a time.
import { sql } from 'kysely'
import { AppError } from '../contract/errors.js'
import type { ResyncReason } from '../contract/events.js'
import { HARD } from '../contract/limits.js'
import type { Db } from '../db/database.js'
import { FairSemaphore } from '../kit/fair-semaphore.js'
import type { LogEvent } from './log.js'
import type { Positions } from './positions.js'

/** So many events are in memory at once, whatever their size. */
const CHUNK = 64
/** Whoever comes when so many wait already is asked to come back later. */
const WAITING_MAX = 10_000

export type MissedIds = { ids: number[]; limited: string[] }

export class MissedEvents {
  readonly #db: Db
  readonly #positions: Positions
  readonly #turns: FairSemaphore

  /** @param each how many of one user may wait */
  constructor(db: Db, positions: Positions, atATime: number, each: number) {
    this.#db = db
    this.#positions = positions
    this.#turns = new FairSemaphore(atATime, WAITING_MAX, each)
  }

  /** Work on the database that many users ask for at the same moment, in turn. @throws AppError overloaded */
  admit<T>(userId: string, work: () => Promise<T>): Promise<T> {
    return this.#turns.run(userId, work, () => new AppError('overloaded', { retry_after_s: 5 }))
  }

  /** Which events with an id above `since` were this user's to hear. @throws AppError overloaded */
  async find(userId: string, since: number): Promise<MissedIds | ResyncReason> {
    const { rows } = await this.admit(userId, () =>
      sql<{ log_floor: number; last_id: number; ids: string[]; limited: string[]; too_much: boolean }>`
        select * from missed_events(${userId}::uuid, ${since}::bigint, ${HARD.missed_events}, ${HARD.fetched_events})
      `.execute(this.#db.query),
    )
    const found = rows[0]
    if (!found) throw new Error('missed_events() has no answer')
    if (since < found.log_floor) return 'window'
    if (since > found.last_id) {
      await this.#positions.beyond(since)
      return 'epoch'
    }
    return found.too_much ? 'too_much' : { ids: found.ids.map(Number), limited: found.limited }
  }

  /** These events as they are now, in chunks, until they are more bytes than one may miss or the log has dropped some. */
  async *read(userId: string, ids: readonly number[]): AsyncGenerator<LogEvent[] | ResyncReason> {
    let bytes = 0
    for (let from = 0; from < ids.length; from += CHUNK) {
      const chunk = ids.slice(from, from + CHUNK)
      const { rows } = await this.admit(userId, () =>
        sql<LogEvent>`select * from read_events(${chunk}::bigint[])`.execute(this.#db.query),
      )
      if (rows.length < chunk.length) return yield 'window'
      for (const event of rows) bytes += Buffer.byteLength(event.data)
      if (bytes > HARD.missed_bytes) return yield 'too_much'
      yield rows
    }
  }

  /**
   * A stretch of one stream, for a client that has a gap. It lies within one stay of theirs, never across an absence. Of a long
   * one the beginning, from whose end one asks on.
   * @throws AppError stream.not_found, stream.gone, overloaded
   */
  async fetch(userId: string, streamId: string, fromSeq: number, toSeq: number): Promise<LogEvent[]> {
    const { rows } = await this.admit(userId, () =>
      sql<LogEvent>`
        select * from read_events(array(
          select e.id
          from events e
          where e.stream_id = ${streamId}::uuid and e.seq between ${fromSeq}::bigint and ${toSeq}::bigint
            and (${streamId}::uuid = ${userId}::uuid or exists (
              select from member_spans m
              where m.conversation_id = ${streamId}::uuid and m.user_id = ${userId}::uuid
                and m.from_seq <= ${fromSeq}::bigint and coalesce(m.to_seq >= ${toSeq}::bigint, true)))
          order by e.seq
          limit ${CHUNK}))`.execute(this.#db.query),
    )
    const first = rows[0]
    if (first?.seq === fromSeq) return beginning(rows)
    throw new AppError((await this.#hasHeard(userId, streamId, fromSeq, toSeq)) ? 'stream.gone' : 'stream.not_found')
  }

  /** It was theirs to hear, and the log has had it. */
  async #hasHeard(userId: string, streamId: string, fromSeq: number, toSeq: number): Promise<boolean> {
    const { rows } = await sql`
      select from streams s
      where s.id = ${streamId}::uuid and s.seq >= ${fromSeq}::bigint
        and (s.id = ${userId}::uuid or exists (
          select from member_spans m
          where m.conversation_id = s.id and m.user_id = ${userId}::uuid
            and m.from_seq <= ${fromSeq}::bigint and coalesce(m.to_seq >= ${toSeq}::bigint, true)))`.execute(
      this.#db.query,
    )
    return rows.length > 0
  }
}

/** As many as fit into one answer, and one in any case. */
function beginning(events: LogEvent[]): LogEvent[] {
  let bytes = 0
  const beyond = events.findIndex(({ data }) => {
    bytes += Buffer.byteLength(data)
    return bytes > HARD.missed_bytes
  })
  return beyond < 0 ? events : events.slice(0, Math.max(1, beyond))
}
