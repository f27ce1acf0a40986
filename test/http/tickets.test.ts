// A ticket stands in the address of a socket instead of a token: it works once, soon, and for nothing else.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { outcome } from './request.js'

let world: World
let alice: Person
let bob: Person

beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
})
afterAll(() => world[Symbol.asyncDispose]())

const ticketOf = async (person: Person): Promise<string> => (await person.post('/auth/tickets')).ticket
const open = (query: string, url = world.node.url) => new Ear(`${url.replace('http', 'ws')}/ws?${query}`)
/** `hello`, or the code that it was closed with. */
async function knock(query: string, url?: string): Promise<string | number> {
  const ear = open(query, url)
  const hello = ear.next('hello').then(
    () => 'hello',
    async () => (await ear.closed).code,
  )
  const end = await hello
  ear.cut()
  return end
}

test('a ticket opens one socket, for the user and the session that asked for it', async () => {
  const answer = await alice.ask('POST', '/auth/tickets')
  expect([answer.status, answer.body]).toEqual([
    201,
    { ticket: expect.stringMatching(/^est_[\w-]{43}$/), expires_in: 30 },
  ])
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const ear = open(`ticket=${answer.body.ticket}`)
  expect((await ear.next('hello')).data).toMatchObject({ user_id: alice.id, session_id: alice.sessionId })
  const group = await world.group(alice, bob)
  await alice.say(group.id, 'heard')
  await ear.next('message.created', (frame) => frame.data.content === 'heard')

  expect(await knock(`ticket=${answer.body.ticket}`)).toBe(4504)
  expect(ear.isOpen).toBe(true)
  ear.cut()
})

test('it works on every node, and on one of them alone', async () => {
  const other = await world.addNode()
  const ticket = await ticketOf(alice)
  expect(await knock(`ticket=${ticket}`, other.url)).toBe('hello')
  expect(await knock(`ticket=${ticket}`)).toBe(4504)

  const contested = await ticketOf(alice)
  const urls = [world.node.url, other.url, world.node.url, other.url, world.node.url, other.url]
  const ends = await Promise.all(urls.map((url) => knock(`ticket=${contested}`, url)))
  expect(ends.filter((end) => end === 'hello')).toHaveLength(1)
  expect(ends.filter((end) => end === 4504)).toHaveLength(5)
})

test('two tickets of one session are two', async () => {
  const tickets = [await ticketOf(alice), await ticketOf(alice)]
  expect(await Promise.all(tickets.map((ticket) => knock(`ticket=${ticket}`)))).toEqual(['hello', 'hello'])
})

test('what is no ticket, a token too, gets the answer of a used one', async () => {
  const ticket = await ticketOf(alice)
  for (const wrong of [
    '',
    'est_',
    ticket.slice(0, -1),
    `${ticket}A`,
    ticket.toLowerCase(),
    `est_${'x'.repeat(43)}`,
    alice.token,
  ])
    expect([wrong, await knock(`ticket=${wrong}`)]).toEqual([wrong, 4504])
  expect(await knock(`ticket=${ticket}`)).toBe('hello')
})

test('a ticket is no token: neither for a socket nor for a route', async () => {
  const ticket = await ticketOf(alice)
  expect(await knock(`token=${ticket}`)).toBe(4504)
  const headers = { authorization: `Bearer ${ticket}` }
  expect(await outcome(alice.ask('GET', '/users/me', undefined, headers))).toBe('401 auth.token_invalid')
  expect(await outcome(alice.ask('POST', '/auth/tickets', undefined, headers))).toBe('401 auth.token_invalid')
  expect(await knock(`ticket=${ticket}`)).toBe('hello')
})

test('a token and a ticket together are refused, and the ticket stays good', async () => {
  const ticket = await ticketOf(alice)
  for (const token of [alice.token, '', 'nonsense']) expect(await knock(`token=${token}&ticket=${ticket}`)).toBe(4504)
  expect(await knock(`token=${alice.token}&ticket=`)).toBe(4504)
  expect(await knock(`ticket=${ticket}`)).toBe('hello')
})

