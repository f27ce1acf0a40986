// Other services write by SQL of their own, and end their transactions whenever and however they like: ids become visible out of
// order, late, or never.
import type { Client } from 'pg'
import { expect, test } from 'vitest'
import { fork, type Random, randomOf, upTo } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '14 Commits in any order'
const INSERT = `
  insert into messages (conversation_id, sender_id, content)
  select $1, $2, $3 || n from generate_series(1, $4::int) n`
/** Rows of one statement: now and then many. */
const ROWS = [1, 1, 1, 2, 5, 40]
const SESSIONS = 6
/** A slow machine writes fewer; the table says how many. */
const LONGEST_MS = 600_000
const FEWEST = 5_000

test(`${FAULT}: every committed event is heard once and in order, and none that was rolled back (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({
    nodes: 2,
    each: (index) => (index === 0 ? {} : { settings: { EVENT_CACHE: '100kB' } }),
  })
  const company = await gather(stage, random)
  const { workload, listeners } = company
  const foreign = await stage.person('foreign')
  const everybody = listeners.map(({ person }) => person)
  const own = await Promise.all(Array.from({ length: 4 }, () => stage.group(foreign, ...everybody)))
  // Also where our own writers are: they wait a moment there.
  const homes = [...own, ...workload.rooms].map(({ id }) => id)

  const goal = long(100_000, FEWEST)
  const deadline = Date.now() + LONGEST_MS
  const did = { rows: 0, commits: 0, rollbacks: 0, savepoints: 0, late: 0 }
  const write = async (session: Client, chance: Random) => {
    while (did.rows < goal && Date.now() < deadline) {
      const took = await transact(session, chance, homes, foreign.id)
      did.savepoints += took.savepoints
      did.late += Number(took.delayMs > 10)
      if (took.rows === undefined) did.rollbacks++
      else {
        did.commits++
        did.rows += took.rows
        if (did.commits % 500 === 0) progress(FAULT, `${did.rows} events in ${did.commits} transactions`)
      }
    }
    await session.end()
  }
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, () => stage.postgres.connect()))
  await Promise.all(sessions.map((session) => write(session, fork(random))))
  await workload.acknowledges(20)
  await company.end()

  // The fault has happened: ids were taken that never came, and commits were late.
  expect(did.rows).toBeGreaterThanOrEqual(FEWEST)
  expect(did.rollbacks).toBeGreaterThan(0)
  expect(did.savepoints).toBeGreaterThan(0)
  expect(did.late).toBeGreaterThan(10)
  const { rows } = await stage.sql.query(`
    select (select last_value from events_id_seq) - (select count(*) from events) as never,
           (select count(*) from messages where content like 'stays %') as stays,
           (select count(*) from messages where content like 'never %') as gone`)
  expect(rows[0].never).toBeGreaterThan(did.rollbacks)
  expect(rows[0]).toMatchObject({ stays: did.rows, gone: 0 })
  const note = `${did.rows} events in ${did.commits} transactions, ${did.rollbacks} rolled back, ${did.savepoints} savepoints`
  await audit(stage, { ...company, fault: FAULT, note })
})

/** One transaction over one or two conversations; `rows` is undefined when it was rolled back. */
async function transact(session: Client, random: Random, homes: readonly string[], sender: string) {
  const delayMs = upTo(random, 400) === 0 ? long(2_000, 200) : upTo(random, 50)
  let [rows, savepoints] = [0, 0]
  const isRolledBack = random() < 0.1
  // In one order, as everybody must who takes two.
  const chosen = [...new Set([homes[upTo(random, homes.length - 1)], homes[upTo(random, homes.length - 1)]])].sort()
  await session.query('begin')
  for (const home of random() < 0.3 ? chosen : chosen.slice(0, 1)) {
    const count = ROWS[upTo(random, ROWS.length - 1)] ?? 1
    await session.query(INSERT, [home, sender, isRolledBack ? 'never ' : 'stays ', count])
    rows += count
    if (random() < 0.2) {
      savepoints++
      await session.query('savepoint s')
      await session.query(INSERT, [home, sender, 'never ', 1 + upTo(random, 3)])
      await session.query('rollback to s')
    }
  }
  await session.query('select pg_sleep($1)', [delayMs / 1_000])
  await session.query(isRolledBack ? 'rollback' : 'commit')
  return { rows: isRolledBack ? undefined : rows, savepoints, delayMs }
}
