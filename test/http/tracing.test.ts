// What the log says of a request or a command that fails: enough to find it again, and nothing of what people write.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLogger } from '../../src/observe.js'
import { openRelay } from '../support/relay.js'
import { startWorld, type World } from '../support/world.js'
import { request } from './request.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`
const HEX = /^[0-9a-f]{32}$/
const UUID = /^[0-9a-f-]{36}$/

type Line = { level: string; msg: string; [field: string]: unknown }

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** A node whose log is kept. */
async function noisy(settings: Record<string, string> = {}) {
  const texts: string[] = []
  const node = await world.addNode(settings, createLogger('debug', { write: (text: string) => void texts.push(text) }))
  return {
    node,
    texts,
    lines: (msg: string) => texts.map((text): Line => JSON.parse(text)).filter((line) => line.msg === msg),
  }
}

test('a request that finds no database is logged with the trace of its caller and the id of its answer', async () => {
  const relay = await openRelay(world.database.url)
  const { node, lines } = await noisy({ DATABASE_URL: relay.url })
  const ada = await world.person('ada', node)
  relay.cut()
  const ask = (headers: Record<string, string>) => request(node.url, 'GET', '/api/v1/users/me', { as: ada, headers })
  const { status, headers, body } = await ask({ traceparent: TRACEPARENT, 'x-request-id': 'asked-by-ada' })
  expect([status, body.request_id, headers.get('x-request-id')]).toEqual([503, 'asked-by-ada', 'asked-by-ada'])
  expect(body).not.toHaveProperty('trace_id')
  const ids = { trace_id: TRACE, request_id: 'asked-by-ada' }
  expect(lines('a request failed')).toEqual([
    expect.objectContaining({
      ...ids,
      level: 'error',
      code: 'unavailable',
      err: expect.objectContaining({ stack: expect.any(String) }),
    }),
  ])
  expect(lines('request').at(-1)).toMatchObject({ ...ids, status: 503, path: '/api/v1/users/me' })
})

test('a request without a trace, or with what is none, begins one of its own', async () => {
  const { node, lines } = await noisy()
  const bad = [
    '',
    'nonsense',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `${TRACEPARENT}-more`,
    TRACEPARENT.toUpperCase(),
  ]
  for (const traceparent of bad) await request(node.url, 'GET', '/nowhere', { headers: { traceparent } })
  await request(node.url, 'GET', '/nowhere')
  const seen = lines('request')
  expect(seen).toHaveLength(bad.length + 1)
  for (const line of seen)
    expect([line.trace_id, line.request_id]).toEqual([expect.stringMatching(HEX), expect.stringMatching(UUID)])
  expect(new Set(seen.map((line) => line.trace_id)).size).toBe(seen.length)
  expect(seen.map((line) => line.trace_id)).not.toContain(TRACE)
})

test('what fails on our side is logged with its ids and without what people write, over REST and over a socket', async () => {
  const { node, texts, lines } = await noisy()
  const bea = await world.person('beatrix', node)
  const ben = await world.person('benedict', node)
  const { id } = await world.group(bea, ben)
  const ear = await bea.connect()
  const hello = ear.all('hello')[0]
  const psql = await world.session()
  await psql.query('alter table messages rename to lost_messages')
  try {
    const path = `/api/v1/conversations/${id}/messages`
    const sent = await request(node.url, 'POST', path, {
      as: bea,
      body: { content: 'a most private text' },
      headers: { traceparent: TRACEPARENT },
    })
    expect([sent.status, sent.body.code]).toEqual([500, 'internal'])
    expect(lines('a request failed')).toEqual([
      expect.objectContaining({ trace_id: TRACE, request_id: sent.body.request_id, code: 'internal' }),
    ])
    ear.socket.send(
      JSON.stringify({ id: 'c7', type: 'message.send', data: { conversation_id: id, content: 'a most private text' } }),
    )
    const reply = await ear.seen((frame) => frame.type === 'reply' && frame.id === 'c7')
    expect(reply.error.code).toBe('internal')
    expect(lines('a command failed')).toEqual([
      expect.objectContaining({
        connection: hello?.data.connection_id,
        id: 'c7',
        type: 'message.send',
        code: 'internal',
      }),
    ])
  } finally {
    await psql.query('alter table lost_messages rename to messages')
  }
  expect(lines('a socket asks to come in').map((line) => line.connection)).toEqual([hello?.data.connection_id])
  // What is refused is the client's own affair.
  expect((await ear.command('message.send', { conversation_id: crypto.randomUUID(), content: 'hello' })).ok).toBe(false)
  expect(lines('a command failed')).toHaveLength(1)
  await bea.get('/users?query=benedict')
  for (const secret of ['a most private text', 'beatrix', 'benedict', '@example.com', bea.token, bea.refreshToken])
    expect(texts.filter((text) => text.includes(secret))).toEqual([])
})
