// Where the time goes when there is as much to do as can be done: self times of the server, and the statements that keep
// PostgreSQL busy.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Bench, Report } from '../lib/bench.js'
import { closeAfter } from '../lib/closing.js'
import { nowMicroseconds, type Span, topSelfTimes } from '../lib/cpu-profile.js'
import { Figures } from '../lib/figures.js'
import { onStage, type Stage } from '../lib/stage.js'
import { drawMarkdown } from '../lib/table.js'
import { earshot } from '../servers/earshot.js'
import type { Cast } from '../servers/server.js'
import { fanOut } from './fan-out.js'
import { CAST, saturate } from './group-chat.js'
import { readHistory } from './history.js'
import { postAll } from './http-send.js'

const LINES = 20
const STATEMENTS = 12
const STORED = 10_000
/** Sessions tell of functions once they have been idle for a moment. */
const COUNTS_ARE_IN = 'select pg_sleep(1.5), pg_stat_clear_snapshot()'

type Part = {
  name: string
  cast: Cast
  before: (stage: Stage) => Promise<void>
  work: (bench: Bench, stage: Stage) => Promise<Record<string, number>>
}

const PARTS: readonly Part[] = [
  {
    name: 'group-chat',
    cast: CAST,
    before: async (stage) => {
      await stage.connect()
      await stage.warmUp()
    },
    work: (bench, stage) => saturate(stage, bench.seconds),
  },
  { name: 'http-send', cast: CAST, before: async () => undefined, work: postAll },
  {
    name: 'fan-out',
    cast: { groups: 1, members: 2_001 },
    before: (stage) => stage.connect(),
    work: async (bench, stage) => (await fanOut(bench, stage)).figures,
  },
  {
    name: 'history',
    cast: { groups: 1, members: 10 },
    before: async ({ scene }) => scene.fillHistory?.(scene.seats[0]?.conversations[0] ?? '', STORED),
    work: (bench, stage) => readHistory(bench, stage, stage.scene.seats),
  },
]

/** Each on a server of its own. */
export async function measureProfile(bench: Bench): Promise<Report> {
  const report: Report = {
    title: 'Profile',
    notes: [
      'Under the profilers, so slower than without them; the warm-up of each part is in it, where it has one of its own.',
      `All of it, for a browser's tools: ${bench.save}/*.cpuprofile.`,
    ],
    tables: [],
    checks: [],
    texts: [],
  }
  await mkdir(bench.save, { recursive: true })
  for (const part of PARTS) {
    bench.say(`profile: ${part.name}`)
    const { figures, texts } = await profile(bench, part)
    report.tables.push({ title: part.name, figures })
    report.texts?.push(`### ${part.name}: where`, ...texts)
  }
  return report
}

function profile(bench: Bench, { name, cast, before, work }: Part): Promise<{ figures: Figures; texts: string[] }> {
  return closeAfter(bench.open, async (closing) => {
    const folder = await mkdtemp(join(tmpdir(), 'earshot-profile-'))
    closing.add(() => rm(folder, { recursive: true, force: true }))
    const subject = earshot({ flags: ['--cpu-prof', `--cpu-prof-dir=${folder}`] })
    const figures = new Figures()
    const { span, statements } = await onStage(bench, subject, cast, async (stage) => {
      const session = await countStatements(stage)
      await before(stage)
      await session.query(COUNTS_ARE_IN)
      await session.query('select pg_stat_statements_reset(), pg_stat_reset()')
      const from_us = nowMicroseconds()
      figures.add(subject.name, 0, await work(bench, stage))
      const its: Span = { from_us, to_us: nowMicroseconds() }
      const tables = [await topStatements(session), await topFunctions(session)]
      await session.end()
      return { span: its, statements: tables }
    })
    // It was written as the server ended.
    const [file = ''] = (await readdir(folder)).filter((one) => one.endsWith('.cpuprofile'))
    const text = await readFile(join(folder, file), 'utf8')
    await writeFile(join(bench.save, `${name}.cpuprofile`), text)
    return { figures, texts: [drawSelfTimes(text, span), ...statements] }
  })
}

function drawSelfTimes(profile: string, span: Span): string {
  return drawMarkdown(
    ['function', 'of the busy time of the server'],
    topSelfTimes(profile, span, LINES).map(({ what, share }) => [what, `${(share * 100).toFixed(1)} %`]),
  )
}

/** Nested ones count too: a function shows what it is made of. */
async function countStatements(stage: Stage): Promise<pg.Client> {
  const session = new pg.Client(stage.databaseUrl)
  session.on('error', () => undefined)
  await session.connect()
  await session.query('create extension if not exists pg_stat_statements')
  await session.query(`set pg_stat_statements.track = 'none'`)
  return session
}

async function topStatements(session: pg.Client): Promise<string> {
  const { rows } = await session.query(
    `select s.toplevel, s.calls, s.rows, s.plans, s.total_plan_time as plan_ms, s.mean_exec_time as mean_ms,
            s.total_exec_time + s.total_plan_time as total_ms,
            round(s.shared_blks_hit / greatest(s.calls, 1)) as buffers, round(s.wal_bytes / greatest(s.calls, 1)) as wal,
            left(regexp_replace(s.query, '\\s+', ' ', 'g'), 90) as query
     from pg_stat_statements s
     where s.dbid = (select oid from pg_database where datname = current_database())
     order by total_ms desc limit $1`,
    [STATEMENTS],
  )
  const header = [
    'statement',
    'inside another',
    'calls',
    'rows',
    'plans',
    'planning ms',
    'mean ms',
    'all ms',
    'buffers',
  ]
  return drawMarkdown(
    [...header, 'bytes of log'],
    rows.map((row) => [
      row.query.replaceAll('|', '\\|'),
      row.toplevel ? '' : 'yes',
      Number(row.calls),
      Number(row.rows),
      Number(row.plans),
      Math.round(row.plan_ms),
      row.mean_ms.toFixed(3),
      Math.round(row.total_ms),
      Number(row.buffers),
      Number(row.wal),
    ]),
  )
}

/** Of those that are not inlined: their own time, without that of functions within them, but with the statements. */
async function topFunctions(session: pg.Client): Promise<string> {
  await session.query(COUNTS_ARE_IN)
  const { rows } = await session.query(
    `select funcname as name, calls, self_time as self_ms, total_time as all_ms
     from pg_stat_user_functions where calls > 0 and funcname not like 'pg\\_%' order by self_time desc limit $1`,
    [STATEMENTS],
  )
  return drawMarkdown(
    ['function of the database', 'calls', 'of its own, ms', 'ms for one', 'with those within, ms'],
    rows.map(({ name, calls, self_ms, all_ms }) => [
      name,
      Number(calls),
      Math.round(self_ms),
      (self_ms / calls).toFixed(3),
      Math.round(all_ms),
    ]),
  )
}
