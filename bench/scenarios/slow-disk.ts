// A disk that takes 3 ms longer for each flush. PostgreSQL's commit_delay stands in for it: whoever leads a group of commits to
// the disk waits so long before the flush. With the bell after the commit, as it is shipped, and inside the transaction.
import pg from 'pg'
import type { Bench, Report } from '../lib/bench.js'
import { check, Figures } from '../lib/figures.js'
import { inTurn } from '../lib/in-turn.js'
import { onStage } from '../lib/stage.js'
import { earshot } from '../servers/earshot.js'
import { CAST, saturate } from './group-chat.js'

const DELAY_US = 3_000
/** One after the other: shows that the stand-in is at work. */
const BARE_COMMITS = { connections: 1, batch: 1, seconds: 1, bytes: 200 }

const SLOW_DISK = `
  do $$ begin
    execute format('alter database %I set commit_delay = ${DELAY_US}', current_database());
    execute format('alter database %I set commit_siblings = 0', current_database());
  end $$`
/** In this database alone. */
const RING_INSIDE = `
  create or replace function ring_bell() returns void
  language sql volatile set search_path = public, pg_temp as $$ select pg_notify('earshot', '') $$`

export async function measureSlowDisk(bench: Bench): Promise<Report> {
  const before = (url: string) => run(url, SLOW_DISK)
  const after = async (session: pg.Client) => void (await session.query(RING_INSIDE))
  const [plain, slow] = [earshot({ name: 'bell after the commit' }), earshot({ name: 'the same, 3 ms more', before })]
  const [inside, slowInside] = [
    earshot({ name: 'NOTIFY in the transaction', after }),
    earshot({ name: 'this, 3 ms more', before, after }),
  ]
  const figures = new Figures()
  await inTurn(bench, 'slow disk', [plain, slow, inside, slowInside], (subject, round) =>
    onStage(bench, subject, CAST, async (stage) => {
      const { rows, seconds } = await stage.driver.tell('insert', { ...BARE_COMMITS, url: stage.databaseUrl })
      await stage.connect()
      await stage.warmUp()
      figures.add(subject.name, round, {
        'a bare commit ms': (seconds / rows) * 1_000,
        ...(await saturate(stage, bench.seconds)),
      })
    }),
  )
  const keeps = (name: string, base: string) => figures.ratios('messages/s', name, base)
  return {
    title: 'A slow disk',
    notes: [
      `The same saturation. \`commit_delay=${DELAY_US}\` and \`commit_siblings=0\` stand in for a disk that takes 3 ms more: the leader of each group of commits sleeps so long before it flushes.`,
      'NOTIFY in the transaction: `ring_bell()` of this database alone notifies always; nodes ring after the commit as well.',
    ],
    tables: [{ title: 'Saturation', figures }],
    checks: [
      check('with 3 ms more, of that without', keeps(slow.name, plain.name), { least: 0.7 }, 'x'),
      check('the same, NOTIFY in the transaction', keeps(slowInside.name, inside.name), undefined, 'x'),
    ],
  }
}

async function run(url: string, statement: string): Promise<void> {
  const session = new pg.Client(url)
  await session.connect()
  await session.query(statement)
  await session.end()
}
