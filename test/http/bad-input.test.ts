// Whatever somebody sends, the answer is a problem with a stable code, and nobody else notices.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { type Reply, request, upload } from './request.js'

const BASE = '/api/v1'
const ID = '0197a000-0000-7000-8000-000000000000'
/** Every route with a body: what a good one looks like. */
const BODIES: Record<string, Record<string, unknown>> = {
  'POST /auth/register': { username: 'ab', email: 'ab@example.com', password: 'long enough', display_name: 'Ab' },
  'POST /auth/login': { login: 'ab', password: 'long enough' },
  'POST /auth/refresh': { refresh_token: 'esr_x' },
  'PATCH /users/me': { display_name: 'Ab', email: 'ab@example.com', bio: 'b', status_text: 's' },
  'POST /conversations': {
    type: 'group',
    user_ids: [ID],
    name: 'n',
    description: 'd',
    is_public: true,
    metadata: { a: 'b' },
  },
  'PATCH /conversations/{id}': { name: 'n', description: 'd', is_public: true, metadata: { a: 'b' } },
  'POST /conversations/{id}/members': { user_ids: [ID] },
  'POST /conversations/{id}/messages': {
    content: 'c',
    attachment_ids: [ID],
    client_id: ID,
    reply_to_id: ID,
    metadata: { a: 'b' },
  },
  'PATCH /messages/{id}': { content: 'c' },
  'PUT /conversations/{id}/receipts': { read_number: 1, delivered_number: 1 },
  'PUT /conversations/{id}/unread': { from_number: 1 },
  'POST /uploads/sign': { filename: 'a.txt', mime_type: 'text/plain', size: 1, conversation_id: ID, voice: false },
  'POST /conversations/read': { conversation_ids: [ID] },
}
const ROUTES = Object.entries(BODIES).map(([route, body]) => ({ route, body }))

let world: World
let alice: Person
let bob: Person
let ear: Ear
let home: string
let message: string
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
  home = (await world.group(alice, bob)).id
  message = (await alice.say(home, 'hello')).id
  ear = await bob.connect()
})
afterAll(() => world[Symbol.asyncDispose]())

/** What it was before the test, and what a neighbour notices of it. */
let before: unknown
const state = async () => [
  await alice.get('/users/me'),
  (await alice.get('/conversations')).data.map(({ id, name, metadata }: Record<string, unknown>) => [
    id,
    name,
    metadata,
  ]),
  (await alice.get(`/messages/${message}`)).content,
]
beforeEach(async () => {
  before = await state()
})
afterEach(async () => {
  expect(await state()).toEqual(before)
  const said = await alice.say(home, 'is everybody still there?')
  expect((await ear.next('message.created', (frame) => frame.data.id === said.id)).data).toEqual(said)
})

const pathOf = (route: string) => {
  const [, path = ''] = route.split(' ')
  return BASE + path.replace('{id}', path.startsWith('/messages') ? message : home).replace('{user_id}', bob.id)
}
function ask(route: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
  return request(world.node.url, route.split(' ')[0]!, pathOf(route), { body, headers, as: alice })
}
/** Asks with each of the inputs at the same time. */
async function refuses<T>(
  inputs: Iterable<T>,
  send: (input: T) => Promise<Reply>,
  status: number,
  code: string,
  path: string,
) {
  await Promise.all([...inputs].map(async (input) => expectProblem(await send(input), status, code, input, path)))
}
function expectProblem(reply: Reply, status: number, code: string, input: unknown, path: string): void {
  expect({ input, status: reply.status, code: reply.body?.code }).toEqual({ input, status, code })
  expect(reply.headers.get('content-type')).toBe('application/problem+json')
  expect(reply.body).toEqual({
    type: `urn:earshot:error:${code}`,
    title: expect.stringMatching(/^[A-Z].+/),
    status,
    code,
    detail: expect.stringMatching(/^[A-Z].+/),
    instance: path,
    request_id: reply.headers.get('x-request-id'),
    ...(code === 'request.invalid' && { errors: expect.any(Array) }),
  })
  for (const error of reply.body.errors ?? [])
    expect(error).toEqual({ path: expect.any(String), code: expect.any(String), message: expect.any(String) })
}

test.each(ROUTES)('$route refuses a body that is not JSON', async ({ route }) => {
  const send = (text: string | Uint8Array) => ask(route, text)
  const texts = ['', '{', '{"a":1', '{"a":1}}', "{'a':1}", 'hello', '{"a":NaN}', '[', '{"a":"\n"}']
  await refuses(texts, send, 400, 'request.malformed', pathOf(route))
  const inQuotes = (...bytes: number[]) => Uint8Array.from([...Buffer.from('{"a":"'), ...bytes, ...Buffer.from('"}')])
  const bytes = [
    Uint8Array.from([0xff]),
    inQuotes(0xc3, 0x28),
    // Half of a surrogate pair, an overlong slash, and a sign past the end of Unicode.
    inQuotes(0xed, 0xa0, 0x80),
    inQuotes(0xc0, 0xaf),
    inQuotes(0xf5, 0x80, 0x80, 0x80),
  ]
  await refuses(bytes, send, 400, 'request.malformed', pathOf(route))
})

test.each(ROUTES)('$route refuses every content type but JSON', async ({ route, body }) => {
  const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'nonsense']
  const send = (type: string) => ask(route, JSON.stringify(body), { 'content-type': type })
  await refuses(types, send, 415, 'request.unsupported_media_type', pathOf(route))
})