test('an expired ticket opens nothing, and is cleared away while others stay', async () => {
  const psql = await world.session()
  const hash = (ticket: string) => createHash('sha256').update(ticket).digest()
  const expire = (ticket: string) => psql.query('update tickets set expires_at = now() where hash = $1', [hash(ticket)])
  const tried = await ticketOf(alice)
  await expire(tried)
  expect(await knock(`ticket=${tried}`)).toBe(4504)

  const [old, fresh] = [await ticketOf(alice), await ticketOf(alice)]
  await expire(old)
  // Each node tidies up when it starts.
  await world.addNode()
  const { rows } = await psql.query('select hash from tickets where hash = any($1)', [[hash(old), hash(fresh)]])
  expect(rows).toEqual([{ hash: hash(fresh) }])
  expect(await knock(`ticket=${fresh}`)).toBe('hello')
})

test('how long it lives is set, and told', async () => {
  const node = await world.addNode({ TICKET_TTL: '90s' })
  const ivan = await world.person('ivan', node)
  expect((await ivan.post('/auth/tickets')).expires_in).toBe(90)
  const psql = await world.session()
  const { rows } = await psql.query(
    'select extract(epoch from expires_at - now()) as left from tickets where user_id = $1',
    [ivan.id],
  )
  expect(Number(rows[0].left)).toBeGreaterThan(80)
  expect(Number(rows[0].left)).toBeLessThanOrEqual(90)
})

test('the database keeps nothing that opens a socket', async () => {
  const ticket = await ticketOf(alice)
  const psql = await world.session()
  const { rows } = await psql.query('select * from tickets where user_id = $1', [alice.id])
  expect(rows.map(({ hash }) => hash)).toContainEqual(createHash('sha256').update(ticket).digest())
  expect(JSON.stringify(rows)).not.toContain(ticket.slice(4))
})

test('the tickets of a session that has ended, by whatever, open nothing on any node', async () => {
  const other = await world.addNode()
  const [carol, dave] = await world.people('carol', 'dave')
  const phone = await world.device(carol)
  const tickets = [await ticketOf(carol), await ticketOf(carol)]
  const gone = [await ticketOf(dave), await ticketOf(dave)]
  await carol.post('/auth/logout')
  await dave.delete('/users/me')
  expect(await knock(`ticket=${tickets[0]}`)).toBe(4501)
  expect(await knock(`ticket=${tickets[1]}`, other.url)).toBe(4501)
  expect(await knock(`ticket=${gone[0]}`)).toBe(4501)
  expect(await knock(`ticket=${gone[1]}`, other.url)).toBe(4501)
  expect(await knock(`ticket=${await ticketOf(phone)}`)).toBe('hello')
})

test('the socket ends with the token that asked for the ticket, and after that the ticket opens none', async () => {
  await using hasty = await startWorld({ ACCESS_TOKEN_TTL: '3s', WS_AUTH_GRACE: '1s' })
  const erin = await hasty.person('erin')
  const [ticket, late] = [await ticketOf(erin), await ticketOf(erin)]
  const ear = open(`ticket=${ticket}`, hasty.node.url)
  await ear.next('hello')
  expect((await ear.closed).code).toBe(4401)
  expect(await knock(`ticket=${late}`, hasty.node.url)).toBe(4401)
})

test('tickets are counted for each user, on all nodes', async () => {
  await using strict = await startWorld({ RATE_LIMIT_TICKET: '2/1h' })
  const [frank, grace] = await strict.people('frank', 'grace')
  const other = await strict.addNode()
  const device = await strict.device(frank, other)
  const first = await frank.ask('POST', '/auth/tickets')
  expect(first.headers.get('ratelimit')).toMatch(/^"ticket";r=1;t=3[56]\d\d$/)
  expect(await outcome(device.ask('POST', '/auth/tickets'))).toBe('201')
  const refused = await frank.ask('POST', '/auth/tickets')
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_500)
  expect(await outcome(grace.ask('POST', '/auth/tickets'))).toBe('201')
})

test('a ticket that cannot be looked up just now is no reason to stay away', async () => {
  await using broken = await startWorld()
  const heidi = await broken.person('heidi')
  const ticket = await ticketOf(heidi)
  const psql = await broken.session()
  await psql.query('alter table tickets rename to mislaid')
  expect(await knock(`ticket=${ticket}`, broken.node.url)).toBe(4429)
  await psql.query('alter table mislaid rename to tickets')
  expect(await knock(`ticket=${ticket}`, broken.node.url)).toBe('hello')
})
