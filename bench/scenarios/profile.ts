// Where the time goes at saturation: self times of the server, and the statements that PostgreSQL was busy with.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Bench, Report } from '../lib/bench.js'
import { nowMicroseconds, type Span, topSelfTimes } from '../lib/cpu-profile.js'
import { Figures } from '../lib/figures.js'
import { onStage, type Stage } from '../lib/stage.js'
import { drawMarkdown } from '../lib/table.js'
import { earshot } from '../servers/earshot.js'
import { CAST, saturate } from './group-chat.js'

const LINES = 25
const STATEMENTS = 12

export async function measureProfile(bench: Bench): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'earshot-profile-'))
  const figures = new Figures()
  try {
    let span: Span = { from_us: 0, to_us: 0 }
    let statements = ''
    const subject = earshot({ flags: ['--cpu-prof', `--cpu-prof-dir=${folder}`] })
    bench.say('profile of a saturated server')
    await onStage(bench, subject, CAST, async (stage) => {
      await stage.connect()
      await stage.warmUp()
      const session = await countStatements(stage)
      const from_us = nowMicroseconds()
      const measured = await saturate(stage, bench.seconds)
      figures.add(subject.name, measured)
      span = { from_us, to_us: nowMicroseconds() }
      statements = await topStatements(session)
      await session.end()
    })
    // It is written as the server ends.
    const [file = ''] = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'))
    const selfTimes = await topSelfTimes(join(folder, file), span, LINES)
    return {
      title: 'Profile',
      notes: ['Under the profilers, so slower than without them.'],
      tables: [{ title: 'Saturation', figures }],
      checks: [],
      texts: [
        '### Self times of the server',
        drawMarkdown(
          ['function', 'of its busy time'],
          selfTimes.map(({ what, share }) => [what, `${(share * 100).toFixed(1)} %`]),
        ),
        '### Statements',
        statements,
      ],
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** From now on. Nested ones count too: a function shows what it is made of. */
async function countStatements(stage: Stage): Promise<pg.Client> {
  const session = new pg.Client(stage.databaseUrl)
  session.on('error', () => undefined)
  await session.connect()
  await session.query('create extension if not exists pg_stat_statements')
  await session.query(`set pg_stat_statements.track = 'none'`)
  await session.query('select pg_stat_statements_reset()')
  return session
}

async function topStatements(session: pg.Client): Promise<string> {
  const { rows } = await session.query(
    `select s.toplevel, s.calls, s.rows, s.mean_plan_time as plan_ms, s.mean_exec_time as mean_ms,
            s.total_exec_time + s.total_plan_time as total_ms,
            s.shared_blks_hit / greatest(s.calls, 1) as buffers, s.wal_bytes / greatest(s.calls, 1) as wal,
            left(regexp_replace(s.query, '\\s+', ' ', 'g'), 90) as query
     from pg_stat_statements s
     where s.dbid = (select oid from pg_database where datname = current_database())
     order by total_ms desc limit $1`,
    [STATEMENTS],
  )
  return drawMarkdown(
    ['statement', 'inside another', 'calls', 'rows', 'plan ms', 'mean ms', 'total ms', 'buffers', 'bytes of WAL'],
    rows.map((row) => [
      row.query.replaceAll('|', '\\|'),
      row.toplevel ? '' : 'yes',
      Number(row.calls),
      Number(row.rows),
      row.plan_ms.toFixed(3),
      row.mean_ms.toFixed(3),
      Math.round(row.total_ms),
      Number(row.buffers),
      Number(row.wal),
    ]),
  )
}
