// npm run bench:resume: what coming back costs. A storm of sockets after a restart, a single resume, readers that stop reading,
// and what an idle socket weighs. Names of parts run these alone.
import { availableParallelism } from 'node:os'
import { StartupError } from '../src/kit/startup-error.js'
import { build } from './lib/built-server.js'
import { type Check, drawChecks, passes } from './lib/check.js'
import { stopOnSignal } from './lib/interrupt.js'
import { PROFILE } from './lib/own-server.js'
import { inDatabase, openPostgres } from './lib/postgres.js'
import { Progress } from './lib/progress.js'
import { measureCost } from './lib/resume-cost.js'
import { type Options, type Part, readOptions } from './lib/resume-usage.js'
import { measureSizes } from './lib/sizes.js'
import { measureSlow } from './lib/slow-readers.js'
import { measureStorm } from './lib/storm.js'

async function main(options: Options): Promise<boolean> {
  const progress = new Progress(process.stdout)
  await build()
  // With nothing turned off: a commit waits for the disk as it does elsewhere.
  const postgres = await openPostgres(options.databaseUrl, {})
  const interrupted = stopOnSignal(postgres.stop)
  try {
    console.log(
      `Each node has, beside the defaults: ${Object.entries(PROFILE)
        .map((one) => one.join('='))
        .join(' ')}\n`,
    )
    /** Each part has a database of its own. */
    const inOwn = (name: Part, work: (databaseUrl: string) => Promise<Check[]>) =>
      inDatabase(postgres, `earshot_resume_${name}`, work)
    const parts: Partial<Record<Part, () => Promise<Check[]>>> = {
      storm: () => inOwn('storm', (databaseUrl) => measureStorm({ ...options, databaseUrl, progress })),
      cost: () => inOwn('cost', (databaseUrl) => measureCost(databaseUrl, options.runs, progress)),
      slow: () => inOwn('slow', (databaseUrl) => measureSlow(databaseUrl, options.rounds, progress)),
      sizes: () => inOwn('sizes', (databaseUrl) => measureSizes(databaseUrl, options.sockets, progress)),
    }
    const checks: Check[] = []
    for (const name of options.parts) checks.push(...((await parts[name]?.()) ?? []))
    console.log(drawChecks(checks))
    console.log(
      `\n${postgres.description}; ${availableParallelism()} cores, shared with the clients; Node ${process.version}.`,
    )
    return passes(checks)
  } finally {
    await interrupted()
    await postgres.stop()
  }
}

let passed = false
try {
  passed = await main(readOptions(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof StartupError ? error.message : error)
}
process.exit(passed ? 0 : 1)
