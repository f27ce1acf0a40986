import cluster from 'node:cluster'
import { startApp } from '../app.js'
import type { Config } from '../config.js'
import type { Logger } from '../observe.js'
import { endOnUnexpected, stopOnSignal } from './signals.js'
import { runWorker } from './worker.js'
import { runWorkers } from './workers.js'

/** Runs the server until SIGINT or SIGTERM; a second signal does not wait. @throws StartupError */
export async function runServe(config: Config, logger: Logger): Promise<void> {
  if (cluster.isWorker) return runWorker(config, logger)
  if (config.WORKERS > 1) return runWorkers(config, logger)
  const app = await startApp(config, logger)
  const stop = async () => {
    await app.stop()
    return true
  }
  stopOnSignal(logger, stop, () => process.exit(1))
  endOnUnexpected(logger)
  logger.info({ url: app.url, node: app.nodeId }, `earshot is ready: ${app.url}`)
}
