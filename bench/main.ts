// npm run bench: what Earshot costs beside what one could take instead, and beside what this machine can do at all. Everything that
// is compared is measured in turn within one run, so that their ratio says something on a busy machine too.
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { StartupError } from '../src/kit/startup-error.js'
import type { Bench, Report, Scenario } from './lib/bench.js'
import { type Options, readOptions } from './lib/bench-usage.js'
import { build } from './lib/built-server.js'
import { drawChecksMarkdown, passes } from './lib/check.js'
import type { Closing } from './lib/closing.js'
import { stopOnSignal } from './lib/interrupt.js'
import { PROFILE } from './lib/own-server.js'
import { openPostgres } from './lib/postgres.js'
import { measureFanOut } from './scenarios/fan-out.js'
import { measureGroupChat } from './scenarios/group-chat.js'
import { measureMembers, measureNodes, measureSockets } from './scenarios/growth.js'
import { measureStored } from './scenarios/growth-stored.js'
import { measureHistory } from './scenarios/history.js'
import { measureHttpSend } from './scenarios/http-send.js'
import { measureIdle } from './scenarios/idle.js'
import { measureProfile } from './scenarios/profile.js'
import { measureSlowDisk } from './scenarios/slow-disk.js'

const SCENARIOS: Record<string, Scenario> = {
  'group-chat': measureGroupChat,
  'http-send': measureHttpSend,
  'fan-out': measureFanOut,
  history: measureHistory,
  idle: measureIdle,
  'slow-disk': measureSlowDisk,
  'growth-stored': measureStored,
  'growth-members': measureMembers,
  'growth-nodes': measureNodes,
  'growth-sockets': measureSockets,
  profile: measureProfile,
}

/** Beside those of an embedded one; nothing here makes it less durable. */
const POSTGRES = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '1GB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  max_connections: '400',
}

/** For the profile. */
const COUNTING = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_planning': 'on',
  track_functions: 'all',
}

async function main(options: Options): Promise<boolean> {
  await build()
  const { pid, ...postgres } = await openPostgres(
    undefined,
    options.scenarios.includes('profile') ? { ...POSTGRES, ...COUNTING } : POSTGRES,
  )
  const open = new Set<Closing>()
  const interrupted = stopOnSignal(async () => {
    for (const closing of open) await closing.close()
    await postgres.stop()
  })
  try {
    if (pid === undefined) throw new Error('the embedded PostgreSQL has no process')
    const wrongs: string[] = []
    const bench: Bench = {
      ...options,
      open,
      interrupted,
      postgres: { ...postgres, pid },
      wrong: (what) => {
        wrongs.push(what)
        console.error(`WRONG: ${what}`)
      },
      say: (what) => console.error(`${new Date().toISOString().slice(11, 19)} ${what}`),
    }
    const machine = describeMachine(postgres.description)
    console.log(`${machine}\n`)
    const reports: Record<string, Report> = {}
    const save = async () => {
      await mkdir(options.save, { recursive: true })
      const file = join(options.save, `${began}.json`)
      await writeFile(file, `${JSON.stringify({ began, machine, options, wrongs, reports }, undefined, 1)}\n`)
      return file
    }
    const began = new Date().toISOString().replace(/[:.]/g, '-')
    for (const name of options.scenarios) {
      try {
        const report = await (SCENARIOS[name] as Scenario)(bench)
        reports[name] = report
        console.log(draw(report))
      } catch (error) {
        await interrupted()
        if (error instanceof StartupError) throw error
        bench.wrong(`${name} failed: ${error instanceof Error ? error.stack : error}`)
      }
      await save()
    }
    for (const what of wrongs) console.log(`WRONG: ${what}`)
    if (options.quick) console.log('A quick run says whether all of it works, not how fast it is.')
    console.log(`All of it is in ${await save()}.`)
    const checks = Object.values(reports).flatMap((report) => report.checks)
    return wrongs.length === 0 && (options.quick || passes(checks))
  } finally {
    await interrupted()
    await postgres.stop()
  }
}

function describeMachine(postgres: string): string {
  const settings = (of: Record<string, string>) =>
    Object.entries(of)
      .map((one) => `\`${one.join('=')}\``)
      .join(' ')
  return [
    `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, shared by server, PostgreSQL and driver; Node ${process.version}; ${postgres}.`,
    `PostgreSQL has ${settings(POSTGRES)}; each node of Earshot has, beside the defaults, \`NODE_ENV=production\` ${settings(PROFILE)}.`,
  ].join('\n')
}

function draw({ title, notes, tables, texts = [], checks }: Report): string {
  return [
    `## ${title}`,
    ...notes,
    ...tables.flatMap((table) => [`### ${table.title}`, table.figures.draw('')]),
    ...texts,
    ...(checks.length > 0 ? [drawChecksMarkdown(checks)] : []),
    '',
  ].join('\n\n')
}

let passed = false
try {
  const options = readOptions(process.argv.slice(2), Object.keys(SCENARIOS), ['profile'])
  passed = await main(options)
} catch (error) {
  console.error(error instanceof StartupError ? error.message : error)
}
process.exit(passed ? 0 : 1)
