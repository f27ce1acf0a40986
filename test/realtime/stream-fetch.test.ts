// A gap is read from the log: a stretch of one stream, within one stay of the one who asks.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Ear, Frame } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

let world: World
let alice: Person
let bob: Person
let ear: Ear
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
  ear = await bob.connect()
})
afterAll(() => world[Symbol.asyncDispose]())

const fetch = (stream: string, from_seq: number, to_seq: number, from = ear) =>
  from.command('stream.fetch', { stream, from_seq, to_seq })

test('what is fetched is what was heard', async () => {
  const { id } = await world.group(alice, bob)
  for (const text of ['one', 'two', 'three']) await alice.say(id, text)
  await bob.settled()
  const heard = ear.stream(id)
  const [first, last] = [heard[0]?.seq ?? 0, heard.at(-1)?.seq ?? 0]
  expect((await fetch(id, first, last)).data.events).toEqual(heard)
  expect((await fetch(id, last, last)).data.events).toEqual(heard.slice(-1))
  // What is to come is not there yet; the answer holds what there is.
  expect((await fetch(id, last, last + 10)).data.events).toEqual(heard.slice(-1))
  const own = ear.stream(bob.id)
  const fetched = (await fetch(bob.id, own[0]?.seq ?? 0, own.at(-1)?.seq ?? 0)).data.events
  // The same events; what they tell of is as it is now.
  expect(fetched.map(({ type, seq }: Frame) => [type, seq])).toEqual(own.map(({ type, seq }) => [type, seq]))
})

test('nobody fetches what was not theirs to hear', async () => {
  const [carol, dave] = await world.people('carol', 'dave')
  const { id } = await world.group(alice, bob)
  const add = () => alice.post(`/conversations/${id}/members`, { user_ids: [carol.id] })
  const remove = () => alice.delete(`/conversations/${id}/members/${carol.id}`)
  const seqNow = async () => (await alice.get(`/conversations/${id}`)).seq
  await alice.say(id, 'before')
  const before = await seqNow()
  await add()
  await alice.say(id, 'the first stay')
  const during = await seqNow()
  await remove()
  await alice.say(id, 'between')
  const between = await seqNow()
  await add()
  await alice.say(id, 'the second stay')
  const after = await seqNow()

  const [carols, daves] = [await carol.connect(), await dave.connect()]
  const codeFor = async (from: number, to: number, who = carols) => {
    const reply = await fetch(id, from, to, who)
    return reply.ok ? 'ok' : reply.error.code
  }
  expect(await codeFor(during, during)).toBe('ok')
  expect(await codeFor(after, after)).toBe('ok')
  for (const [from, to] of [
    [1, 1],
    [before, before],
    [before, during],
    [during, between],
    [between, between],
    [during, after],
    [between, after],
    [after + 1, after + 1],
  ] as const)
    expect(await codeFor(from, to), `${from} to ${to}`).toBe('stream.not_found')
  for (const seq of [1, during, between, after]) expect(await codeFor(seq, seq, daves)).toBe('stream.not_found')
  expect((await fetch(alice.id, 1, 1, daves)).error.code).toBe('stream.not_found')
  expect((await fetch(crypto.randomUUID(), 1, 1, daves)).error.code).toBe('stream.not_found')
})

test('after a removal, what was changed since comes without its content', async () => {
  const erin = await world.person('erin')
  const { id } = await world.group(alice, erin)
  const erins = await erin.connect()
  const message = await alice.say(id, 'then')
  const { seq = 0 } = await erins.next('message.created', ({ data }) => data.id === message.id)
  await alice.delete(`/conversations/${id}/members/${erin.id}`)
  await alice.patch(`/messages/${message.id}`, { content: 'now' })
  const [event] = (await fetch(id, seq, seq, erins)).data.events as Frame[]
  expect(event?.data).toEqual({ id: message.id, conversation_id: id, number: message.number, gone: true })
})

test('a range is at most 200 long, and none that is no range is taken', async () => {
  const { id } = await world.group(alice, bob)
  const codeFor = async (from: unknown, to: unknown) =>
    (await ear.command('stream.fetch', { stream: id, from_seq: from, to_seq: to })).error?.code
  const first = (await bob.get(`/conversations/${id}`)).seq
  expect(await codeFor(first, first + 199)).toBeUndefined()
  for (const [from, to] of [
    [first, first + 200],
    [2, 1],
    [0, 1],
    [-1, 1],
    [1.5, 2],
    ['1', '2'],
    [2 ** 53, 2 ** 53],
  ])
    expect(await codeFor(from, to), `${from} to ${to}`).toBe('request.invalid')
})

test('what the log has dropped is gone, and said to be', async () => {
  await using brief = await startWorld()
  const [fay, gus] = await brief.people('fay', 'gus')
  const { id } = await brief.group(fay, gus)
  const message = await fay.say(id, 'long ago')
  const gusEar = await gus.connect()
  const psql = await brief.session()
  const { rows } = await psql.query('select seq::int from events where message_id = $1', [message.id])
  // As the housekeeper does to a whole partition.
  await psql.query(`set session_replication_role = replica`)
  await psql.query('delete from events where stream_id = $1', [id])
  expect((await fetch(id, rows[0].seq, rows[0].seq, gusEar)).error.code).toBe('stream.gone')
})

test('of a long stretch the beginning is answered, and never more than a MiB', async () => {
  await using large = await startWorld({ MAX_MESSAGE_LENGTH: '65536' })
  const [hal, ida] = await large.people('hal', 'ida')
  const { id } = await large.group(hal, ida)
  const idas = await ida.connect()
  const from = (await ida.get(`/conversations/${id}`)).seq + 1
  const psql = await large.session()
  const say = (count: number, size: number) =>
    psql.query(
      `insert into messages (conversation_id, sender_id, content) select $1, $2, repeat('x', $4) from generate_series(1, $3)`,
      [id, hal.id, count, size],
    )
  await say(100, 1)
  await say(40, 60_000)
  const seqsFrom = async (seq: number) =>
    (await fetch(id, seq, seq + 199, idas)).data.events.map((event: Frame) => event.seq)
  const [small, few] = [await seqsFrom(from), await seqsFrom(from + 100)]
  expect(small).toEqual(Array.from({ length: 64 }, (_, n) => from + n))
  expect(few.length).toBeGreaterThan(10)
  expect(few).toEqual(Array.from({ length: few.length }, (_, n) => from + 100 + n))
  expect(few.length * 60_000).toBeLessThanOrEqual(1_048_576)
  // Whoever asks on has all of it.
  let next = from
  while (next < from + 140) next = (await seqsFrom(next)).at(-1) + 1
  expect(next).toBe(from + 140)
})
