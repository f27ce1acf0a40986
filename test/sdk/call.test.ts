// The typed calls against the real server, and against servers that are none.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CallOptions, createCall, EarshotError } from '../../src/sdk/call.js'
import type { Person } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'

let world: World
let alice: Person
let bob: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
})
afterAll(() => world[Symbol.asyncDispose]())

const callAs = (person: Person, more: Partial<CallOptions> = {}) =>
  createCall({ url: world.node.url, token: async () => person.token, ...more })

/** The error that a call ends with; one of another kind fails the test. */
async function refusal(call: Promise<unknown>): Promise<EarshotError> {
  const error = await call.then(
    (answer) => new Error(`it was answered: ${JSON.stringify(answer)}`),
    (thrown) => thrown,
  )
  if (!(error instanceof EarshotError)) throw error
  return error
}

/** A `fetch` that counts what it really asks. */
function countingFetch() {
  const asked: string[] = []
  const counting: typeof fetch = (target, init) => {
    asked.push(`${init?.method} ${target}`)
    return fetch(target, init)
  }
  return { asked, fetch: counting }
}

test('what a route takes reaches it, and what it answers comes back', async () => {
  const call = callAs(alice, { url: `${world.node.url}/` })
  const group = await call('POST /conversations', { body: { type: 'group', name: 'Ärger & Co', user_ids: [bob.id] } })
  expect(group).toMatchObject({ name: 'Ärger & Co', member_count: 2 })
  const path = { id: group.id }
  const { data } = await call('GET /conversations/{id}/members', { path, query: { limit: 1, cursor: undefined } })
  expect(data.length).toBe(1)
  expect(await call('PATCH /conversations/{id}/me', { path, body: { alias: null } })).toMatchObject({ alias: null })
  const found = await call('GET /users', { query: { ids: [bob.id, alice.id] } })
  expect(found.data.map(({ id }) => id).sort()).toEqual([alice.id, bob.id].sort())
  expect((await call('GET /users', { query: { query: 'b&ob=+%' } })).data).toEqual([])
})

test('an answer without content is undefined', async () => {
  const call = callAs(alice)
  expect(await call('PUT /blocks/{user_id}', { path: { user_id: bob.id } })).toBeUndefined()
  expect(await call('DELETE /blocks/{user_id}', { path: { user_id: bob.id } })).toBeUndefined()
})

test('whatever stands in a path stays in its place', async () => {
  const { asked, fetch } = countingFetch()
  const call = callAs(alice, { fetch })
  for (const id of ['a/b', '../me', '?query=alice', '#', 'ü %2f'])
    expect(await refusal(call('GET /users/{id}', { path: { id } }))).toMatchObject({
      code: 'request.invalid',
      errors: [{ path: 'id' }],
    })
  expect(asked.length).toBe(5)
})

test.each(['', '.', '..'])(
  '"%s" in a path is refused before it is sent, for it would ask another route',
  async (id) => {
    const { asked, fetch } = countingFetch()
    expect(await refusal(callAs(alice, { fetch })('DELETE /sessions/{id}', { path: { id } }))).toMatchObject({
      status: 0,
      code: 'request.invalid',
    })
    expect(asked).toEqual([])
  },
)

test('a refusal has its code, its status, what is wrong with each field, and the id of the request', async () => {
  const call = callAs(alice)
  expect(await refusal(call('GET /conversations/{id}', { path: { id: bob.id } }))).toMatchObject({
    name: 'EarshotError',
    status: 404,
    code: 'conversation.not_found',
    detail: 'There is no such conversation',
    message: 'conversation.not_found: There is no such conversation',
    request_id: expect.stringMatching(/./),
    errors: undefined,
    retry_after_s: undefined,
  })
  expect(await refusal(call('PATCH /users/me', { body: { display_name: 'x' } }))).toMatchObject({
    status: 422,
    code: 'request.invalid',
    errors: [{ path: 'display_name', code: 'too_small' }, { path: 'display_name' }],
  })
})

test('when a repeat may help it says after how long', async () => {
  await using narrow = await startWorld({ RATE_LIMIT_LOGIN: '1/1m' })
  const call = createCall({ url: narrow.node.url })
  const login = () => refusal(call('POST /auth/login', { body: { login: 'nobody', password: 'x' } }))
  expect(await login()).toMatchObject({ status: 401, code: 'auth.invalid_credentials' })
  const { code, retry_after_s } = await login()
  expect(code).toBe('rate_limited')
  expect(retry_after_s).toBeGreaterThan(0)
  expect(retry_after_s).toBeLessThanOrEqual(60)
})

test('files go as forms or as Blobs of their type, and come as an answer to read, also those that are JSON', async () => {
  const call = callAs(alice)
  const form = new FormData()
  form.append('file', new File(['{"a": 1}'], 'a.json', { type: 'application/json' }))
  const { id } = await call('POST /uploads', { body: form })
  const file = await call('GET /attachments/{id}', { path: { id } })
  expect([file.headers.get('content-type'), await file.text()]).toEqual(['application/json', '{"a": 1}'])

  const announced = { filename: 'notes.txt', mime_type: 'text/plain', size: 5 }
  const { attachment_id, url } = await call('POST /uploads/sign', { body: announced })
  const query = { signature: new URL(url, world.node.url).searchParams.get('signature') ?? '' }
  const path = { id: attachment_id }
  const put = (body: Blob) => call('PUT /uploads/{id}/content', { path, query, body })
  expect(await refusal(put(new Blob(['hello'])))).toMatchObject({ code: 'upload.mismatch' })
  await put(new Blob(['hello'], { type: 'text/plain' }))
  expect(await call('POST /uploads/{id}/complete', { path })).toMatchObject({ size: 5, filename: 'notes.txt' })
  const missing = await refusal(call('GET /attachments/{id}', { path: { id: bob.id } }))
  expect(missing).toMatchObject({ status: 404, code: 'attachment.not_found' })
})

