// The socket as a hostile, slow or broken client meets it. Whoever sits next to it notices nothing.
import { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

let world: World
let alice: Person
let bob: Person
let home: string

beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
  home = (await world.group(alice, bob)).id
})
afterAll(() => world[Symbol.asyncDispose]())

const address = (query: string) => `${world.node.url.replace('http', 'ws')}/ws${query}`

/** Proves that another member's socket still hears what is said. */
async function expectNeighbourUnmoved(): Promise<void> {
  const ear = await bob.connect()
  const text = `still here ${crypto.randomUUID()}`
  await alice.say(home, text)
  expect((await ear.next('message.created')).data.content).toBe(text)
  ear.cut()
}

test('hello comes first and says who is connected, and within which limits', async () => {
  const ear = new Ear(address(`?token=${alice.token}`))
  const hello = await ear.next('hello')
  expect(ear.frames[0]).toBe(hello)
  expect(hello.data).toEqual({
    connection_id: expect.any(String),
    user_id: alice.id,
    session_id: alice.sessionId,
    protocol: 1,
    heartbeat_s: 25,
    reconnect_within_s: 5,
    limits: { max_frame_bytes: 524_288, max_message_length: 5_000, max_message_bytes: 65_536 },
  })
  ear.cut()
})

test('the upgrade succeeds and a bad token is refused by its close code', async () => {
  const [header, payload, signature] = bob.token.split('.')
  const refused: [string, string][] = [
    ['', '4504'],
    ['?token=', '4504'],
    ['?token=nonsense', '4504'],
    [`?token=${header}.${payload}.${signature?.split('').reverse().join('')}`, '4504'],
    [`?token=${'x'.repeat(5_000)}`, '4504'],
  ]
  for (const [query, code] of refused) {
    const ear = new Ear(address(query))
    expect((await ear.closed).code, query.slice(0, 30)).toBe(Number(code))
    expect(ear.frames).toEqual([])
  }
})

test('another path is not a socket', async () => {
  const ear = new Ear(`${world.node.url.replace('http', 'ws')}/elsewhere?token=${alice.token}`)
  expect((await ear.closed).code).toBe(1006)
})

test('a token that expires closes its socket with 4401, and a new socket is refused the same way', async () => {
  await using brief = await startWorld({ ACCESS_TOKEN_TTL: '1s', WS_AUTH_GRACE: '1s' })
  const carol = await brief.person('carol')
  const ear = await carol.connect()
  expect((await ear.closed).code).toBe(4401)
  const again = new Ear(`${brief.node.url.replace('http', 'ws')}/ws?token=${carol.token}`)
  expect((await again.closed).code).toBe(4401)
})

test.each([
  ['not JSON', '{"id":'],
  ['a bare word', 'hello'],
  ['an array', '[]'],
  ['null', 'null'],
  ['no id', '{"type":"ping"}'],
  ['an empty id', '{"id":"","type":"ping"}'],
  ['an id of 65 characters', JSON.stringify({ id: 'x'.repeat(65), type: 'ping' })],
  ['a number for an id', '{"id":1,"type":"ping"}'],
  ['nesting without end', '['.repeat(200_000)],
])('a frame that is no command (%s) gets an error and keeps its socket', async (_name, text) => {
  const ear = await alice.connect()
  ear.socket.send(text)
  expect((await ear.next('error')).error).toMatchObject({ code: 'frame.malformed' })
  expect(await ear.command('ping')).toMatchObject({ ok: true })
  ear.cut()
})

test.each([
  ['an unknown field', { id: 'a', type: 'ping', extra: 1 }, ''],
  ['no type', { id: 'a' }, 'type'],
  ['a type that is none', { id: 'a', type: 7 }, 'type'],
])('a frame that is no command (%s) and yet has an id gets its reply', async (_name, frame, path) => {
  const ear = await alice.connect()
  ear.socket.send(JSON.stringify(frame))
  const { id, ok, error } = await ear.next('reply')
  expect({ id, ok, code: error.code, path: error.errors[0].path }).toEqual({
    id: 'a',
    ok: false,
    code: 'frame.malformed',
    path,
  })
  ear.cut()
})

test.each([
  ['an unknown command', 'message.sing', {}, 'command.unknown'],
  ['a command of the prototype', 'constructor', {}, 'command.unknown'],
  ['no data', 'message.send', undefined, 'request.invalid'],
  ['wrong types', 'message.send', { conversation_id: 7, content: {} }, 'request.invalid'],
  [
    'an unknown field',
    'message.send',
    { conversation_id: crypto.randomUUID(), content: 'x', sender_id: 'me' },
    'request.invalid',
  ],
  ['NUL in the text', 'message.send', { conversation_id: crypto.randomUUID(), content: 'a\0b' }, 'request.invalid'],
  [
    'half a surrogate pair',
    'message.send',
    { conversation_id: crypto.randomUUID(), content: '\ud800' },
    'request.invalid',
  ],
  ['an id that is none', 'message.edit', { message_id: 'mine', content: 'x' }, 'request.invalid'],
  [
    'a conversation of nobody',
    'message.send',
    { conversation_id: crypto.randomUUID(), content: 'x' },
    'conversation.not_found',
  ],
  ['a message of nobody', 'message.delete', { message_id: crypto.randomUUID() }, 'message.not_found'],
  ['data for ping', 'ping', { extra: 1 }, 'request.invalid'],
])('a command with %s is answered with its code', async (_name, type, data, code) => {
  const ear = await alice.connect()
  expect(await ear.command(type, data)).toMatchObject({ ok: false, error: { code, detail: expect.any(String) } })
  ear.cut()
})

