import { startApp } from '../app.js'
import type { Config } from '../config.js'
import type { Logger } from '../observe.js'

/** Runs the server until SIGINT or SIGTERM; a second signal does not wait. */
export async function runServe(config: Config, logger: Logger): Promise<void> {
  const app = await startApp(config, logger)
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1)
    stopping = true
    logger.info({ signal }, 'earshot is stopping')
    app.stop().then(
      () => process.exit(0),
      (error) => {
        logger.error({ err: error }, 'earshot did not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // Nobody knows what state is left: stop at once, and let whoever supervises us start anew.
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'an error that nobody expected')
    process.exit(1)
  })
  logger.info({ url: app.url, node: app.nodeId }, `earshot is ready: ${app.url}`)
}
