// The log's statements, over one session of the tail's own: named, so that PostgreSQL plans them once.
import { Socket } from 'node:net'
import type { DatabaseConfig } from '../config.js'
import { createSession, type Session } from '../db/pool.js'
import type { Logger } from '../observe.js'

/** One event as it is handed out: `data` is finished JSON text that no node parses. */
export type LogEvent = {
  id: number
  stream_id: string
  seq: number
  type: string
  at: string
  created_at: Date
  message_id: string | null
  /** The message that this one replies to. */
  quoted_id: string | null
  data: string
  withheld_from: string[] | null
}
export type LogRead = { events: LogEvent[]; xmin: number }
export type LogState = { epoch: string; safe: number; floor: number }

export const HOLES_LIMIT = 5_000
export const HEAD_LIMIT = 1_000
const GOODBYE_MS = 500

const COLUMNS =
  'w.id, w.stream_id, w.seq, w.type, w.at, w.created_at, w.message_id, w.quoted_id, w.data::text as data, w.withheld_from'

// The ids are chosen first, under their limits; only then is each read in full by its key. Joined in one go, a generic plan
// might hash the whole of messages; and without a limit of its own for each hole, it walks the whole log instead. One statement, so that the rows and xmin come from one snapshot.
export const READ = {
  name: 'tail_read',
  text: `
    select ${COLUMNS}, s.xmin
    from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin) s
    left join lateral (
      (select e.id
       from unnest($2::bigint[], $3::bigint[]) h (low, high)
       cross join lateral (
         select e.id from events e where e.id between h.low and h.high order by e.id limit ${HOLES_LIMIT}) e
       order by e.id limit ${HOLES_LIMIT})
      union all
      (select e.id from events e where e.id > $1 order by e.id limit ${HEAD_LIMIT})
    ) r on true
    left join lateral (select * from event_wire w where w.id = r.id offset 0) w on true
    order by r.id`,
}
const READ_STREAM = {
  name: 'tail_read_stream',
  text: `select ${COLUMNS} from event_wire w where w.stream_id = $1 and w.seq between $2 and $3 order by w.seq`,
}

export class Log {
  readonly #session: Session
  readonly #socket: Socket
  #ended = false

  private constructor(session: Session, socket: Socket) {
    this.#session = session
    this.#socket = socket
  }

  static async open(config: DatabaseConfig, logger: Logger): Promise<Log> {
    const socket = new Socket()
    const session = createSession(config, 'earshot-tail', {
      // Before we give up ourselves: the backend of a read that nobody waits for would hold its snapshot, and vacuum with it.
      statement_timeout: config.statement_timeout_ms,
      stream: () => socket,
    })
    const log = new Log(session, socket)
    session.on('error', (error) => logger.debug({ err: error }, 'the tail lost its connection'))
    session.on('end', () => {
      log.#ended = true
    })
    await session.connect()
    // A plan for given values never looks cheap enough to be kept, and to make one takes longer than to run it.
    // All that it reads it reads by keys, also with a plan that was made while the tables were empty.
    // What it writes may be lost: it must not wait for a standby, or nobody would hear anything while one is away.
    await session.query(
      'set jit = off; set enable_seqscan = off; set plan_cache_mode = force_generic_plan; set synchronous_commit = local',
    )
    return log
  }

  get ended(): boolean {
    return this.#ended
  }

  async close(): Promise<void> {
    this.#ended = true
    // A connection that has fallen silent never says goodbye.
    const silent = setTimeout(() => this.#socket.destroy(), GOODBYE_MS)
    await this.#session.end().catch(() => undefined)
    clearTimeout(silent)
  }

  /** The state as of now; a known head beyond the sequence makes a new epoch of it. */
  async readState(knownEpoch: string | undefined, knownHead: number): Promise<LogState> {
    const { rows } = await this.#session.query<LogState>('select * from read_log_state($1, $2)', [
      knownEpoch ?? null,
      knownHead,
    ])
    const state = rows[0]
    if (!state) throw new Error('the log has no state')
    return state
  }

  async read(head: number, bounds: { lows: number[]; highs: number[] }): Promise<LogRead> {
    const { rows } = await this.#session.query<LogEvent & { xmin: number }>({
      ...READ,
      values: [head, bounds.lows, bounds.highs],
    })
    return { events: rows.filter((row) => row.id !== null), xmin: rows[0]?.xmin ?? 0 }
  }

  async readStream(streamId: string, fromSeq: number, toSeq: number): Promise<LogEvent[]> {
    const { rows } = await this.#session.query<LogEvent>({ ...READ_STREAM, values: [streamId, fromSeq, toSeq] })
    return rows
  }

  /** The id of a transaction that begins and ends here. */
  async takeFence(): Promise<number> {
    const { rows } = await this.#session.query<{ xid: number }>('select pg_current_xact_id()::text::bigint as xid')
    return rows[0]?.xid ?? 0
  }

  /** False when the database has another epoch by now. */
  async savePosition(epoch: string, safe: number): Promise<boolean> {
    const { rows } = await this.#session.query<{ saved: boolean | null }>('select save_log_position($1, $2) as saved', [
      epoch,
      safe,
    ])
    // A plan that was made while the tables were small must not last.
    await this.#session.query('discard plans')
    return rows[0]?.saved === true
  }
}
