// Where the time goes when there is as much to do as can be done: self times of the server, and the statements that keep
// PostgreSQL busy. The same server chats, takes sends over HTTP and is read, one after the other.
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
import { CAST, saturate } from './group-chat.js'
import { readHistory } from './history.js'
import { postAll } from './http-send.js'

const LINES = 20
const STATEMENTS = 12
const STORED = 10_000
/** Sessions tell of functions once they have been idle for a moment. */
const COUNTS_ARE_IN = 'select pg_sleep(1.5), pg_stat_clear_snapshot()'

type Part = { name: string; span: Span; statements: string; functions: string }

export function measureProfile(bench: Bench): Promise<Report> {
  return closeAfter(bench.open, async (closing) => {
    const folder = await mkdtemp(join(tmpdir(), 'earshot-profile-'))
    closing.add(() => rm(folder, { recursive: true, force: true }))
    const figures = new Map<string, Figures>()
    const parts = await playParts(bench, folder, figures)
    // It was written as the server ended.
    const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.cpuprofile'))
    const profile = await readFile(join(folder, name), 'utf8')
    const texts = parts.flatMap(({ name: what, span, statements, functions }) => [
      `### ${what}: where`,
      drawSelfTimes(profile, span),
      statements,
      functions,
    ])
    await mkdir(bench.save, { recursive: true })
    await writeFile(join(bench.save, 'server.cpuprofile'), profile)
    return {
      title: 'Profile',
      notes: [
        'Under the profilers, so slower than without them; the warm-up of each part is in it.',
        `All of it, for a browser's tools: ${join(bench.save, 'server.cpuprofile')}.`,
      ],
      tables: [...figures].map(([title, its]) => ({ title, figures: its })),
      checks: [],
      texts,
    }
  })
}

async function playParts(bench: Bench, folder: string, figures: Map<string, Figures>): Promise<Part[]> {
  const parts: Part[] = []
  const subject = earshot({ flags: ['--cpu-prof', `--cpu-prof-dir=${folder}`] })
  await onStage(bench, subject, CAST, async (stage) => {
    const session = await countStatements(stage)
    const part = async (name: string, work: () => Promise<Record<string, number>>) => {
      bench.say(`profile: ${name}`)
      await session.query(COUNTS_ARE_IN)
      await session.query('select pg_stat_statements_reset(), pg_stat_reset()')
      const from_us = nowMicroseconds()
      const own = new Figures()
      own.add(subject.name, 0, await work())
      figures.set(name, own)
      parts.push({
        name,
        span: { from_us, to_us: nowMicroseconds() },
        statements: await topStatements(session),
        functions: await topFunctions(session),
      })
    }
    await stage.connect()
    await stage.warmUp()
    await part('Group chat', () => saturate(stage, bench.seconds))
    await stage.driver.tell('disconnect')
    await part('Sends over HTTP', () => postAll(bench, stage))
    const [seat] = stage.scene.seats
    await stage.scene.fillHistory?.(seat?.conversations[0] ?? '', STORED)
    await part('History', () => readHistory(bench, stage, stage.scene.seats.slice(0, CAST.members)))
    await session.end()
  })
  return parts
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
