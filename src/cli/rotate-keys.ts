import { rotateKeys } from '../auth/signing-keys.js'
import type { Config } from '../config.js'
import { Database } from '../db/database.js'
import { Doorbell } from '../db/doorbell.js'
import { openDatabase } from '../db/open.js'
import { createPool } from '../db/pool.js'
import type { Logger } from '../observe.js'

export async function runRotateKeys(config: Config, logger: Logger): Promise<void> {
  const { database, stop } = await openDatabase(config, logger)
  const pool = createPool(database, logger)
  try {
    const db = new Database(pool, new Doorbell(pool, logger, () => undefined))
    console.log(
      `Access tokens are now signed with ${await rotateKeys(db.query)}; running nodes take it up within a minute.`,
    )
  } finally {
    await pool.end()
    await stop()
  }
}
