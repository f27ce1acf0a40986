// Foreign sessions that take locks in the opposite order of ours, and of each other: PostgreSQL ends one of those who wait in a circle.
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, DatabaseError } from 'pg'
import { expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { fork, pick, type Random, randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '15 Deadlocks'
const DEADLOCK = '40P01'
/** One that waits so long looks whether it waits in a circle, and ends itself if so. */
const LOOKS_SOON = '20ms'
/** This one never ends itself: it is the other who has to. */
const LOOKS_NEVER = '10min'
const STREAM = 'select from streams where id = $1 for no key update'
const MEMBER = 'update members set alias = $3 where conversation_id = $1 and user_id = $2'
const MESSAGE = 'insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)'
const PROFILE = 'update users set bio = $2 where id = $1'

type Step = [text: string, values: unknown[]]

test(`${FAULT}: our writes are repeated or asked to come again, never an internal error, and nothing is lost (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2, postgres: { deadlock_timeout: '100ms' } })
  const company = await gather(stage, random)
  const { workload } = company
  const foreign = await stage.person('foreign')
  const before = await deadlocks(stage)
  const goal = long(400, 8)
  const state = { isOver: false, own: 0, foreign: 0 }

  const provoke = async (session: Client, chance: Random) => {
    while (!state.isOver) {
      const [room, other] = [pick(chance, workload.rooms).id, pick(chance, workload.rooms).id]
      const person = pick(chance, workload.people).id
      const lines: Step[][] = [
        // Two conversations, in any order.
        [
          [MESSAGE, [room, foreign.id, 'foreign']],
          [MESSAGE, [other, foreign.id, 'foreign']],
        ],
        // A send holds the stream and takes the row of its sender; here it is the other way round.
        [
          [MEMBER, [room, person, `${chance()}`]],
          [STREAM, [room]],
        ],
        // A report takes the row, then the stream of the user.
        [
          [STREAM, [person]],
          [MEMBER, [room, person, `${chance()}`]],
        ],
        [
          [STREAM, [person]],
          [PROFILE, [person, `${chance()}`]],
        ],
        [
          [STREAM, [person]],
          [STREAM, [room]],
        ],
      ]
      const ended = await transact(session, pick(chance, lines), chance() < 0.7 ? LOOKS_NEVER : LOOKS_SOON, chance)
      if (ended === DEADLOCK) state.foreign++
    }
    await session.end()
  }
  const changing = workload.people.slice(0, 4).map((person) => change(person, workload.people, fork(random), state))
  const sessions = await Promise.all(Array.from({ length: 4 }, () => stage.postgres.connect()))
  const provoking = sessions.map((session) => provoke(session, fork(random)))
  for (const one of [...changing, ...provoking]) one.catch(() => undefined)

  // Those that did not end one of theirs have ended one of ours.
  const ours = async () => (await deadlocks(stage)) - before - state.foreign
  await expect
    .poll(
      async () => {
        const count = await ours()
        progress(FAULT, `${count} of ours, ${state.foreign} of theirs were ended`)
        return count
      },
      { timeout: long(600_000, 120_000), interval: long(5_000, 100) },
    )
    .toBeGreaterThan(goal)
  state.isOver = true
  const refused = (await Promise.all(changing)).flat()
  await Promise.all(provoking)
  await workload.acknowledges(20)
  await company.end()
  expect(refused.filter((code) => code !== 'busy')).toEqual([])
  const codes = workload.sends.map(({ outcome }) => (outcome && 'refused' in outcome ? outcome.refused : undefined))
  expect(codes.filter((code) => code !== undefined)).toEqual([])
  expect([...workload.refusals.keys()].filter((code) => code !== 'busy')).toEqual([])
  const busy = (workload.refusals.get('busy') ?? 0) + refused.length
  await audit(stage, {
    ...company,
    fault: FAULT,
    note: `${await ours()} of our writes were ended, ${busy} answered busy`,
  })
})

/** One transaction of these steps, with a moment between them in which others come to wait. How it ended. */
async function transact(session: Client, steps: Step[], looks: string, random: Random): Promise<string> {
  await session.query('begin')
  // So that two of theirs that never look do not wait for each other for ever.
  await session.query(`select set_config('deadlock_timeout', $1, true), set_config('lock_timeout', '1s', true)`, [
    looks,
  ])
  try {
    for (const [text, values] of steps) {
      await session.query(text, values)
      await delay(random() * 30)
    }
    await session.query(random() < 0.8 ? 'commit' : 'rollback')
    return 'ended'
  } catch (error) {
    await session.query('rollback')
    if (error instanceof DatabaseError && (error.code === DEADLOCK || error.code === '55P03')) return error.code
    throw error
  }
}

/** Writes of ours that take several locks: profiles, and groups that stand in the streams of several. The codes of refusals. */
async function change(person: Person, people: Person[], random: Random, state: { isOver: boolean }): Promise<string[]> {
  const refused: string[] = []
  while (!state.isOver) {
    const { status, body, headers } =
      random() < 0.7
        ? await person.ask('PATCH', '/users/me', { bio: `${random()}` })
        : await person.ask('POST', '/conversations', {
            type: 'group',
            name: `group ${random()}`,
            user_ids: people.filter(({ id }, n) => id !== person.id && (n > 5 || random() < 0.5)).map(({ id }) => id),
          })
    if (status >= 300) refused.push(`${body.code}${headers.has('retry-after') ? '' : ' without Retry-After'}`)
    await delay(random() * 100)
  }
  return refused
}

async function deadlocks(stage: Stage): Promise<number> {
  const { rows } = await stage.sql.query('select deadlocks from pg_stat_database where datname = current_database()')
  return rows[0].deadlocks
}
