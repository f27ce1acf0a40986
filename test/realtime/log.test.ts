// Whoever can INSERT a row can be heard: the log as writers meet it who know nothing of Earshot.

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newerTypes } from '../support/conformance.js'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

let world: World
let alice: Person
let bob: Person
let ear: Ear
let home: string

beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
  ear = await bob.connect()
  home = (await world.group(alice, bob)).id
  await ear.next('message.created')
})
afterAll(() => world[Symbol.asyncDispose]())

/** The texts that bob's socket has heard of the conversation, and the proof that they came in order and once. */
function heardInOrder(): string[] {
  const events = ear.stream(home)
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => (events[0]?.seq ?? 0) + index))
  const messages = events.filter((event) => event.type === 'message.created')
  expect(messages.map((event) => event.data.number)).toEqual(messages.map((_, index) => index + 1))
  return messages.map((event) => event.data.content)
}

test('an INSERT from a plain SQL session is heard on sockets', async () => {
  const psql = await world.session()
  await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    home,
    alice.id,
    'from psql',
  ])
  const event = await ear.next('message.created')
  expect(event.data).toMatchObject({ content: 'from psql', sender_id: alice.id, type: 'text', client_id: null })
})

test('a role that may only INSERT messages is heard, and can do nothing else', async () => {
  const psql = await world.session()
  const role = `writer_${crypto.randomUUID().replaceAll('-', '')}`
  await psql.query(`create role ${role} login password 'only a test'; grant insert on messages to ${role}`)
  const writer = await world.session({ name: role, password: 'only a test' })
  await writer.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    home,
    alice.id,
    'from a writer',
  ])
  expect((await ear.next('message.created')).data.content).toBe('from a writer')
  await expect(writer.query('select from messages')).rejects.toThrow('permission denied')
  await expect(writer.query('select from events')).rejects.toThrow('permission denied')
  await expect(
    writer.query(
      `select append_events(array[$1::uuid], array['message.created'], array[null::uuid], null, null, null)`,
      [home],
    ),
  ).rejects.toThrow('permission denied')
  await writer.end()
  await psql.query(`drop owned by ${role}; drop role ${role}`)
})

test('COPY and ON CONFLICT number their rows without a gap', async () => {
  const psql = await world.session()
  const rows = Array.from({ length: 300 }, (_, index) => `${home}\t${alice.id}\tcopied ${index}\n`)
  await pipeline(
    Readable.from(rows),
    psql.query(copyFrom('copy messages (conversation_id, sender_id, content) from stdin')),
  )
  const client = crypto.randomUUID()
  const insert = `insert into messages (conversation_id, sender_id, client_id, content)
    select $1, $2, case when n % 2 = 0 then $3::uuid else gen_random_uuid() end, 'conflict ' || n from generate_series(1, 9) n
    on conflict do nothing`
  await psql.query(insert, [home, alice.id, client])
  await bob.settled()
  const texts = heardInOrder()
  expect(texts.filter((text) => text?.startsWith('copied'))).toHaveLength(300)
  expect(texts.filter((text) => text?.startsWith('conflict'))).toEqual([1, 2, 3, 5, 7, 9].map((n) => `conflict ${n}`))
})

test('one INSERT for several conversations and senders is heard in each and moves each sender; one of no rows is nothing', async () => {
  const psql = await world.session()
  const other = (await world.group(bob, alice)).id
  const before = await psql.query('select last_value from events_id_seq')
  await psql.query(
    'insert into messages (conversation_id, sender_id, content) select conversation_id, user_id, $1 from members where false',
    ['nothing'],
  )
  expect((await psql.query('select last_value from events_id_seq')).rows).toEqual(before.rows)
  await psql.query(
    `insert into messages (conversation_id, sender_id, content)
     select home, sender, 'both in both' from unnest($1::uuid[]) as home, unnest($2::uuid[]) as sender`,
    [
      [home, other],
      [alice.id, bob.id],
    ],
  )
  for (const id of [home, other]) {
    await ear.next('message.created', ({ data }) => data.conversation_id === id && data.sender_id === bob.id)
    const said = ear.stream(id).filter(({ data }) => data.content === 'both in both')
    expect(said.map(({ data }) => data.sender_id).sort()).toEqual([alice.id, bob.id].sort())
    const { rows } = await psql.query(
      `select s.message_number = max(m.number) and s.seq = (select max(e.seq) from events e where e.stream_id = s.id) as counts,
              bool_and(r.read_number = m.number and r.delivered_number = m.number) as has_read
       from streams s
       join messages m on m.conversation_id = s.id and m.content = 'both in both'
       join members r on r.conversation_id = s.id and r.user_id = m.sender_id
       where s.id = $1
       group by s.id`,
      [id],
    )
    expect(rows).toEqual([{ counts: true, has_read: true }])
  }
})

