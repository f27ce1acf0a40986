import { parseArgs } from 'node:util'
import { StartupError } from '../../src/kit/startup-error.js'

export const USAGE =
  'npm run bench:reads -- [--messages 10000,1000000,10000000] [--requests 200] [--database-url postgres://superuser@host/postgres [--keep]] [--save file]'

/** Fewer leave conversations of the reader empty. */
const LEAST_MESSAGES = 10_000
const LEAST_REQUESTS = 20

export type Options = {
  /** The sizes of the databases, rising. */
  messages: number[]
  requests: number
  databaseUrl: string | undefined
  keep: boolean
  save: string
}

/** @throws StartupError */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args)
  const messages = values.messages.split(',').map(Number)
  if (!messages.every((count) => Number.isInteger(count) && count >= LEAST_MESSAGES)) {
    throw new StartupError(`Give --messages as whole numbers of at least ${LEAST_MESSAGES}, separated by commas.`)
  }
  const requests = Number(values.requests)
  if (!Number.isInteger(requests) || requests < LEAST_REQUESTS) {
    throw new StartupError(`Give --requests as a whole number of at least ${LEAST_REQUESTS}.`)
  }
  const databaseUrl = values['database-url']
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new StartupError('Give --database-url as postgres://user:password@host:5432/database.')
  }
  if (values.keep && databaseUrl === undefined) {
    throw new StartupError('Give --database-url with --keep: the embedded server is gone afterwards.')
  }
  return {
    messages: [...new Set(messages)].sort((a, b) => a - b),
    requests,
    databaseUrl,
    keep: values.keep,
    save: values.save,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        messages: { type: 'string', default: '10000,1000000,10000000' },
        requests: { type: 'string', default: '200' },
        'database-url': { type: 'string' },
        keep: { type: 'boolean', default: false },
        save: { type: 'string', default: '.data/reads.txt' },
      },
    }).values
  } catch {
    throw new StartupError(`These options are not known: ${USAGE}`)
  }
}
