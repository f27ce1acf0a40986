// What a connection weighs that says nothing.
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { Bench, Report } from '../lib/bench.js'
import { collectGarbage, INSPECTED } from '../lib/collect-garbage.js'
import { check, Figures } from '../lib/figures.js'
import { inTurn } from '../lib/in-turn.js'
import { onStage, type Stage } from '../lib/stage.js'
import { earshot } from '../servers/earshot.js'
import { installPeers, socketIo } from '../servers/socket-io.js'

const SOCKETS = [1_000, 10_000]
const QUICK_SOCKETS = [200, 1_000]
const MEMBERS = 10
/** Whatever is allocated once is there before anything is weighed. */
const WARM_UP = 1_000
/** Until all has been said that belongs to coming and going. */
const CALM_S = 5
const QUICK_CALM_S = 2
const KIB = 1_024

export async function measureIdle(bench: Bench): Promise<Report> {
  const own = earshot({ flags: [INSPECTED] })
  if (bench.withPeers) await installPeers()
  const subjects = [own, ...(bench.withPeers ? [socketIo('postgres', [INSPECTED])] : [])]
  const counts = bench.quick ? QUICK_SOCKETS : SOCKETS
  const figures = new Map(counts.map((count) => [count, new Figures()]))
  const cast = { groups: Math.max(...counts) / MEMBERS, members: MEMBERS }
  await inTurn(bench, 'idle connections', subjects, (subject, round) =>
    onStage(bench, subject, cast, async (stage) => {
      const { seats } = stage.scene
      await stage.connect(seats.slice(0, WARM_UP))
      await stage.driver.tell('disconnect')
      const before = await weigh(bench, stage)
      for (const [count, its] of figures) {
        const began = performance.now()
        await stage.connect(seats.slice(0, count))
        const seconds = (performance.now() - began) / 1_000
        const after = await weigh(bench, stage)
        its.add(subject.name, round, {
          'KiB in the server, each': (after.server - before.server) / count / KIB,
          'KiB in PostgreSQL, each': (after.postgres - before.postgres) / count / KIB,
          // The pool has a few more or fewer, as it happens: what matters is whether they grow with those who are idle.
          'connections of PostgreSQL, for 1,000': Math.max(0, ((after.backends - before.backends) / count) * 1_000),
          'server MiB': after.server / KIB / KIB,
          'connects/s': count / seconds,
        })
        await stage.driver.tell('disconnect')
      }
    }),
  )
  const largest = figures.get(Math.max(...counts)) as Figures
  return {
    title: 'Idle connections',
    notes: [
      `Each of another user in a conversation of ${MEMBERS}; memory after a full collection of garbage, without what is shared with other processes.`,
    ],
    tables: [...figures].map(([count, its]) => ({ title: `${count.toLocaleString('en')} connections`, figures: its })),
    checks: [
      check('memory of the server, each', largest.of(own.name, 'KiB in the server, each'), { most: 12 }, ' KiB'),
      check('connections of PostgreSQL for 1,000', largest.of(own.name, 'connections of PostgreSQL, for 1,000'), {
        most: 1,
      }),
      check('memory in PostgreSQL, each', largest.of(own.name, 'KiB in PostgreSQL, each'), undefined, ' KiB'),
    ],
  }
}

async function weigh(bench: Bench, stage: Stage): Promise<{ server: number; postgres: number; backends: number }> {
  await delay((bench.quick ? QUICK_CALM_S : CALM_S) * 1_000)
  for (const inspector of stage.scene.inspectors) await collectGarbage(inspector)
  const session = new pg.Client(stage.databaseUrl)
  await session.connect()
  const { rows } = await session.query(
    'select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  )
  await session.end()
  return { ...stage.memory(), backends: Number(rows[0].count) }
}
