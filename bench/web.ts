// npm run bench:web: how the page behaves in Chromium. How long its first loads take on a slow processor, what it holds after thousands
// of messages, and how smooth it is while they come by the hundred. Names of parts run these alone.
import { availableParallelism, loadavg } from 'node:os'
import type { Browser } from 'playwright-core'
import { StartupError } from '../src/kit/startup-error.js'
import { build } from './lib/built-server.js'
import { type Check, drawChecks, drawChecksMarkdown, passes } from './lib/check.js'
import { stopOnSignal } from './lib/interrupt.js'
import { inDatabase, openPostgres } from './lib/postgres.js'
import { Progress } from './lib/progress.js'
import { readTranscripts } from './lib/transcript.js'
import { measureFlow } from './web/flow.js'
import { measureLoad } from './web/load.js'
import { openProgram } from './web/program.js'
import { measureScroll } from './web/scroll.js'
import { inventSaid, openStage, type Said, type Stage, saidIn } from './web/stage.js'
import { type Options, type Part, readOptions } from './web/usage.js'

/** Whoever scrolls through so many does not come to the beginning. */
const MORE = 1.2

async function main(options: Options): Promise<boolean> {
  const progress = new Progress(process.stdout)
  const said = await readSaid(options)
  const program = await openProgram()
  try {
    await build()
    const postgres = await openPostgres(options.databaseUrl, {})
    const interrupted = stopOnSignal(async () => {
      await program.close()
      await postgres.stop()
    })
    try {
      const checks = await inDatabase(postgres, 'earshot_web', async (databaseUrl) => {
        const stage = await openStage(databaseUrl, said)
        try {
          return await measure(program, stage, options, progress)
        } finally {
          await stage.stop()
        }
      })
      console.log(`${drawChecks(checks)}\n\n${drawChecksMarkdown(checks)}`)
      console.log(
        `\nChromium ${program.version()}; ${postgres.description}; ${availableParallelism()} cores, shared by browser, server, PostgreSQL and sender, load ${loadavg()[0]?.toFixed(1)} at the end; Node ${process.version}.`,
      )
      return passes(checks)
    } finally {
      await interrupted()
      await postgres.stop()
    }
  } finally {
    await program.close()
  }
}

async function measure(program: Browser, stage: Stage, options: Options, progress: Progress): Promise<Check[]> {
  const parts: Record<Part, () => Promise<Check[]>> = {
    load: () => measureLoad(program, stage, options.runs, progress),
    scroll: () => measureScroll(program, stage, options, progress),
    flow: () => measureFlow(program, stage, options, progress),
  }
  const checks: Check[] = []
  for (const name of options.parts) checks.push(...(await parts[name]()))
  return checks
}

async function readSaid({ transcripts, messages }: Options): Promise<Said[]> {
  const count = Math.ceil(messages * MORE)
  return transcripts === undefined ? inventSaid(count) : saidIn(await readTranscripts(transcripts), count)
}

let passed = false
try {
  passed = await main(readOptions(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof StartupError ? error.message : error)
}
process.exit(passed ? 0 : 1)
