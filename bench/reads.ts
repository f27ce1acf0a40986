// npm run bench:reads: how long the two reads of every chat take, in a small database and in ones a thousand times larger.
// The databases are measured in turns within one run, so that a busy machine is busy for all of them: their ratio decides.
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { StartupError } from '../src/kit/startup-error.js'
import { build } from './lib/built-server.js'
import { CONVERSATIONS } from './lib/filling.js'
import { stopOnSignal } from './lib/interrupt.js'
import { openPostgres } from './lib/postgres.js'
import { Progress } from './lib/progress.js'
import { ReadDatabase } from './lib/read-database.js'
import { type Options, readOptions } from './lib/reads-usage.js'
import { Samples } from './lib/samples.js'
import { runStatements } from './lib/statements.js'
import { drawTable } from './lib/table.js'

const WARM_UP = 30
/** p95 in the largest database may be this much longer than in the smallest. */
const BAR = 1.5

const READS: Record<string, (database: ReadDatabase) => Promise<unknown>> = {
  'GET /conversations': (database) => database.fetchConversations(),
  'GET /conversations/{id}/messages': (database) => database.fetchMessages(),
  'its statement (conversations)': ({ session, statements }) => runStatements(session, statements.conversations),
  'its statements (messages)': ({ session, statements }) => runStatements(session, statements.messages),
}

type Taken = Map<string, Map<ReadDatabase, Samples>>

async function measure(databases: readonly ReadDatabase[], requests: number, progress: Progress): Promise<Taken> {
  for (const database of databases) {
    await database.readConversations()
    await database.readMessages()
  }
  const taken: Taken = new Map(
    Object.keys(READS).map((name) => [name, new Map(databases.map((database) => [database, new Samples()]))]),
  )
  progress.begin('measuring', requests)
  for (let round = -WARM_UP; round < requests; round++) {
    for (const [name, read] of Object.entries(READS)) {
      for (let turn = 0; turn < databases.length; turn++) {
        const database = databases[Math.abs(round + turn) % databases.length]!
        const began = performance.now()
        await read(database)
        if (round >= 0)
          taken
            .get(name)
            ?.get(database)
            ?.add(performance.now() - began)
      }
    }
    if (round >= 0) progress.step()
  }
  progress.end()
  return taken
}

/** The worst ratio stands in the last row. */
function draw(taken: Taken): { table: string; worst: number } {
  let worst = 0
  const rows = [...taken].flatMap(([name, byDatabase]) => {
    const [smallest] = byDatabase.values()
    const [, base = Number.NaN] = smallest!.quantiles(0.5, 0.95)
    return [...byDatabase].map(([database, samples]) => {
      const [p50 = 0, p95 = 0, p99 = 0] = samples.quantiles(0.5, 0.95, 0.99)
      worst = Math.max(worst, p95 / base)
      return [name, database.messages, database.greatSize, samples.count, p50, p95, p99, (p95 / base).toFixed(2)]
    })
  })
  const header = ['read', 'messages', 'in the great one', 'requests', 'p50 ms', 'p95 ms', 'p99 ms', 'p95 ratio']
  return { table: drawTable(header, rows, ['worst', '', '', '', '', '', '', worst.toFixed(2)]), worst }
}

async function main({ messages, requests, databaseUrl, keep, save }: Options): Promise<boolean> {
  const progress = new Progress(process.stdout)
  await build()
  const postgres = await openPostgres(databaseUrl)
  const databases: ReadDatabase[] = []
  const stop = async () => {
    for (const database of databases.splice(0)) await database.close(keep)
    await postgres.stop()
  }
  const interrupted = stopOnSignal(stop)
  try {
    for (const count of messages) {
      databases.push(await ReadDatabase.open(postgres.admin, postgres.url, count, progress))
    }
    const taken = await measure(databases, requests, progress)
    const { table, worst } = draw(taken)
    const passed = worst <= BAR
    const report = [
      `${postgres.description}; ${availableParallelism()} cores, shared with the clients; Node ${process.version}.`,
      `The reader is in ${CONVERSATIONS.toLocaleString('en')} conversations and reads pages of 50. There are no events in the log.`,
      '',
      table,
      '',
      `p95 is ${passed ? 'within' : 'beyond'} ${BAR} times that of the smallest database: ${worst.toFixed(2)}.`,
    ].join('\n')
    const plans = databases.map((database) => database.plans).join('\n')
    console.log(`${plans}\n\n${report}`)
    await mkdir(dirname(save), { recursive: true })
    await writeFile(save, `${report}\n\n${plans}\n`)
    console.log(`All of it is in ${save}.`)
    return passed
  } finally {
    await interrupted()
    await stop()
  }
}

let passed = false
try {
  passed = await main(readOptions(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof StartupError ? error.message : error)
}
process.exit(passed ? 0 : 1)
