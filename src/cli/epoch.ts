import type { Config } from '../config.js'
import { openDatabase } from '../db/open.js'
import { createPool } from '../db/pool.js'
import type { Logger } from '../observe.js'

/** After a restore: what clients have heard may not be in the database, so all of them load afresh. */
export async function runEpochBump(config: Config, logger: Logger): Promise<void> {
  const { database, stop } = await openDatabase(config, logger)
  const pool = createPool(database, logger)
  try {
    await pool.query('select raise_epoch()')
    console.log('The epoch has been raised: running nodes send their clients away, and all of them load afresh.')
  } finally {
    await pool.end()
    await stop()
  }
}
