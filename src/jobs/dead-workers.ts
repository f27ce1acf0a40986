// The queue gives a job back four hours after its worker has died. Each worker takes jobs in the name that its connections
// bear, so that it can be seen sooner that it is gone: PostgreSQL knows who is connected.
import { sql } from 'kysely'
import type { Db } from '../db/database.js'

/** Long enough for a worker that has lost its connections to be back. One that is slower has its job done twice, which is harmless. */
const ABSENT_S = 60

export const workerName = (nodeId: string): string => `earshot-worker-${nodeId}`

/** How many jobs are free again. */
export async function releaseJobsOfTheDead(db: Db): Promise<number> {
  const { rows } = await sql<{ jobs: number; workers: string[] | null }>`
    select count(*)::int as jobs, array_agg(distinct j.locked_by) as workers
    from graphile_worker.jobs j
    where j.locked_by like ${workerName('%')} and j.locked_at < now() - ${ABSENT_S} * interval '1 second'
      and not exists (
        select from pg_stat_activity s
        where s.datname = current_database() and s.application_name = j.locked_by)`.execute(db.query)
  const { jobs, workers } = rows[0] ?? { jobs: 0, workers: null }
  if (workers) await sql`select graphile_worker.force_unlock_workers(${workers}::text[])`.execute(db.query)
  return jobs
}
