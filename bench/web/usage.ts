import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { StartupError } from '../../src/kit/startup-error.js'

export const PARTS = ['load', 'scroll', 'flow'] as const
export type Part = (typeof PARTS)[number]

export const USAGE = `npm run bench:web -- [${PARTS.join('] [')}] [--runs 3] [--messages 10000] [--rate 100] [--seconds 20] [--transcripts folder] [--before folder of another build] [--database-url postgres://superuser@host/postgres]`

export type Options = {
  parts: readonly Part[]
  /** How often each page is loaded. */
  runs: number
  /** Through how many one scrolls. */
  messages: number
  /** Messages a second that come, and for how long. */
  rate: number
  seconds: number
  /** What is said in the long conversation; else it is invented. */
  transcripts: string | undefined
  /** A `dist/web` to be measured in turn with this one, where it is about what the page does. */
  before: string | undefined
  databaseUrl: string | undefined
}

/** @throws StartupError */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parse(args)
  const unknown = positionals.find((name) => !PARTS.includes(name as Part))
  if (unknown !== undefined) throw new StartupError(`There is no part ${unknown}: ${USAGE}`)
  const count = (name: 'runs' | 'messages' | 'rate' | 'seconds', least: number) => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < least) {
      throw new StartupError(`Give --${name} as a whole number of at least ${least}.`)
    }
    return value
  }
  const { transcripts, before, 'database-url': databaseUrl } = values
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new StartupError('Give --database-url as postgres://user:password@host:5432/database.')
  }
  if (before !== undefined && !existsSync(join(before, 'index.html'))) {
    throw new StartupError(`There is no index.html in ${before}: give --before a folder as dist/web is.`)
  }
  return {
    parts: positionals.length > 0 ? (positionals as Part[]) : PARTS,
    runs: count('runs', 1),
    messages: count('messages', 100),
    rate: count('rate', 1),
    seconds: count('seconds', 1),
    transcripts,
    before,
    databaseUrl,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        runs: { type: 'string', default: '3' },
        messages: { type: 'string', default: '10000' },
        rate: { type: 'string', default: '100' },
        seconds: { type: 'string', default: '20' },
        transcripts: { type: 'string' },
        before: { type: 'string' },
        'database-url': { type: 'string' },
      },
    })
  } catch {
    throw new StartupError(`These options are not known: ${USAGE}`)
  }
}
