import { parseArgs } from 'node:util'
import { StartupError } from '../../src/kit/startup-error.js'

export const PARTS = ['storm', 'cost', 'slow', 'sizes'] as const
export type Part = (typeof PARTS)[number]

export const USAGE = `npm run bench:resume -- [${PARTS.join('] [')}] [--sockets 2000] [--users 1000] [--rate 500] [--rounds 3] [--runs 100] [--database-url postgres://superuser@host/postgres]`

export type Options = {
  parts: readonly Part[]
  /** Of the storm and of the idle ones. */
  sockets: number
  /** Whose they are. */
  users: number
  /** Messages a second beside the storm. */
  rate: number
  /** How often each storm is made. */
  rounds: number
  /** How often each single resume is. */
  runs: number
  databaseUrl: string | undefined
}

/** @throws StartupError */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parse(args)
  const unknown = positionals.find((name) => !PARTS.includes(name as Part))
  if (unknown !== undefined) throw new StartupError(`There is no part ${unknown}: ${USAGE}`)
  const count = (name: 'sockets' | 'users' | 'rate' | 'rounds' | 'runs', least: number) => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < least) {
      throw new StartupError(`Give --${name} as a whole number of at least ${least}.`)
    }
    return value
  }
  const databaseUrl = values['database-url']
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new StartupError('Give --database-url as postgres://user:password@host:5432/database.')
  }
  return {
    parts: positionals.length > 0 ? (positionals as Part[]) : PARTS,
    sockets: count('sockets', 1),
    users: count('users', 10),
    rate: count('rate', 1),
    rounds: count('rounds', 1),
    runs: count('runs', 10),
    databaseUrl,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        sockets: { type: 'string', default: '2000' },
        users: { type: 'string', default: '1000' },
        rate: { type: 'string', default: '500' },
        rounds: { type: 'string', default: '3' },
        runs: { type: 'string', default: '100' },
        'database-url': { type: 'string' },
      },
    })
  } catch {
    throw new StartupError(`These options are not known: ${USAGE}`)
  }
}