test.each(ROUTES)('$route refuses JSON of another form', async ({ route, body }) => {
  const bad: unknown[] = [[], [body], 'text', 7, true, null, { ...body, unknown: 1 }, { ...body, id: ID }]
  // To change nothing, and to read everything, is no mistake; a message may have files and no text.
  const mayBeEmpty = ['POST /conversations/read', 'POST /conversations/{id}/messages'].includes(route)
  if ((!route.startsWith('PATCH') || 'content' in body) && !mayBeEmpty) bad.push({})
  await refuses(bad, (input) => ask(route, JSON.stringify(input)), 422, 'request.invalid', pathOf(route))
})

/** Values of another type for a field, by the type of the good one. */
function wrongFor(route: string, field: string, good: unknown): unknown[] {
  const wrong: unknown[] = [7, -1.5, [[]], { a: 1 }]
  // A description can be taken away, and the form of a refresh token is its own secret.
  if (!(route.startsWith('PATCH /conversations') && field === 'description')) wrong.push(null)
  if (field !== 'refresh_token') wrong.push('\0')
  if (typeof good === 'string') return [...wrong, true, [good]]
  if (typeof good === 'number') return [null, true, '1', [1], {}, -1, 1.5, 2 ** 53, 1e300]
  if (typeof good === 'boolean') return [...wrong, 'true', 1, 0]
  if (Array.isArray(good)) return [...wrong, [null], [7], ['x'], [`${ID} `], [{}], { 0: ID }, ID]
  return [7, true, 'x', [], [[]], null]
}

test.each(ROUTES)('$route refuses a field of another type, and says which', async ({ route, body }) => {
  for (const [field, good] of Object.entries(body)) {
    const send = async (wrong: unknown) => {
      const reply = await ask(route, { ...body, [field]: wrong })
      expect(reply.body.errors?.map((error: { path: string }) => error.path.split('.')[0])).toContain(field)
      return reply
    }
    await refuses(wrongFor(route, field, good), send, 422, 'request.invalid', pathOf(route))
  }
})

test.each(ROUTES)('$route refuses text that cannot be stored', async ({ route, body }) => {
  for (const [field, good] of Object.entries(body)) {
    const inputs = ['a\0b', 'half \ud83d', '\udc00 half', '\ud83d\ud83d'].flatMap<unknown>((dirty) => {
      if (field === 'metadata') return [{ a: dirty }, { [dirty]: 1 }, { a: [{ b: dirty }] }]
      return Array.isArray(good) ? [[dirty]] : [dirty]
    })
    const send = (input: unknown) => ask(route, { ...body, [field]: input })
    if (field === 'refresh_token') await refuses(inputs, send, 401, 'auth.refresh_token_invalid', pathOf(route))
    else await refuses(inputs, send, 422, 'request.invalid', pathOf(route))
  }
})

const WITH_METADATA = ROUTES.filter(({ body }) => 'metadata' in body)
const DEPTH = 100_000
/** As raw JSON, for JSON.stringify would not survive some of it. */
async function refusesMetadata(route: string, body: object, metadata: string[]): Promise<void> {
  const rest = JSON.stringify({ ...body, metadata: undefined }).slice(1)
  const send = (text: string) => ask(route, `{"metadata":${text},${rest}`)
  for (const text of metadata) expectProblem(await send(text), 422, 'request.invalid', text.length, pathOf(route))
}

test.each(WITH_METADATA)('$route refuses metadata that is far too deep', async ({ route, body }) => {
  await refusesMetadata(route, body, [
    `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`,
    `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`,
    `{"a":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`,
  ])
})

test.each(WITH_METADATA)('$route refuses metadata that is too large', async ({ route, body }) => {
  const keys = Array.from({ length: 20_000 }, (_, index) => [`key ${index}`, 1])
  await refusesMetadata(route, body, [
    JSON.stringify({ a: 'x'.repeat(17_000) }),
    JSON.stringify(Object.fromEntries(keys)),
  ])
})

const LARGE = Buffer.from(JSON.stringify({ content: 'x'.repeat(10_000_000) }))
const CHUNKED = Buffer.concat([Buffer.from(`${LARGE.length.toString(16)}\r\n`), LARGE, Buffer.from('\r\n0\r\n\r\n')])

test.each(ROUTES)('$route refuses a body of ten megabytes', async ({ route }) => {
  const [method = ''] = route.split(' ')
  const headers = [`Authorization: Bearer ${alice.token}`, 'Content-Type: application/json']
  for (const [length, bytes] of [
    [`Content-Length: ${LARGE.length}`, LARGE],
    ['Transfer-Encoding: chunked', CHUNKED],
  ] as const) {
    const reply = await upload(world.node.url, method, pathOf(route), bytes, [...headers, length])
    expectProblem(reply, 413, 'request.too_large', length, pathOf(route))
    expect(reply.body.detail).toBe('At most 1048576 bytes')
  }
})

const padded = (bytes: number) => `{}${' '.repeat(bytes - 2)}`

test('a body may have exactly a mebibyte', async () => {
  expect((await ask('PATCH /users/me', padded(1_048_576))).status).toBe(200)
  const headers = [`Authorization: Bearer ${alice.token}`, 'Content-Type: application/json', 'Content-Length: 1048577']
  const reply = await upload(world.node.url, 'PATCH', `${BASE}/users/me`, Buffer.from(padded(1_048_577)), headers)
  expectProblem(reply, 413, 'request.too_large', 'one more', `${BASE}/users/me`)
})

test('a body that is refused for its size does not cost the next request on the same connection', async () => {
  expect((await ask('PATCH /users/me', padded(1_048_577))).status).toBe(413)
  expect((await request(world.node.url, 'GET', `${BASE}/users/me`, { as: alice })).status).toBe(200)
})
