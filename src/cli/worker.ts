// One of several processes that share a port: a whole node, which tells the first process that it is ready, or why it cannot be.
import { startApp } from '../app.js'
import type { Config } from '../config.js'
import { StartupError } from '../kit/startup-error.js'
import { createMetrics, type Logger } from '../observe.js'
import { endOnUnexpected, stopOnSignal } from './signals.js'
import { tellFirst } from './worker-messages.js'
import { shareMetrics } from './worker-metrics.js'

export async function runWorker(config: Config, logger: Logger): Promise<void> {
  const own = logger.child({ pid: process.pid })
  const app = await startApp(config, own, undefined, shareMetrics(createMetrics())).catch(refuse)
  const stop = async () => {
    await app.stop()
    return true
  }
  // The first process decides when it has taken too long. A terminal or a supervisor may signal all of us, and that one does so too.
  stopOnSignal(own, stop, () => undefined)
  endOnUnexpected(own)
  own.info({ node: app.nodeId }, 'a worker is ready')
  await tellFirst({ type: 'ready', url: app.url })
}

/** Of several that cannot start, one is to say why. @throws whatever is no StartupError */
async function refuse(error: unknown): Promise<never> {
  if (!(error instanceof StartupError)) throw error
  await tellFirst({ type: 'failed', sentence: error.message })
  process.exit(1)
}
