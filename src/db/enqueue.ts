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

export async function enqueue<J extends keyof Jobs>(tx: Tx, job: J, payload: Jobs[J]): Promise<void> {
  await sql`select graphile_worker.add_job(${job}, ${JSON.stringify(payload)}::json, max_attempts => 5)`.execute(tx)
}
