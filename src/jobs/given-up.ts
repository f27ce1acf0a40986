// A job says itself when it is given up, unless its node has died of it, or could not say so: then the file would be
// `processing` for ever.
import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import { savePreviews } from '../domain/previews.js'

/** What is left then is for the next sweep. */
const BATCH = 100

/** How many files have no previews because nobody tries any more. */
export async function settleGivenUp(db: Db): Promise<number> {
  const { rows } = await sql<{ id: string; key: string }>`
    select id, key from graphile_worker.jobs
    where task_identifier = 'make_previews' and key is not null and attempts >= max_attempts and locked_at is null
    order by id limit ${BATCH}`.execute(db.query)
  // One by one: each locks the conversations that show it. The job goes last, so that none is forgotten.
  for (const { id, key } of rows) {
    await savePreviews(db, key, undefined)
    await sql`select from graphile_worker.complete_jobs(${[id]}::bigint[])`.execute(db.query)
  }
  return rows.length
}
