// Looks after the log's partitions each minute, and after sessions, tickets and counters that nobody needs any more. Every node has
// one; an advisory lock lets one of them work.
import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import { deleteExpiredTickets } from '../domain/tickets.js'
import type { Logger } from '../observe.js'

const EACH_MS = 60_000
/** Ended or expired sessions are kept so long for their owner's list of events, then they go. */
const STALE_SESSION_DAYS = 30

export class Housekeeper {
  readonly #db: Db
  readonly #logger: Logger
  readonly #eventWindowS: number
  #timer: NodeJS.Timeout | undefined

  constructor(db: Db, logger: Logger, eventWindowS: number) {
    this.#db = db
    this.#logger = logger
    this.#eventWindowS = eventWindowS
  }

  async start(): Promise<void> {
    await this.#tryToTidy()
    this.#timer = setInterval(() => this.#tryToTidy(), EACH_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
  }

  /** There is time: two partitions are ahead. */
  async #tryToTidy(): Promise<void> {
    await this.tidy().catch((error) =>
      this.#logger.warn({ err: error }, 'housekeeping failed; it is tried again in a minute'),
    )
  }

  async tidy(): Promise<void> {
    await sql`select add_event_partitions()`.execute(this.#db.query)
    await sql`select drop_event_partitions(make_interval(secs => ${this.#eventWindowS}))`.execute(this.#db.query)
    await this.#db.query
      .deleteFrom('sessions')
      .where((eb) =>
        eb.or([
          eb('expires_at', '<', sql<Date>`now() - make_interval(days => ${STALE_SESSION_DAYS})`),
          eb('ended_at', '<', sql<Date>`now() - make_interval(days => ${STALE_SESSION_DAYS})`),
        ]),
      )
      .execute()
    await deleteExpiredTickets(this.#db)
    await this.#db.query.deleteFrom('rate_limits').where('expire', '<', Date.now()).execute()
  }
}
