// Messages that come at the same time are written together, and each of them as if it had come alone.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { outcome } from '../http/request.js'
import { someoneWaits } from '../support/locks.js'
import type { Person } from '../support/person.js'
import { readMetric, startWorld, type World } from '../support/world.js'

let world: World
let alice: Person
let bob: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
})
afterAll(() => world[Symbol.asyncDispose]())

const send = (as: Person, id: string, body: object) => as.ask('POST', `/conversations/${id}/messages`, body)
const groups = (count: number) => Promise.all(Array.from({ length: count }, () => world.group(alice, bob)))

test('what comes while a commit is under way is written by the next one, and each conversation has its numbers without a gap', async () => {
  const homes = await groups(5)
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('lock table messages in share row exclusive mode')
  const first = send(alice, homes[0]?.id ?? '', { content: 'first' })
  await someoneWaits('%send_messages%', await world.session())
  const rest = Array.from({ length: 49 }, (_, n) =>
    send(n % 2 ? alice : bob, homes[(n + 1) % 5]?.id ?? '', { content: `${n}` }),
  )
  await expect.poll(() => readMetric(world.node, 'earshot_sends_waiting')).toBe(50)
  await psql.query('commit')
  expect(new Set(await Promise.all([first, ...rest].map(outcome)))).toEqual(new Set(['201']))
  const { rows } = await psql.query(
    `select count(distinct xmin::text)::int as transactions, count(*)::int as messages
     from messages where conversation_id = any ($1) and type = 'text'`,
    [homes.map(({ id }) => id)],
  )
  expect(rows[0].messages).toBe(50)
  // All at once, or those of each conversation where the lock was held for too long.
  expect(rows[0].transactions).toBeLessThanOrEqual(6)
  for (const { id } of homes) {
    const { data } = await alice.get(`/conversations/${id}/messages`)
    expect(data.map(({ number }: { number: number }) => number)).toEqual(Array.from({ length: 11 }, (_, n) => n + 1))
  }
})

test('beside each other, each gets its own answer', async () => {
  const carol = await world.person('carol')
  const { id } = await world.group(alice, bob)
  const viewers = await world.group(alice, carol)
  expect(
    await outcome(alice.ask('PATCH', `/conversations/${viewers.id}/members/${carol.id}`, { role: 'viewer' })),
  ).toBe('200')
  const { id: between } = await alice.post('/conversations', { type: 'direct', user_ids: [carol.id] })
  expect(await outcome(carol.ask('PUT', `/blocks/${alice.id}`))).toBe('204')
  const elsewhere = await alice.post(`/conversations/${viewers.id}/messages`, { content: 'elsewhere' })
  const first = { content: 'first', client_id: crypto.randomUUID() }
  const stored = (await send(alice, id, first)).body
  const asked: [string, Promise<{ status: number; body: unknown }>][] = [
    ['201', send(alice, id, { content: 'one' })],
    ['404 conversation.not_found', send(carol, id, { content: 'not there' })],
    ['404 conversation.not_found', send(carol, crypto.randomUUID(), { content: 'nowhere' })],
    ['403 conversation.forbidden', send(carol, viewers.id, { content: 'only looking' })],
    ['403 user.blocked', send(alice, between, { content: 'please' })],
    ['200', send(alice, id, first)],
    ['409 message.client_id_reused', send(alice, id, { ...first, content: 'second' })],
    ['409 message.client_id_reused', send(alice, viewers.id, first)],
    ['422 message.reply_not_found', send(alice, id, { content: 'to that', reply_to_id: elsewhere.id })],
    ['201', send(bob, id, { content: 'to this', reply_to_id: stored.id })],
    ['201', send(bob, id, { content: 'two', client_id: first.client_id })],
  ]
  expect(await Promise.all(asked.map(([, answer]) => outcome(answer)))).toEqual(asked.map(([expected]) => expected))
  expect((await asked[5]?.[1])?.body).toEqual(stored)
  const { data } = await bob.get(`/conversations/${id}/messages`)
  expect(data.map(({ number }: { number: number }) => number)).toEqual([1, 2, 3, 4, 5])
})

test('one that cannot be stored takes no other with it', async () => {
  const { id } = await world.group(alice, bob)
  // Short as it is sent, and each of its numbers has 309 digits as PostgreSQL writes it.
  const metadata = { numbers: Array(200).fill(1e308) }
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, n) => outcome(send(bob, id, { content: `${n}`, ...(n === 7 && { metadata }) }))),
  )
  expect(all).toEqual(all.map((_, n) => (n === 7 ? '422 request.invalid' : '201')))
})