test('savepoints and roll-backs leave nothing behind that is heard, and nothing out', async () => {
  const psql = await world.session()
  const insert = 'insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)'
  await psql.query('begin')
  await psql.query(insert, [home, alice.id, 'kept before'])
  await psql.query('savepoint s')
  await psql.query(insert, [home, alice.id, 'rolled back'])
  await psql.query('rollback to s')
  await psql.query(insert, [home, alice.id, 'kept after'])
  await psql.query('commit')
  await psql.query('begin')
  await psql.query(
    `insert into messages (conversation_id, sender_id, content) select $1, $2, 'never ' || n from generate_series(1, 20000) n`,
    [home, alice.id],
  )
  await psql.query('rollback')
  await alice.say(home, 'after 20,000 that never were')
  await bob.settled()
  expect(heardInOrder().slice(-3)).toEqual(['kept before', 'kept after', 'after 20,000 that never were'])
})

test('a transaction that holds ids open delays nobody else, and is heard when it commits', async () => {
  const other = await world.group(alice, bob)
  await ear.next('message.created', (frame) => frame.stream === other.id)
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    home,
    alice.id,
    'held',
  ])
  // Its ids are below all that follow; other streams go on meanwhile, for longer than any fence takes.
  const until = Date.now() + 5_000
  for (let n = 1; Date.now() < until; n++) {
    await alice.say(other.id, `meanwhile ${n}`)
    expect((await ear.next('message.created')).data.content).toBe(`meanwhile ${n}`)
  }
  expect(ear.frames.some((frame) => frame.data?.content === 'held')).toBe(false)
  // A send that needs the held stream is refused in bounded time and changes nothing.
  expect(await alice.ask('POST', `/conversations/${home}/messages`, { content: 'busy' })).toMatchObject({
    status: 503,
    body: { code: 'busy' },
  })
  await psql.query('commit')
  expect((await ear.next('message.created')).data.content).toBe('held')
  await alice.say(home, 'after held')
  await bob.settled()
  expect(heardInOrder().slice(-2)).toEqual(['held', 'after held'])
})

test('synchronous_commit = off in a foreign session is switched on for the commit', async () => {
  const psql = await world.session()
  await psql.query('set synchronous_commit = off')
  await psql.query('begin')
  await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    home,
    alice.id,
    'flushed',
  ])
  expect((await psql.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }])
  await psql.query('commit')
  expect(await ear.next('message.created', (frame) => frame.data.content === 'flushed')).toMatchObject({ stream: home })
})

test('numbers that are not the next ones, and TRUNCATE, are refused', async () => {
  const psql = await world.session()
  const preset = 'insert into messages (conversation_id, sender_id, content, number) values ($1, $2, $3, $4)'
  await expect(psql.query(preset, [home, alice.id, 'far ahead', 1_000_000])).rejects.toMatchObject({ code: 'RT500' })
  await expect(psql.query(preset, [crypto.randomUUID(), alice.id, 'nowhere', 1])).rejects.toMatchObject({
    code: 'RT500',
  })
  await expect(
    psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
      crypto.randomUUID(),
      alice.id,
      'nowhere',
    ]),
  ).rejects.toMatchObject({ code: 'RT404' })
  // A user has a stream too, but nobody can write messages into it.
  await expect(
    psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $1, $2)', [alice.id, 'inbox']),
  ).rejects.toMatchObject({ code: 'RT404' })
  await expect(
    psql.query('update messages set number = number + 1000 where conversation_id = $1', [home]),
  ).rejects.toMatchObject({
    code: 'RT500',
  })
  for (const table of ['messages', 'members', 'conversations', 'events', 'streams']) {
    await expect(psql.query(`truncate ${table} cascade`)).rejects.toMatchObject({ code: 'RT500' })
  }
})

test('an edit and a deletion in plain SQL are heard, and rewrite what the log says of the past', async () => {
  const psql = await world.session()
  const sent = await alice.say(home, 'first version')
  await psql.query(`update messages set content = 'second version', edited_at = now() where id = $1`, [sent.id])
  expect((await ear.next('message.edited')).data).toMatchObject({ id: sent.id, content: 'second version' })
  await psql.query(`update messages set content = null, deleted_at = now() where id = $1`, [sent.id])
  expect((await ear.next('message.deleted')).data).toMatchObject({ id: sent.id, content: null })
  const { rows } = await psql.query('select type, data from event_wire where (data ->> $1) = $2 order by seq', [
    'id',
    sent.id,
  ])
  expect(rows.map((row) => [row.type, row.data.content])).toEqual([
    ['message.created', null],
    ['message.edited', null],
    ['message.deleted', null],
  ])
  await psql.query('delete from messages where id = $1', [sent.id])
  const gone = await psql.query('select data from event_wire where stream_id = $1 order by seq desc limit 1', [home])
  expect(gone.rows[0].data).toEqual({ id: sent.id, conversation_id: home, number: sent.number, gone: true })
})

test('an event without data, as one whose row is gone, is heard like any other, and so is what comes after it', async () => {
  const psql = await world.session()
  newerTypes.add('weather.gone')
  const own = await bob.position()
  const { rows } = await psql.query(
    `select event_seq::int as seq from append_events(array[$1::uuid], array['weather.gone'], null, null, null, null)`,
    [bob.id],
  )
  await bob.settled()
  const gone = { type: 'weather.gone', stream: bob.id, seq: rows[0].seq, data: null }
  expect(ear.all('weather.gone')).toEqual([expect.objectContaining(gone)])
  expect((await bob.get(`/sync?since=${own}`)).events[0]).toMatchObject(gone)
  newerTypes.delete('weather.gone')
})
