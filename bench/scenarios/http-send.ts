// Sends over HTTP that nobody hears: what the way through the server costs, beside bare Hono answering the same request.
import type { Bench, Report } from '../lib/bench.js'
import { check, Figures } from '../lib/figures.js'
import { inTurn } from '../lib/in-turn.js'
import { onStage, perThousand, type Stage } from '../lib/stage.js'
import { bare } from '../servers/bare.js'
import { earshot } from '../servers/earshot.js'
import { BYTES, CAST } from './group-chat.js'

const AT_ONCE = 256
const WARM_UP_S = 5
const BATCH = 64
const CONNECTIONS = [1, 4]

export async function measureHttpSend(bench: Bench): Promise<Report> {
  const [own, hono] = [earshot(), bare('bare Hono', 'hono.ts')]
  const figures = new Figures()
  const inserts = new Figures()
  await inTurn(bench, 'sends over HTTP', [own, hono], (subject, round) =>
    onStage(bench, subject, CAST, async (stage) => {
      figures.add(subject.name, round, await postAll(bench, stage))
      if (subject !== hono) return
      // Into the same database, so that it has a turn in each round as well.
      for (const connections of CONNECTIONS) {
        const order = { url: stage.databaseUrl, connections, batch: BATCH, seconds: bench.seconds, bytes: BYTES }
        const { result: inserted, cpu: used } = await stage.measure(() => stage.driver.tell('insert', order))
        inserts.add(`${connections === 1 ? 'one connection' : `${connections} connections`}`, round, {
          'rows/s': inserted.rows / inserted.seconds,
          'CPU s for 1,000: Node': (used.driver / inserted.rows) * 1_000,
          PostgreSQL: (used.postgres / inserted.rows) * 1_000,
        })
      }
    }),
  )
  return {
    title: 'Sends over HTTP, heard by nobody',
    notes: [
      `POST /conversations/{id}/messages with ${BYTES} bytes of text, ${AT_ONCE} in flight on as many kept connections, ${CAST.groups} conversations of ${CAST.members}; nobody has a socket.`,
    ],
    tables: [
      { title: 'Against bare Hono', figures },
      { title: `Rows straight into PostgreSQL, ${BATCH} to an INSERT`, figures: inserts },
    ],
    checks: [
      check('of what bare Hono answers', figures.ratios('requests/s', own.name, hono.name), { least: 0.45 }, 'x'),
    ],
  }
}

/** As fast as they are answered. Counts what is stored, too. */
export async function postAll(bench: Bench, stage: Stage): Promise<Record<string, number>> {
  const { adapter, seats, countMessages } = stage.scene
  const ask = (seconds: number) =>
    stage.driver.tell('ask', adapter, seats, { what: 'post', at_once: AT_ONCE, seconds, bytes: BYTES })
  await ask(Math.min(WARM_UP_S, bench.seconds))
  const before = await countMessages?.()
  const { result, cpu } = await stage.measure(() => ask(bench.seconds))
  if (result.failed > 0) bench.wrong(`${stage.name}: ${result.failed} refused: ${result.troubles.join('; ')}`)
  if (before !== undefined) {
    const stored = ((await countMessages?.()) ?? 0) - before
    if (stored !== result.answered) bench.wrong(`${stage.name}: ${stored} rows for ${result.answered} answers`)
  }
  return {
    'requests/s': result.answered / result.seconds,
    'p50 ms': result.took.p50,
    'p99 ms': result.took.p99,
    'bytes of an answer': result.first_body.length,
    ...perThousand(cpu, result.answered),
  }
}
