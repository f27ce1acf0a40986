// What load balancers, Prometheus and browsers ask for: health, metrics, and the headers of every answer.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { openRelay } from '../support/relay.js'
import { startWorld, type World } from '../support/world.js'
import { type Reply, request } from './request.js'

const ALLOWED = 'https://chat.example.com'

let world: World
let alice: Person
beforeAll(async () => {
  world = await startWorld({ CORS_ORIGINS: `${ALLOWED}, http://localhost:5173` })
  alice = await world.person('alice')
})
afterAll(() => world[Symbol.asyncDispose]())

const get = (path: string, headers: Record<string, string> = {}) => request(world.node.url, 'GET', path, { headers })
const preflight = (headers: Record<string, string>, url = world.node.url) =>
  request(url, 'OPTIONS', '/api/v1/users/me', {
    headers: {
      'access-control-request-method': 'PATCH',
      'access-control-request-headers': 'authorization',
      ...headers,
    },
  })
const corsHeaders = ({ headers }: Reply) => [...headers.keys()].filter((name) => name.startsWith('access-control-'))

const isVersion = (value: unknown) => value === null || (typeof value === 'string' && /^\d+\./.test(value))

test('health says how each part does, without a token', async () => {
  const ear = await alice.connect()
  const { status, body } = await get('/health')
  expect(status).toBe(200)
  expect(body).toEqual({
    status: 'up',
    timestamp: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    uptime_s: expect.any(Number),
    node_id: world.node.nodeId,
    nodes: [
      {
        id: world.node.nodeId,
        version: body.version,
        started_at: expect.stringMatching(/Z$/),
        lag_ms: expect.any(Number),
        sockets: 1,
        renewed_ms_ago: expect.any(Number),
        self: true,
      },
    ],
    services: {
      database: { status: 'up', latency_ms: expect.any(Number), writes: 'up' },
      listener: { status: 'up' },
      tail: { status: 'up', lag_ms: expect.any(Number) },
      websocket: { status: 'up', connections: 1 },
      storage: { status: 'up', kind: 'disk' },
      // By what is on PATH here.
      media: { ffmpeg: expect.toSatisfy(isVersion), ffprobe: expect.toSatisfy(isVersion), jobs: 1 },
    },
  })
  expect(await get('/health/ready')).toMatchObject({ status: 200, body: { status: 'up' } })
  expect(await get('/health/live')).toMatchObject({ status: 200, body: { status: 'up' } })
  expect(ear.isOpen).toBe(true)
})

test('a node that loses its database lives but is not ready, and is again when the database is back', async () => {
  const relay = await openRelay(world.database.url)
  const { url } = await world.addNode({ DATABASE_URL: relay.url })
  const becomesReady = () =>
    expect.poll(async () => (await request(url, 'GET', '/health/ready')).status, { timeout: 10_000 }).toBe(200)
  await becomesReady()
  relay.cut()
  const { status, body } = await request(url, 'GET', '/health')
  expect([status, body.status, body.services.database]).toEqual([
    503,
    'down',
    expect.objectContaining({ status: 'down', writes: 'down' }),
  ])
  expect(await request(url, 'GET', '/health/ready')).toMatchObject({ status: 503, body: { status: 'down' } })
  expect(await request(url, 'GET', '/health/live')).toMatchObject({ status: 200, body: { status: 'up' } })
  const refused = await request(url, 'GET', '/api/v1/users/me', { as: alice })
  expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([503, 'unavailable', '1'])

  await relay.restore()
  await becomesReady()
  expect((await request(url, 'GET', '/api/v1/users/me', { as: alice })).status).toBe(200)
})

