// The database of this server: the one that DATABASE_URL names, or else one of its own.
import type { Config, DatabaseConfig } from '../config.js'
import { StartupError } from '../kit/startup-error.js'
import type { Logger } from '../observe.js'
import { EmbeddedPostgres } from './embedded.js'
import { createSession } from './pool.js'

export type OpenDatabase = { database: DatabaseConfig; stop: () => Promise<void> }

const LEAST_CONNECTIONS = 100
/** Of the embedded server, for leases, commands, and whoever looks at the database. */
const SPARE_CONNECTIONS = 20

/** The most that all workers of this server hold: each its pool, the listener, the tail, and those of its jobs. */
export function connectionsOf(config: Config): number {
  return config.WORKERS * (config.DATABASE_POOL_MAX + 2 + (config.JOBS > 0 ? config.JOBS + 1 : 0))
}

export async function openDatabase(config: Config, logger: Logger): Promise<OpenDatabase> {
  if (config.DATABASE_URL !== undefined) {
    const database = config.database(config.DATABASE_URL)
    await requireReachable(database, logger)
    return { database, stop: async () => undefined }
  }
  const max_connections = String(Math.max(LEAST_CONNECTIONS, connectionsOf(config) + SPARE_CONNECTIONS))
  const embedded = new EmbeddedPostgres({ dataDir: config.DATA_DIR, logger, settings: { max_connections } })
  const url = await embedded.start()
  return { database: config.database(url), stop: () => embedded.stop() }
}

/** A server that refuses connections is found out about under load: better said at the start. Other servers take of them too. */
export async function warnOfFewConnections(database: DatabaseConfig, needed: number, logger: Logger): Promise<void> {
  const session = createSession(database, 'earshot-start')
  session.on('error', (error) => logger.debug({ err: error }, 'the first connection was lost'))
  try {
    await session.connect()
    const { rows } = await session.query<{ most: number }>(
      "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most",
    )
    const most = rows[0]?.most ?? needed
    if (most < needed)
      logger.warn({ needed, most }, 'PostgreSQL has too few connections for all workers: see DATABASE_POOL_MAX')
  } finally {
    await session.end().catch(() => undefined)
  }
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