test('of several with one client_id that come together, one is stored and the others are it', async () => {
  const { id } = await world.group(alice, bob)
  const body = { content: 'again and again', client_id: crypto.randomUUID() }
  const all = await Promise.all(Array.from({ length: 10 }, () => send(alice, id, body)))
  expect(all.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201])
  expect(new Set(all.map((one) => one.body.id)).size).toBe(1)
})

test('while somebody holds a conversation, all others go on; its own messages are stored in order once it is free', async () => {
  const [held, free] = await groups(2)
  if (!held || !free) throw new Error('no groups')
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('select from streams where id = $1 for no key update', [held.id])
  const waiting = ['one', 'two', 'three'].map((content) => send(alice, held.id, { content }))
  await someoneWaits('%send_messages%', await world.session())
  const more = send(alice, held.id, { content: 'four' })
  for (let n = 0; n < 20; n++) expect(await outcome(send(bob, free.id, { content: `${n}` }))).toBe('201')
  await psql.query('rollback')
  const numbers = (await Promise.all([...waiting, more])).map(({ body }) => body.number)
  expect([...numbers].sort()).toEqual([2, 3, 4, 5])
  expect(numbers.at(-1)).toBe(5)
})

test('while somebody holds the membership of one who speaks, all others go on, in the same conversation too', async () => {
  const { id } = await world.group(alice, bob)
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('select from members where conversation_id = $1 and user_id = $2 for update', [id, alice.id])
  const waiting = send(alice, id, { content: 'mine' })
  for (let n = 0; n < 10; n++) expect(await outcome(send(bob, id, { content: `${n}` }))).toBe('201')
  await psql.query('rollback')
  expect((await waiting).body).toMatchObject({ content: 'mine', number: 12 })
})

test('who is held for too long is told so', async () => {
  const { id } = await world.group(alice, bob)
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('select from members where conversation_id = $1 and user_id = $2 for update', [id, alice.id])
  expect(await outcome(send(alice, id, { content: 'never' }))).toBe('503 busy')
  await psql.query('rollback')
  expect((await alice.get(`/conversations/${id}/messages`)).data).toHaveLength(1)
})

test('two nodes that are sent the same client ids for other conversations, in another order, do not wait for each other', async () => {
  const other = await world.addNode()
  const elsewhere = await world.device(alice, other)
  const [one, two] = await groups(2)
  const ids = Array.from({ length: 60 }, () => crypto.randomUUID())
  const answers = await Promise.all([
    ...ids.map((client_id) => outcome(send(alice, one?.id ?? '', { content: 'here', client_id }))),
    ...ids.toReversed().map((client_id) => outcome(send(elsewhere, two?.id ?? '', { content: 'there', client_id }))),
  ])
  expect(answers.filter((answer) => answer === '201')).toHaveLength(60)
  expect(answers.filter((answer) => answer === '409 message.client_id_reused')).toHaveLength(60)
  const psql = await world.session()
  const { rows } = await psql.query('select deadlocks::int from pg_stat_database where datname = current_database()')
  expect(rows[0].deadlocks).toBe(0)
})

test('more conversations are held than may wait at once: each is refused as busy in its time, and all others go on', async () => {
  const [free, ...held] = await groups(7)
  if (!free) throw new Error('no groups')
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('select from streams where id = any ($1) for no key update', [held.map(({ id }) => id)])
  const refused = held.map(({ id }) => outcome(send(alice, id, { content: 'never' })))
  await someoneWaits('%send_messages%', await world.session())
  expect(await outcome(send(bob, free.id, { content: 'hello' }))).toBe('201')
  expect(new Set(await Promise.all(refused))).toEqual(new Set(['503 busy']))
  await psql.query('rollback')
  for (const { id } of held) expect(await outcome(send(alice, id, { content: 'now' }))).toBe('201')
})

test('two nodes that write into the same conversations refuse nothing and number without a gap', async () => {
  const other = await world.addNode()
  const elsewhere = await world.device(bob, other)
  const homes = await groups(4)
  const answers = await Promise.all(
    Array.from({ length: 240 }, (_, n) =>
      outcome(send(n % 2 ? elsewhere : alice, homes[n % 4]?.id ?? '', { content: `${n}` })),
    ),
  )
  expect(new Set(answers)).toEqual(new Set(['201']))
  for (const { id } of homes) {
    const { data } = await alice.get(`/conversations/${id}/messages?limit=100`)
    expect(data.map(({ number }: { number: number }) => number)).toEqual(Array.from({ length: 61 }, (_, n) => n + 1))
  }
})