test('what is open is asked without a token, everything else with the one of that moment', async () => {
  let times = 0
  const call = callAs(alice, {
    token: async () => {
      times += 1
      return alice.token
    },
  })
  await call('POST /auth/login', { body: { login: 'alice', password: PASSWORD } })
  await call('GET /avatars/default/{id}', { path: { id: alice.id } })
  expect(times).toBe(0)
  await call('GET /users/me')
  await call('GET /users/me')
  expect(times).toBe(2)
  expect(await refusal(callAs(alice, { token: async () => undefined })('GET /users/me'))).toMatchObject({
    status: 401,
    code: 'auth.unauthenticated',
  })
})

test('a token that has expired is renewed once and the call repeated, body and all', async () => {
  const expired = await expiredToken(alice)
  const { asked, fetch } = countingFetch()
  const renewals: unknown[] = []
  const call = callAs(alice, {
    fetch,
    token: async (options) => {
      renewals.push(options)
      return options?.renew ? alice.token : expired
    },
  })
  expect(await call('PATCH /users/me', { body: { bio: 'renewed' } })).toMatchObject({ bio: 'renewed' })
  expect(renewals).toEqual([undefined, { renew: true }])
  expect(asked.length).toBe(2)
})

test('a renewed token that has expired as well is the end of it', async () => {
  const expired = await expiredToken(alice)
  const { asked, fetch } = countingFetch()
  const call = callAs(alice, { fetch, token: async () => expired })
  expect(await refusal(call('GET /users/me'))).toMatchObject({ status: 401, code: 'auth.token_expired' })
  expect(asked.length).toBe(2)
})

test('of the other refusals none is repeated, and one of the renewal itself is what the call ends with', async () => {
  const { asked, fetch } = countingFetch()
  const forged = callAs(alice, { fetch, token: async () => 'a.b.c' })
  expect(await refusal(forged('GET /users/me'))).toMatchObject({ status: 401, code: 'auth.token_invalid' })
  expect(asked.length).toBe(1)

  const expired = await expiredToken(alice)
  const open = createCall({ url: world.node.url })
  const over = callAs(alice, {
    token: async (options) => {
      if (options?.renew) await open('POST /auth/refresh', { body: { refresh_token: 'esr_nobody.c2VjcmV0' } })
      return expired
    },
  })
  expect(await refusal(over('GET /users/me'))).toMatchObject({ code: 'auth.refresh_token_invalid' })
})

test('a call that is given up says so, before it is sent and while it waits', async () => {
  const call = callAs(alice)
  expect(await refusal(call('GET /users/me', { signal: AbortSignal.abort() }))).toMatchObject({
    status: 0,
    code: 'aborted',
  })
  const given = new AbortController()
  await using server = await serve(() => given.abort())
  const waiting = createCall({ url: server.url })('GET /users/me', { signal: given.signal })
  expect(await refusal(waiting)).toMatchObject({ status: 0, code: 'aborted' })
})

test('a server that is not there, or breaks off in the middle, is the network', async () => {
  expect(await refusal(createCall({ url: 'http://127.0.0.1:1' })('GET /users/me'))).toMatchObject({
    status: 0,
    code: 'network',
    cause: expect.any(Error),
  })
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
    response.write('{"id":', () => response.destroy())
  })
  expect(await refusal(createCall({ url: server.url })('GET /users/me'))).toMatchObject({ status: 0, code: 'network' })
})

test.each([
  ['an error page of a proxy', 502, 'text/html', '<h1>Bad Gateway</h1>'],
  ['the page of a network that wants a sign-in', 200, 'text/html', '<h1>Welcome to the hotel</h1>'],
  ['JSON of somebody else', 500, 'application/json', '{"message": "no"}'],
  ['null', 500, 'application/json', 'null'],
  ['nothing at all', 503, 'text/plain', ''],
])('%s is not an answer of Earshot', async (_, status, type, text) => {
  await using server = await serve((_, response) => {
    response.writeHead(status, { 'content-type': type, 'retry-after': '7' }).end(text)
  })
  expect(await refusal(createCall({ url: server.url })('GET /users/me'))).toMatchObject({
    status,
    code: 'unexpected',
    retry_after_s: 7,
  })
})

/** As the server itself signs them, but of yesterday. */
async function expiredToken(person: Person): Promise<string> {
  const psql = await world.session()
  const { rows } = await psql.query('select private_jwk from signing_keys where retired_at is null')
  const jwk = rows[0].private_jwk
  const claims = decodeJwt(person.token)
  return new SignJWT({ ...claims, exp: (claims.iat ?? 0) - 1 })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: jwk.kid })
    .sign(await importJWK(jwk, 'ES256'))
}

async function serve(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