test('binary frames, oversized frames, a frame in too many pieces and invalid UTF-8 close their own socket with a documented code', async () => {
  const closeAfter = async (act: (ear: Ear) => void) => {
    const ear = await alice.connect()
    act(ear)
    return (await ear.closed).code
  }
  const pieces = Array.from({ length: 16_385 }, () => ' ')
  expect(await closeAfter((ear) => ear.socket.send(Buffer.from('{"id":"a","type":"ping"}'), { binary: true }))).toBe(
    1003,
  )
  expect(await closeAfter((ear) => ear.socket.send('x'.repeat(1_048_576)))).toBe(1009)
  const sendPieces = ({ socket }: Ear) => {
    for (const piece of pieces) socket.send(piece, { fin: false })
  }
  expect(await closeAfter(sendPieces)).toBe(1008)
  expect(await closeAfter((ear) => ear.socket.send(Buffer.from([0xff, 0xfe]), { binary: false }))).toBe(1007)
  await expectNeighbourUnmoved()
})

test('a connection that is torn off in the middle of a handshake or a frame harms nobody', async () => {
  const { port } = new URL(world.node.url)
  for (const bytes of [
    'GET /ws HTTP/1.1\r\nUpgra',
    'GET /ws?token=x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ]) {
    const raw = new Socket()
    const gone = new Promise((resolve) => raw.on('close', resolve))
    raw.on('error', () => undefined)
    raw.connect(Number(port), '127.0.0.1', () => raw.write(bytes, () => raw.resetAndDestroy()))
    await gone
  }
  await expectNeighbourUnmoved()
})

test('a refused upgrade whose client never hangs up does not keep the server from stopping', async () => {
  await using brief = await startWorld()
  const { port } = new URL(brief.node.url)
  const raw = new Socket({ allowHalfOpen: true })
  raw.on('error', () => undefined)
  const answered = new Promise((resolve) => raw.once('data', resolve))
  raw.connect(Number(port), '127.0.0.1', () =>
    raw.write('GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  )
  expect(String(await answered)).toContain('404')
  await brief.node.stop()
  raw.destroy()
})

test('commands of one socket are done in the order in which they were sent', async () => {
  const ear = await alice.connect()
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      ear.command('message.send', { conversation_id: home, content: `in order ${n}` }),
    ),
  )
  const numbers = replies.map((reply) => reply.data.number)
  expect(numbers).toEqual(numbers.map((_, index) => numbers[0] + index))
  ear.cut()
})

test('send, edit and delete over a socket are what they are over REST', async () => {
  const ear = await bob.connect()
  const sent = await ear.command('message.send', {
    conversation_id: home,
    content: 'one',
    client_id: crypto.randomUUID(),
  })
  expect(await bob.get(`/messages/${sent.data.id}`)).toEqual(sent.data)
  const edited = await ear.command('message.edit', { message_id: sent.data.id, content: 'two' })
  expect(edited.data).toMatchObject({ content: 'two', edited_at: expect.any(String) })
  expect((await ear.next('message.edited')).data).toEqual(edited.data)
  const deleted = await ear.command('message.delete', { message_id: sent.data.id })
  expect((await ear.next('message.deleted')).data).toEqual(deleted.data)
  expect(deleted.data).toMatchObject({ content: null, deleted_by: bob.id })
  const alices = await alice.connect()
  const refused = await alices.command('message.edit', { message_id: sent.data.id, content: 'mine now' })
  expect(refused.error.code).toBe('message.forbidden')
  for (const one of [ear, alices]) one.cut()
})

test('a client that does not answer pings is let go', async () => {
  await using impatient = await startWorld({ WS_PING_INTERVAL: '1s', WS_PONG_TIMEOUT: '1s' })
  const [frank, grace] = await impatient.people('frank', 'grace')
  const deaf = new Ear(`${impatient.node.url.replace('http', 'ws')}/ws?token=${frank.token}`)
  await deaf.next('hello')
  const ear = await grace.connect()
  let pinged = 0
  ear.socket.on('ping', () => pinged++)
  // Stops answering, as a laptop does whose lid is closed.
  deaf.socket.pong = () => undefined
  deaf.socket.on('ping', () => undefined)
  Reflect.set(deaf.socket, '_autoPong', false)
  expect((await deaf.closed).code).toBe(1006)
  expect(pinged).toBeGreaterThan(0)
  expect(ear.isOpen).toBe(true)
})

test('stopping the server tells every socket to come back', async () => {
  await using brief = await startWorld()
  const heidi = await brief.person('heidi')
  const ear = await heidi.connect()
  await brief.node.stop()
  expect(await ear.closed).toMatchObject({ code: 4400 })
  await brief.node.stop()
})
