// Several processes that share a port. The first one has the database, the port and the workers, and serves nobody itself;
// each worker is a node like any other.
import type { Config } from '../config.js'
import { connectionsOf, openDatabase, warnOfFewConnections } from '../db/open.js'
import type { Logger } from '../observe.js'
import { Crew } from './crew.js'
import { endOnUnexpected, stopOnSignal } from './signals.js'

/** What the parts of a worker take at most to stop, beside what is configured (docs/operations.md). */
const STOP_MS = 30_000

/** @throws StartupError with what one of the workers has said, once all of them have ended */
export async function runWorkers(config: Config, logger: Logger): Promise<void> {
  const { database, stop } = await openDatabase(config, logger)
  let isStopping = false
  const crew = new Crew({
    count: config.WORKERS,
    // They must not have a server of their own, and this one stays until the last of them is gone.
    environment: { DATABASE_URL: database.url },
    stop_ms: (config.STOP_DELAY + config.WS_DRAIN) * 1_000 + STOP_MS,
    logger,
    onHopeless: async (error) => {
      if (isStopping) return
      await stop()
      console.error(error.message)
      process.exit(1)
    },
  })
  const stopAll = async () => {
    isStopping = true
    const wentWell = await crew.stop()
    await stop()
    return wentWell
  }
  stopOnSignal(logger, stopAll, () => {
    crew.kill()
    process.exit(1)
  })
  endOnUnexpected(logger)
  try {
    await warnOfFewConnections(database, connectionsOf(config), logger)
    const url = await crew.start()
    logger.info({ url, workers: config.WORKERS }, `earshot is ready: ${url}`)
  } catch (error) {
    // Whoever has asked us to stop is not told that it did not start.
    if (isStopping) return
    await stopAll()
    throw error
  }
}
