// How the domain talks to PostgreSQL: reads as they are, writes as transactions that are rung for once they are committed.
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely'
import type { Doorbell } from './doorbell.js'
import { discardLost, type Pool } from './pool.js'
import { isRetryable } from './sqlstate.js'
import type { DB } from './tables.js'

/** Only inside a transaction. */
export type Tx = Transaction<DB>

const ATTEMPTS = 3

export class Database {
  /** For reads, and for writes that announce nothing. */
  readonly query: Kysely<DB>
  readonly #doorbell: Doorbell

  constructor(pool: Pool, doorbell: Doorbell) {
    this.query = new Kysely<DB>({ dialect: new PostgresDialect({ pool: discardLost(pool) }) })
    this.#doorbell = doorbell
  }

  /**
   * Runs `work` in one transaction on behalf of `actorId` (the events carry it), and rings after the commit. It may run
   * up to three times, since deadlocks and serialization failures are repeated: so it must do nothing but query.
   */
  write<T>(actorId: string | null, work: (tx: Tx) => Promise<T>): Promise<T> {
    const setting = sql`select set_config('earshot.ring', 'after_commit', true),
      set_config('earshot.actor', ${actorId ?? ''}, true), set_config('lock_timeout', '2s', true)`
    return this.call(() =>
      this.query.transaction().execute(async (tx) => {
        await setting.execute(tx)
        return work(tx)
      }),
    )
  }

  /** For one statement that sets `earshot.ring` by itself, such as send_message(): rung for, and repeated, in the same way. */
  async call<T>(statement: () => Promise<T>, retryOn: (error: unknown) => boolean = isRetryable): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await statement()
        this.#doorbell.ring()
        return result
      } catch (error) {
        if (attempt >= ATTEMPTS || !retryOn(error)) throw error
      }
    }
  }
}

/** What the domain is given. */
export type Db = Pick<Database, 'query' | 'write' | 'call'>
