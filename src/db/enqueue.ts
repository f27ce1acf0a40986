// A job in the caller's transaction: it runs if, and only if, that commits. jobs/ has what each does.
import { sql } from 'kysely'
import type { Tx } from './database.js'

/** What each job is given. */
export type Jobs = {
  make_previews: { blob_id: string }
  remove_files_of_account: { user_id: string }
  remove_files_of_conversation: { conversation_id: string }
  /** By the clock. */
  sweep_media: object
}

/** Each pause is e times the one before: 8 attempts take an hour, 25 take days. */
const ATTEMPTS: Record<keyof Jobs, number> = {
  make_previews: 8,
  // Nobody else would come for them.
  remove_files_of_account: 25,
  remove_files_of_conversation: 25,
  sweep_media: 1,
}

/** `key`: by which the job is found. Those of a lower `priority` are done first, and of the same the older ones. */
export async function enqueue<J extends keyof Jobs>(
  tx: Tx,
  job: J,
  payload: Jobs[J],
  { key, priority = 0 }: { key?: string; priority?: number } = {},
): Promise<void> {
  await sql`select graphile_worker.add_job(${job}, ${JSON.stringify(payload)}::json, max_attempts => ${ATTEMPTS[job]},
    job_key => ${key ?? null}, priority => ${priority}::int)`.execute(tx)
}
