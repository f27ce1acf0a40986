import { runMigrations } from 'graphile-worker'
import type { Pool } from '../db/pool.js'
import type { Logger } from '../observe.js'
import { jobLogger } from './logger.js'

/** Brings the tables of the job queue up to date; they have a schema of their own, graphile_worker. */
export async function migrateJobs(pool: Pool, logger: Logger): Promise<void> {
  await runMigrations({ pgPool: pool, logger: jobLogger(logger) })
}