test('metrics are text for Prometheus, by route and not by path, and hold nothing personal', async () => {
  const unique = crypto.randomUUID()
  await alice.ask('GET', `/users/${unique}`)
  await alice.ask('GET', `/users?query=${unique}`)
  await get(`/nowhere/${unique}`)
  const { status, headers, text } = await get('/metrics')
  expect([status, headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)])
  for (const line of text.split('\n').filter(Boolean))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{([\w]+="[^"]*",?)*\})? (-?[\d.e+-]+|NaN|\+Inf))$/)
  expect(text).toMatch(
    /^earshot_http_request_seconds_count\{method="GET",route="\/api\/v1\/users\/:id",status="404"\} 1$/m,
  )
  expect(text).toMatch(
    /^earshot_http_request_seconds_count\{method="POST",route="\/api\/v1\/auth\/register",status="201"\} 1$/m,
  )
  for (const name of [
    'earshot_sockets',
    'earshot_tail_lag_seconds',
    'earshot_pool_connections',
    'nodejs_heap_size_used_bytes',
  ])
    expect(text).toContain(`# TYPE ${name} gauge`)
  for (const secret of [unique, alice.id, alice.name, alice.token]) expect(text).not.toContain(secret)
})

test('every answer carries the headers that keep browsers from guessing', async () => {
  for (const path of ['/health', '/api/v1/users/me', '/nowhere', '/metrics', '/.well-known/jwks.json']) {
    const { headers } = await get(path)
    expect([path, headers.get('x-content-type-options'), headers.get('x-frame-options')]).toEqual([
      path,
      'nosniff',
      'SAMEORIGIN',
    ])
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d+/)
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers.get('x-powered-by')).toBeNull()
    expect(headers.get('server')).toBeNull()
  }
})

test('no cache on the way keeps what the API answers', async () => {
  for (const path of ['/api/v1/users/me', '/api/v1/nowhere']) {
    expect((await request(world.node.url, 'GET', path, { as: alice })).headers.get('cache-control')).toBe('no-store')
    expect((await get(path)).headers.get('cache-control')).toBe('no-store')
  }
})

test('an answer to a page of an allowed origin may be read there, also when it is a refusal', async () => {
  for (const origin of [ALLOWED, 'http://localhost:5173'])
    for (const path of ['/api/v1/users/me', '/api/v1/nowhere', '/health']) {
      const { headers } = await get(path, { origin })
      expect([path, headers.get('access-control-allow-origin')]).toEqual([path, origin])
      expect(headers.get('vary')).toContain('Origin')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
      expect(headers.get('access-control-expose-headers')?.split(',')).toEqual(
        expect.arrayContaining(['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy']),
      )
    }
})

test('a browser may ask first whether a page may send what it wants to', async () => {
  const reply = await preflight({ origin: ALLOWED })
  expect(reply.status).toBe(204)
  expect(reply.headers.get('access-control-allow-origin')).toBe(ALLOWED)
  expect(reply.headers.get('access-control-max-age')).toBe('600')
  expect(reply.headers.get('access-control-allow-headers')?.split(',')).toEqual([
    'Authorization',
    'Content-Type',
    'X-Request-Id',
    'Traceparent',
    'Tracestate',
    'Tus-Resumable',
    'Upload-Length',
    'Upload-Offset',
    'Upload-Metadata',
    'Upload-Checksum',
  ])
  expect(reply.headers.get('access-control-allow-methods')?.split(',')).toEqual(
    expect.arrayContaining(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  )
})

test('a page of another origin may read nothing', async () => {
  for (const origin of ['https://evil.example', `${ALLOWED}.evil.example`, 'https://CHAT.example.com:8443', 'null']) {
    for (const reply of [await get('/api/v1/users/me', { origin }), await preflight({ origin })])
      expect(reply.headers.get('access-control-allow-origin')).toBeNull()
  }
  expect((await get('/api/v1/users/me')).headers.get('access-control-allow-origin')).toBeNull()
})

test('without CORS_ORIGINS no page may read anything, and with * every page may', async () => {
  await using closed = await startWorld()
  expect(corsHeaders(await request(closed.node.url, 'GET', '/health', { headers: { origin: ALLOWED } }))).not.toContain(
    'access-control-allow-origin',
  )
  const open = await closed.addNode({ CORS_ORIGINS: '*' })
  for (const origin of [ALLOWED, 'https://anywhere.example'])
    expect((await preflight({ origin }, open.url)).headers.get('access-control-allow-origin')).toBe(origin)
})
