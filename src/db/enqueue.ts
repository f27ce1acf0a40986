// A job in the caller's transaction: it runs if, and only if, that commits. jobs/ has what each does.
import { sql } from 'kysely'
import type { Tx } from './database.js'

/** What each job is given. */
export type Jobs = {
  make_previews: { blob_id: string }
  remove_files_of_account: { user_id: string }
  /** By the clock. */
  sweep_media: object
}

/** Each pause is e times the one before: 5 attempts take a minute and a half, 25 take days. */
const ATTEMPTS: Record<keyof Jobs, number> = {
  make_previews: 5,
  // Nobody else would come for them.
  remove_files_of_account: 25,
  sweep_media: 1,
}

/** With a `key`, by which the job is found. */
export async function enqueue<J extends keyof Jobs>(
  tx: Tx,
  job: J,
  payload: Jobs[J],
  key: string | null = null,
): Promise<void> {
  await sql`select graphile_worker.add_job(${job}, ${JSON.stringify(payload)}::json, max_attempts => ${ATTEMPTS[job]},
    job_key => ${key})`.execute(tx)
}
