// How a process of the server ends: asked to, or by what nobody expected.
import type { Logger } from '../observe.js'

/** At the first SIGINT or SIGTERM it stops, and the process ends: with 0 when `stop` says that all went well. */
export function stopOnSignal(logger: Logger, stop: () => Promise<boolean>, onSecond: () => void): void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) return onSecond()
    stopping = true
    logger.info({ signal }, 'earshot is stopping')
    stop().then(
      (wentWell) => process.exit(wentWell ? 0 : 1),
      (error) => {
        logger.error({ err: error }, 'earshot did not stop cleanly')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

/** Nobody knows what state is left: stop at once, and let whoever supervises us start anew. */
export function endOnUnexpected(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'an error that nobody expected')
    process.exit(1)
  })
}
