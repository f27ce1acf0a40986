// The sessions that ended within the life of one access token: their tokens are refused without asking the database.
// Loaded at start, fed by the tail on every node.
import { type Kysely, sql } from 'kysely'
import type { DB } from '../db/tables.js'

const SWEEP_EVERY = 1_000

export class EndedSessions {
  readonly #ttlMs: number
  readonly #endedAt = new Map<string, number>()

  constructor(accessTokenTtlS: number) {
    this.#ttlMs = accessTokenTtlS * 1_000
  }

  /** As the database has it now: after a restore, a session may be open again. */
  async reload(db: Kysely<DB>): Promise<void> {
    const rows = await db
      .selectFrom('sessions')
      .select('id')
      .where('ended_at', '>', sql<Date>`now() - make_interval(secs => ${this.#ttlMs / 1_000})`)
      .execute()
    this.#endedAt.clear()
    for (const row of rows) this.add(row.id)
  }

  add(sessionId: string): void {
    this.#endedAt.set(sessionId, Date.now())
    if (this.#endedAt.size % SWEEP_EVERY === 0) this.#sweep()
  }

  has(sessionId: string): boolean {
    return this.#endedAt.has(sessionId)
  }

  /** Map order is age order: whatever ended before the oldest token was signed is at the front. */
  #sweep(): void {
    for (const [id, at] of this.#endedAt) {
      if (Date.now() - at <= this.#ttlMs) return
      this.#endedAt.delete(id)
    }
  }
}
