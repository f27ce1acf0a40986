import type { Config } from '../config.js'
import { migrate } from '../db/migrator.js'
import { openDatabase } from '../db/open.js'
import type { Logger } from '../observe.js'

export async function runMigrate(config: Config, logger: Logger): Promise<void> {
  const { database, stop } = await openDatabase(config, logger)
  try {
    const { migrations, objects } = await migrate(database, logger)
    console.log(`${migrations} migrations and ${objects} changed objects were applied.`)
  } finally {
    await stop()
  }
}
