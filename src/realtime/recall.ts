// What was handed out shortly before this node began: those who come back after a restart have missed just that, and without it
// each of them would be a read of the log.
import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import type { Logger } from '../observe.js'
import type { LogEvent } from './log.js'
import type { RecentEvents } from './recent-events.js'

/** Some seconds of a busy node, and what it reads before it starts. */
const RECALLED = 5_000
const AT_ONCE = 1_000

/** Begins `recent` with the last events up to `safe`, below which nothing can appear any more; if they cannot be read, with none. */
export async function recallEvents(db: Db, recent: RecentEvents, safe: number, logger: Logger): Promise<void> {
  // At once: they may be of another history.
  recent.begin(safe, false)
  try {
    await recall(db, recent, safe)
  } catch (error) {
    logger.warn({ err: error }, 'what was said before could not be recalled')
    recent.begin(safe)
  }
}

async function recall(db: Db, recent: RecentEvents, safe: number): Promise<void> {
  const { floor } = await db.query.selectFrom('log_state').select('floor').executeTakeFirstOrThrow()
  const low = Math.max(floor, safe - RECALLED)
  recent.begin(low, false)
  for (let from = low; from < safe; from += AT_ONCE) {
    const { rows } = await sql<LogEvent>`
      select * from read_events(array(
        select e.id from events e
        where e.id > ${from}::bigint and e.id <= ${Math.min(from + AT_ONCE, safe)}::bigint
        order by e.id))`.execute(db.query)
    for (const event of rows) recent.add(event)
  }
  recent.complete()
}
