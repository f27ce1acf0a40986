// What a page of conversations or messages costs: counted in statements and in rows, not in seconds.
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { explainForAnyValues, recordReads, type Statement } from '../../bench/lib/statements.js'
import type { App } from '../../src/app.js'
import type { Person } from '../support/person.js'
import { touched } from '../support/plans.js'
import { openRecorder } from '../support/recorder.js'
import { startWorld, type World } from '../support/world.js'

/** What a read of the API can be made of. */
const READ =
  /\b(users|conversations|members|streams|messages|hidden_messages|(message|user|conversation|member_conversation|membership)_wire)\b/

let world: World
let session: pg.Client
let bob: Person
beforeAll(async () => {
  world = await startWorld()
  bob = await world.person('bob')
  session = await world.session()
})
afterAll(() => world[Symbol.asyncDispose]())

const say = (conversations: string, count: number) =>
  session.query(
    `insert into messages (conversation_id, sender_id, content)
     select c.id, $1, 'text' from conversations c cross join generate_series(1, $2) where c.name like $3`,
    [bob.id, count, conversations],
  )

/** Groups of bob with one other, with two messages each. */
async function addGroups(name: string, count: number, other: Person): Promise<void> {
  await session.query(
    `insert into conversations (type, name, created_by) select 'group', $1 || ' ' || n, $2 from generate_series(1, $3) n`,
    [name, bob.id, count],
  )
  await session.query(
    `insert into members (conversation_id, user_id, role)
     select c.id, m.id, case m.id when $1 then 'owner' else 'member' end
     from conversations c cross join unnest($2::uuid[]) m (id) where c.name like $3`,
    [bob.id, [bob.id, other.id], `${name} %`],
  )
  await say(`${name} %`, 2)
}

test('the list runs the same statements for 3 conversations and for 300', async () => {
  const recorder = await openRecorder(world.database.url)
  const node: App = await world.addNode({ DATABASE_URL: recorder.url })
  const [few, many] = [await world.person('few', node), await world.person('many', node)]
  await addGroups('few', 3, few)
  await addGroups('many', 300, many)
  const list = (person: Person, length: number) =>
    recorder.during(READ, async () => {
      const { data } = await person.get('/conversations?limit=100')
      expect(data).toHaveLength(length)
      expect(data.every((one: { last_message: unknown; me: unknown }) => one.last_message && one.me)).toBe(true)
    })
  const statements = await list(few, 3)
  expect(statements).toHaveLength(1)
  expect(await list(many, 100)).toEqual(statements)
})

test('a page of messages runs the same statements for 3 messages and for 300', async () => {
  const recorder = await openRecorder(world.database.url)
  const node = await world.addNode({ DATABASE_URL: recorder.url })
  const carol = await world.person('carol', node)
  await addGroups('short', 1, carol)
  await addGroups('long', 1, carol)
  await say('long 1', 298)
  const { data } = await carol.get('/conversations')
  const read = (name: string, length: number) =>
    recorder.during(READ, async () => {
      const { id } = data.find((one: { name: string }) => one.name === name)
      expect((await carol.get(`/conversations/${id}/messages?limit=100`)).data).toHaveLength(length)
    })
  const statements = await read('short 1', 2)
  expect(statements).toHaveLength(1)
  expect(await read('long 1', 100)).toEqual(statements)
})

/** Rows that the statements touch, planned for their values or for any: the larger of both. */
async function rowsOf(statements: readonly Statement[]): Promise<number> {
  const OPTIONS = 'analyze, format json'
  let [known, unknown] = [0, 0]
  for (const statement of statements) {
    const custom = await session.query(`explain (${OPTIONS}) ${statement.text}`, statement.values)
    const generic = await explainForAnyValues(session, statement, OPTIONS)
    known += touched(custom.rows[0]['QUERY PLAN'][0].Plan)
    unknown += touched(generic.rows[0]['QUERY PLAN'][0].Plan)
  }
  return Math.max(known, unknown)
}

test('the rows that a page touches do not grow with the messages, nor with what the reader has hidden', async () => {
  const dora = await world.person('dora')
  await addGroups('dora', 60, dora)
  await say('dora 1', 100)
  const { rows } = await session.query(`select id from conversations where name = 'dora 1'`)
  const count = async () => {
    const { conversations, messages } = await recordReads(session, dora.id, rows[0].id)
    return { list: await rowsOf(conversations), page: await rowsOf(messages) }
  }
  await session.query('analyze')
  const before = await count()
  await say('dora %', 40)
  await say('dora 1', 4_000)
  // All but the newest of one conversation.
  await session.query(
    `insert into hidden_messages (user_id, message_id, conversation_id, number)
     select $1, m.id, m.conversation_id, m.number from messages m where m.conversation_id = $2 and m.number <= 3900`,
    [dora.id, rows[0].id],
  )
  // With what the planner knew before, and with what it knows now.
  const stale = await count()
  await session.query('analyze')
  const fresh = await count()
  for (const after of [stale, fresh]) {
    expect(after.list).toBeLessThan(before.list * 1.5)
    expect(after.page).toBeLessThan(before.page * 1.5)
  }
})
