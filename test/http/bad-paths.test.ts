// Paths, queries and headers that no client should send.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { type Reply, request } from './request.js'

let world: World
let alice: Person
let bob: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
})
afterAll(() => world[Symbol.asyncDispose]())

const ask = (method: string, path: string, body?: unknown, as: Person | undefined = alice) =>
  request(world.node.url, method, path, { body, as })

function expectProblem(reply: Reply, status: number, code: string, input: unknown): void {
  expect({ input, status: reply.status, code: reply.body?.code }).toEqual({ input, status, code })
  expect(reply.headers.get('content-type')).toBe('application/problem+json')
  expect(Object.keys(reply.body).filter((key) => key !== 'errors')).toEqual([
    'type',
    'title',
    'status',
    'code',
    'detail',
    'instance',
    'request_id',
  ])
  expect(reply.body.request_id).toBe(reply.headers.get('x-request-id'))
}

const BAD_IDS = ['x', '1', 'null', '%20', '%00', '%FF', '%E0%A4%A', "'--", '..%2f..%2fusers%2fme', 'a'.repeat(5_000)]
test.each([
  ['GET', '/users/{id}', undefined],
  ['DELETE', '/sessions/{id}', undefined],
  ['GET', '/conversations/{id}', undefined],
  ['PATCH', '/conversations/{id}', { name: 'x' }],
  ['DELETE', '/conversations/{id}', undefined],
  ['GET', '/conversations/{id}/members', undefined],
  ['POST', '/conversations/{id}/members', { user_ids: [] }],
  ['DELETE', '/conversations/{id}/members/0197a000-0000-7000-8000-000000000000', undefined],
  ['DELETE', '/conversations/0197a000-0000-7000-8000-000000000000/members/{id}', undefined],
  ['POST', '/conversations/{id}/leave', undefined],
  ['GET', '/conversations/{id}/messages', undefined],
  ['POST', '/conversations/{id}/messages', { content: 'x' }],
  ['GET', '/conversations/{id}/receipts', undefined],
  ['PUT', '/conversations/{id}/receipts', { read_number: 1 }],
  ['PUT', '/conversations/{id}/unread', { from_number: 1 }],
  ['GET', '/messages/{id}/receipts', undefined],
  ['GET', '/messages/{id}', undefined],
  ['PATCH', '/messages/{id}', { content: 'x' }],
  ['DELETE', '/messages/{id}', undefined],
  ['PUT', '/messages/{id}/hidden', undefined],
  ['DELETE', '/messages/{id}/hidden', undefined],
  ['POST', '/uploads/{id}/complete', undefined],
])('%s %s refuses what is no id', async (method, path, body) => {
  const id = crypto.randomUUID()
  for (const bad of [
    ...BAD_IDS,
    id.slice(1),
    `${id}0`,
    id.replaceAll('-', ''),
    `{${id}}`,
    `${id}%0A`,
    `urn:uuid:${id}`,
  ])
    expectProblem(await ask(method, `/api/v1${path.replace('{id}', bad)}`, body), 422, 'request.invalid', bad)
})

test('what has no route is not found, with and without a token below the API', async () => {
  for (const [method, path] of [
    ['GET', '/api/v1'],
    ['GET', '/api/v1/'],
    ['GET', '/api/v1/nowhere'],
    ['GET', '/api/v1/users/me/'],
    ['GET', '/api/v1//users/me'],
    ['GET', '/API/v1/users/me'],
    ['GET', '/api/v2/users/me'],
    ['GET', '/nowhere%00'],
    ['GET', '/%'],
    ['GET', '/__proto__'],
    ['GET', '/.env'],
    ['GET', '/ws'],
    ['POST', '/health'],
    // Routes that exist, asked in another way.
    ['PUT', '/api/v1/users/me'],
    ['POST', '/api/v1/users/me'],
    ['PATCH', '/api/v1/conversations'],
    ['GET', '/api/v1/auth/login'],
    ['DELETE', '/api/v1/auth/register'],
    ['GET', `/api/v1/messages/${crypto.randomUUID()}/hidden`],
    ['PURGE', '/api/v1/users/me'],
  ] as const)
    expectProblem(await ask(method, path), 404, 'route.not_found', `${method} ${path}`)
  const anonymous = await request(world.node.url, 'GET', '/api/v1/nowhere')
  expectProblem(anonymous, 401, 'auth.unauthenticated', 'without a token')
})

test.each([
  ['/conversations', ['limit', 'cursor', 'type']],
  ['/conversations/{id}/members', ['limit', 'cursor']],
  ['/conversations/{id}/messages', ['limit', 'before', 'after', 'around']],
  ['/conversations/{id}/receipts', ['limit', 'cursor']],
  ['/unread', ['limit', 'cursor']],
  ['/users', ['query', 'ids']],
])('GET %s refuses queries that make no sense', async (path, names) => {
  const { id } = await world.group(alice, bob)
  const at = `/api/v1${path.replace('{id}', id)}`
  for (const name of names)
    for (const value of ['', '%00', '-1', '1e400', '%F0%9F', 'x'.repeat(300), `a&${name}=b`]) {
      // These are what somebody may look for.
      if (name === 'query' && ['-1', '1e400', '%F0%9F'].includes(value)) continue
      const reply = await ask('GET', `${at}?${name}=${value}`)
      expectProblem(reply, 422, 'request.invalid', `${name}=${value}`)
      expect(reply.body.errors.length).toBeGreaterThan(0)
    }
  expectProblem(await ask('GET', `${at}?unknown=1`), 422, 'request.invalid', 'unknown=1')
})

test('a reason that cannot be stored is refused', async () => {
  const { id } = await world.group(alice, bob)
  const said = await alice.say(id, 'hello')
  for (const reason of ['%00', 'a%00b', 'r'.repeat(501)])
    expectProblem(await ask('DELETE', `/api/v1/messages/${said.id}?reason=${reason}`), 422, 'request.invalid', reason)
  expect((await bob.get(`/messages/${said.id}`)).deleted_at).toBeNull()
})

test('a body where none is expected does no harm', async () => {
  const { id } = await world.group(alice, bob)
  for (const body of ['not json', '[]', '{"a":1}']) {
    expect((await ask('POST', `/api/v1/conversations/${id}/leave`, body)).body.code).toBe(
      'conversation.owner_cannot_leave',
    )
    expect((await ask('DELETE', `/api/v1/sessions/${id}`, body)).body.code).toBe('session.not_found')
  }
})

test('a request keeps its id when it is a sane one, and gets one otherwise', async () => {
  const idOf = async (id?: string, path = '/api/v1/users/me') => {
    const headers = id === undefined ? undefined : { 'x-request-id': id }
    return (await request(world.node.url, 'GET', path, { as: alice, headers })).headers.get('x-request-id')
  }
  for (const sane of ['a', 'my-request_7', crypto.randomUUID(), 'x'.repeat(64)]) {
    expect(await idOf(sane)).toBe(sane)
    expect(await idOf(sane, '/nowhere')).toBe(sane)
  }
  const seen = new Set<unknown>()
  for (const bad of [undefined, '', 'x'.repeat(65), 'a b', '<script>', 'a\tb', 'é', '{"a":1}']) {
    const id = await idOf(bad)
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    seen.add(id)
  }
  expect(seen.size).toBe(8)
})
