// How the domain talks to PostgreSQL: reads as they are, writes as transactions that are rung for once they are committed.
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import { AppError } from '../contract/errors.js'
import { Lanes } from '../kit/lanes.js'
import type { Doorbell } from './doorbell.js'
import type { NamedStatement } from './kept-plans.js'
import { discardLost, type Pool, type SafePool } from './pool.js'
import { isRetryable, StalledCommit } from './sqlstate.js'
import type { DB } from './tables.js'
import { WriteGate } from './write-gate.js'

/** Only inside a transaction. */
export type Tx = Transaction<DB>

const ATTEMPTS = 3
/** Backends that are remembered; more are not left behind, for only trials could. */
const LEFT_BEHIND_MAX = 100
/** Sends with files into one conversation follow each other anyway: one at work, one that waits for its lock, one on its way. */
const LANE_SIZE = 3
const LANE_QUEUE = 5_000
/** As long as one waits for a connection. */
const LANE_WAIT_MS = 5_000

export class Database {
  /** For reads; and for writes to unlogged tables, which wait for nobody. */
  readonly query: Kysely<DB>
  readonly #pool: Pool
  readonly #sessions: SafePool
  readonly #doorbell: Doorbell
  readonly #gate: WriteGate
  /** Backends that were given up in the middle of a statement. */
  readonly #leftBehind = new Set<number>()
  readonly #lanes = new Lanes(LANE_SIZE, LANE_QUEUE, LANE_WAIT_MS)

  constructor(pool: Pool, doorbell: Doorbell, gate = new WriteGate()) {
    const onSilent = (pid: number) => {
      if (this.#leftBehind.size < LEFT_BEHIND_MAX) this.#leftBehind.add(pid)
    }
    this.#sessions = discardLost(pool, onSilent)
    this.query = new Kysely<DB>({ dialect: new PostgresDialect({ pool: this.#sessions }) })
    this.#pool = pool
    this.#doorbell = doorbell
    this.#gate = gate
  }

  /**
   * Runs `work` in one transaction on behalf of `actorId` (the events carry it), and rings after the commit. It may run
   * up to three times, since deadlocks and serialization failures are repeated: so it must do nothing but query.
   * @throws AppError unavailable, overloaded: nothing was written
   */
  write<T>(actorId: string | null, work: (tx: Tx) => Promise<T>): Promise<T> {
    const setting = sql`select set_config('earshot.ring', 'after_commit', true),
      set_config('earshot.actor', ${actorId ?? ''}, true), set_config('lock_timeout', '2s', true)`
    return this.#repeat(
      (committing) =>
        this.query.transaction().execute(async (tx) => {
          await setting.execute(tx)
          const result = await work(tx)
          committing()
          return result
        }),
      isRetryable,
    )
  }

  /**
   * For what waits for the lock of a conversation: while somebody else holds it, those who want it would otherwise take all
   * connections, and nobody could do anything anywhere. @throws AppError busy
   */
  inLane<T>(conversationId: string, work: () => Promise<T>): Promise<T> {
    return this.#lanes.run(conversationId, work, () => new AppError('busy', { retry_after_s: 1 }))
  }

  /**
   * One statement that sets `earshot.ring` by itself, such as send_messages(): rung for, and repeated, in the same way.
   * @throws AppError unavailable, overloaded: nothing was written
   */
  call<Row>(
    statement: NamedStatement,
    values: readonly unknown[],
    retryOn: (error: unknown) => boolean = isRetryable,
  ): Promise<Row[]> {
    return this.#repeat((committing) => this.#run<Row>(statement, values, committing), retryOn)
  }

  /** One statement that reads. */
  read<Row>(statement: NamedStatement, values: readonly unknown[]): Promise<Row[]> {
    return this.#run(statement, values)
  }

  async #run<Row>(statement: NamedStatement, values: readonly unknown[], onBegin?: () => void): Promise<Row[]> {
    const session = await this.#sessions.connect()
    try {
      onBegin?.()
      const { rows } = await session.query<Row>(statement, values)
      return rows
    } finally {
      session.release()
    }
  }

  /** Whether it is worth while to wait for a turn to write. @throws AppError unavailable */
  admitWrite(): void {
    this.#gate.admit()
  }

  #repeat<T>(attempt: (committing: () => void) => Promise<T>, retryOn: (error: unknown) => boolean): Promise<T> {
    return this.#gate.pass(
      async (committing) => {
        for (let attempts = 1; ; attempts++) {
          try {
            const result = await attempt(committing)
            this.#doorbell.ring()
            return result
          } catch (error) {
            if (attempts >= ATTEMPTS || !retryOn(error)) throw error
          }
        }
      },
      () => this.#prove(),
    )
  }

  /**
   * Before a write that is only to find out: one that finds everything done already would neither wait for a standby nor
   * notice a full disk. What lies before this in the log of PostgreSQL is where it should be, once this is.
   */
  async #prove(): Promise<void> {
    await this.#requireNoneLeftBehind()
    await sql`select pg_logical_emit_message(true, 'earshot', '') where not pg_is_in_recovery()`.execute(this.query)
  }

  /**
   * PostgreSQL does not end a commit that waits, however long its client has gone: while one hangs, the next would too, and
   * leave one more backend behind.
   */
  async #requireNoneLeftBehind(): Promise<void> {
    if (this.#leftBehind.size === 0) return
    const { rowCount } = await this.#pool.query(
      `select from pg_stat_activity
       where pid = any($1) and backend_type = 'client backend' and application_name = 'earshot' and state = 'active' and query_start < clock_timestamp() - interval '2 seconds'`,
      [[...this.#leftBehind]],
    )
    if (rowCount) throw new StalledCommit('a commit that was given up still waits')
    this.#leftBehind.clear()
  }
}

/** What the domain is given. */
export type Db = Pick<Database, 'query' | 'read' | 'write' | 'call' | 'inLane' | 'admitWrite'>
