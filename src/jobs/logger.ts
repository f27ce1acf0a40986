import { Logger as JobLogger } from 'graphile-worker'
import type { Logger } from '../observe.js'

const LEVELS = { error: 'error', warning: 'warn', info: 'debug', debug: 'trace' } as const

/** What graphile-worker says, in our log; what it tells of each job is for whoever debugs. */
export function jobLogger(logger: Logger): JobLogger {
  return new JobLogger(() => (level, message, meta) => {
    const error = meta && 'error' in meta ? meta.error : undefined
    logger[LEVELS[level]]({ ...(error instanceof Error && { err: error }) }, message)
  })
}
