// The database of this server: the one that DATABASE_URL names, or else one of its own.
import type { Config, DatabaseConfig } from '../config.js'
import { StartupError } from '../kit/startup-error.js'
import type { Logger } from '../observe.js'
import { EmbeddedPostgres } from './embedded.js'
import { createSession } from './pool.js'

export type OpenDatabase = { database: DatabaseConfig; stop: () => Promise<void> }

export async function openDatabase(config: Config, logger: Logger): Promise<OpenDatabase> {
  if (config.DATABASE_URL !== undefined) {
    const database = config.database(config.DATABASE_URL)
    await requireReachable(database, logger)
    return { database, stop: async () => undefined }
  }
  const embedded = new EmbeddedPostgres({ dataDir: config.DATA_DIR, logger })
  const url = await embedded.start()
  return { database: config.database(url), stop: () => embedded.stop() }
}

/** Once, with a plain query, before anything tries again and again. */
async function requireReachable(database: DatabaseConfig, logger: Logger): Promise<void> {
  const session = createSession(database, 'earshot-start')
  session.on('error', (error) => logger.debug({ err: error }, 'the first connection was lost'))
  try {
    await session.connect()
    await session.query('select 1')
  } catch (error) {
    // The message of the driver names host and port, never the password.
    const reason =
      error instanceof Error ? error.message || ('code' in error ? String(error.code) : error.name) : String(error)
    throw new StartupError(
      `The database in DATABASE_URL does not answer (${reason}): start it, or correct the address.`,
    )
  } finally {
    await session.end().catch(() => undefined)
  }
}
