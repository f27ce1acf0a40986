// Whatever comes over the socket, the client goes on: it hears the next message, or has stopped with the status that is documented.
import { expect, test } from 'vitest'
import { ID, person, type ScriptedSocket } from './support/scripted-server.js'
import { type Actor, expectAlive, Stage } from './support/stage.js'
import { until } from './support/until.js'

type Scene = Actor & { stage: Stage; socket: ScriptedSocket }
type Act = (scene: Scene) => unknown

/** The next event of the conversation, with something else about it; the server has it as it should be. */
const spoiled = (change: (event: Record<string, unknown>) => unknown): Act => {
  return ({ stage, socket }) => socket.say(change(stage.server.add(ID.home)))
}
const typed = (type: string, data: unknown): Act => {
  return ({ stage, socket }) => socket.say(stage.server.event(ID.home, type, data))
}
const own = (type: string, data: unknown): Act => {
  return ({ stage, socket }) => socket.say(stage.server.own(type, data))
}
const frame = (...frames: unknown[]): Act => {
  return ({ socket }) => socket.say(...frames)
}
const raw = (text: string | Buffer): Act => {
  return ({ socket }) => socket.raw(text)
}

const WRONG: [string, Act][] = [
  ['no JSON', raw('hello there')],
  ['nothing', raw('')],
  ['JSON that ends too early', raw('{"type":"message.created","stream":"')],
  ['a number', raw('42')],
  ['null', raw('null')],
  ['a text', raw('"hello"')],
  ['an empty array', raw('[]')],
  ['an array of nonsense', raw('[null,1,"two",{}]')],
  ['arrays in arrays', ({ stage, socket }) => socket.say([[[stage.server.add(ID.home)]]])],
  ['a binary frame', raw(Buffer.from([0, 255, 1]))],
  [
    'a binary frame that holds JSON',
    ({ stage, socket }) => socket.raw(Buffer.from(JSON.stringify(stage.server.add(ID.home)))),
  ],
  ['five megabytes of an unknown type', frame({ type: 'noise', data: 'x'.repeat(5_000_000) })],
  ['a type that is no text', frame({ type: { a: 1 }, stream: ID.home, seq: 1 })],
  ['an unknown type without a seq', frame({ type: 'weather.changed', data: {} })],
  ['an unknown type with a seq', typed('weather.changed', { sun: true })],
  ['no seq', spoiled(({ seq: _, ...event }) => event)],
  ['a negative seq', spoiled((event) => ({ ...event, seq: -1 }))],
  ['seq 0', spoiled((event) => ({ ...event, seq: 0 }))],
  ['half a seq', spoiled((event) => ({ ...event, seq: 5.5 }))],
  ['a seq of text', spoiled((event) => ({ ...event, seq: '5' }))],
  ['the largest seq there is', spoiled((event) => ({ ...event, seq: Number.MAX_SAFE_INTEGER }))],
  ['a seq beyond all numbers', raw(`{"type":"message.created","stream":"${ID.home}","seq":1e400,"at":"","data":{}}`)],
  ['a seq far ahead', spoiled((event) => ({ ...event, seq: 500_000 }))],
  ['no stream', spoiled(({ stream: _, ...event }) => event)],
  ['a stream of nobody', spoiled((event) => ({ ...event, stream: ID.work }))],
  ['a stream that is no id', spoiled((event) => ({ ...event, stream: '../../x' }))],
  ['no time', spoiled(({ at: _, ...event }) => event)],
  ['no data', spoiled(({ data: _, ...event }) => event)],
  ['a message of null', spoiled((event) => ({ ...event, data: null }))],
  ['a message of text', spoiled((event) => ({ ...event, data: 'hello' }))],
  [
    'a message without attachments',
    spoiled((event) => ({ ...event, data: { ...(event.data as object), attachments: null } })),
  ],
  [
    'a message of another conversation',
    spoiled((event) => ({ ...event, data: { ...(event.data as object), conversation_id: ID.work } })),
  ],
  [
    'a message whose number is not the next',
    spoiled((event) => ({ ...event, data: { ...(event.data as object), number: 77 } })),
  ],
  ['an edit of nothing', typed('message.edited', {})],
  ['a deletion of a list', typed('message.deleted', [])],
  ['a ready attachment of 7', typed('attachment.ready', 7)],
  ['a change of the conversation to nothing', typed('conversation.updated', null)],
  ['a change of another conversation', typed('conversation.updated', { id: ID.work })],
  ['a member who is nobody', typed('member.added', { member_count: 'many' })],
  ['my role as a number', typed('member.updated', { user_id: ID.alice, role: 1, nickname: null, member_count: 2 })],
  ['a removal without a count', typed('member.removed', { user_id: ID.bob })],
  ['a membership of nothing', own('membership.updated', { conversation_id: ID.home })],
  ['a membership without a conversation', own('membership.updated', { me: {} })],
  ['a hidden message that is none', own('message.hidden', { conversation_id: ID.home, message_id: 3 })],
  ['a joining without a conversation', own('conversation.joined', { conversation_id: ID.home, seq: 1 })],
  [
    'a joining of another shape',
    own('conversation.joined', { conversation_id: ID.home, seq: 1, conversation: { id: ID.home } }),
  ],
  ['a leaving of nowhere', own('conversation.left', 'home')],
  ['a leaving without a seq', own('conversation.left', { conversation_id: ID.home, reason: 'left' })],
  ['a profile of somebody else', own('user.updated', person(ID.bob, 'bob'))],
  ['a profile of nothing', own('user.updated', null)],
  ['a signal without data', frame({ type: 'typing.started', stream: ID.home })],
  ['a second hello', ({ socket }) => socket.hello(ID.alice)],
  ['a hello without a user', frame({ type: 'hello', data: {} }, { type: 'hello' })],
  ['a reply to nothing', frame({ type: 'reply', id: 'c999', ok: true, data: {} })],
  ['a reply without an id', frame({ type: 'reply', ok: true })],
  ['an error', frame({ type: 'error', error: { code: 'frame.malformed', detail: '' } }, { type: 'error' })],
  ['resumed without having asked', frame({ type: 'resumed', data: { count: 0, limited: [] } })],
  ['resumed without data', frame({ type: 'resumed' })],
  ['resumed with limited streams that are none', frame({ type: 'resumed', data: { count: 0, limited: [1, null] } })],
  ['resumed with a limited stream of nobody', frame({ type: 'resumed', data: { count: 0, limited: [ID.work] } })],
  ['a checkpoint without a token', frame({ type: 'checkpoint' }, { type: 'checkpoint', data: {} })],
  [
    'a checkpoint with a number',
    frame({ type: 'checkpoint', data: { resume: 5 } }, { type: 'checkpoint', data: { resume: '' } }),
  ],
  ['resync without a reason', frame({ type: 'resync' })],
  [
    'resync again and again',
    frame(...Array.from({ length: 50 }, () => ({ type: 'resync', data: { reason: 'epoch' } }))),
  ],
  ['__proto__ as a key', raw(`{"__proto__":{"polluted":1},"type":"x","data":{"__proto__":{"polluted":1}}}`)],
  [
    '__proto__ in what is applied',
    ({ stage, socket }) => {
      const core = JSON.stringify(stage.server.conversations.get(ID.home))
      const event = stage.server.event(ID.home, 'conversation.updated', 'DATA')
      socket.raw(JSON.stringify(event).replace('"DATA"', core.replace('{', '{"__proto__":{"polluted":1},')))
    },
  ],
  ['the token is about to expire, says nobody', frame({ type: 'auth.expiring' })],
]

test.each(WRONG)('after %s the client hears the next message', async (_, act) => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 4)
  const client = await stage.live()
  const timeline = await client.earshot.open(ID.home)
  const { socket } = client
  stage.server.reply = ({ type, data }) => {
    if (type !== 'stream.fetch') return { ok: true, data: type === 'receipt.update' ? { ...data } : {} }
    return { ok: false, error: { code: 'stream.gone', detail: '' } }
  }
  await act({ ...client, stage })
  // Whatever came of it has been looked after, back-offs included.
  for (let turn = 0; turn < 5; turn++) {
    stage.clock.pass(1_000)
    await client.earshot.command('ping').catch(() => undefined)
  }
  await expectAlive(stage, client)
  expect(stage.server.sockets[0]).toBe(socket)
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
  expect(Object.getPrototypeOf(client.earshot.conversation(ID.home))).toBe(Object.prototype)
  // And it holds what it would hold without the frame.
  const shown = timeline.messages.map((one) => 'number' in one && one.number)
  await stage.revive(client.earshot)
  expect(shown).toEqual(stage.server.messages.get(ID.home)?.map(({ number }) => number))
  expect(client.earshot.conversation(ID.home)).toMatchObject(stage.server.conversations.get(ID.home)!)
  expect(client.earshot.me).toMatchObject({ id: ID.alice, username: 'alice' })
})

test('there are at least 28 of them', () => {
  expect(WRONG.length).toBeGreaterThanOrEqual(28)
})

test('a seq that is repeated, and events out of order, are each applied once', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot, socket } = await stage.live()
  const heard: number[] = []
  earshot.on('event', ({ seq }) => heard.push(seq))
  const [a, b, c, d] = [1, 2, 3, 4].map(() => stage.server.add(ID.home))
  socket.say(a, a, [c, b], b, [d, a])
  await until(() => heard.length === 4)
  expect(heard).toEqual([a, b, c, d].map(({ seq }) => seq))
  expect(socket.of('stream.fetch')).toEqual([])
  expect(stage.clock.waits.filter((ms) => ms <= 500)).toEqual([])
})

test('a gap that does not close by itself is fetched after half a second', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot, socket } = await stage.live()
  const [lost, late] = [stage.server.add(ID.home), stage.server.add(ID.home)]
  stage.server.reply = ({ type }) =>
    type === 'stream.fetch' ? { ok: true, data: { events: [lost] } } : { ok: true, data: {} }
  socket.say(late)
  await earshot.command('ping')
  stage.clock.pass(499)
  await earshot.command('ping')
  expect(socket.of('stream.fetch')).toEqual([])
  stage.clock.pass(1)
  const { data } = await socket.command('stream.fetch')
  expect(data).toEqual({ stream: ID.home, from_seq: lost.seq, to_seq: lost.seq })
  await until(() => earshot.conversation(ID.home)?.seq === late.seq)
  expect(stage.server.count(`/conversations/${ID.home}`)).toBe(0)
})

test('a gap beyond all reason is not fetched: the conversation is read instead', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot, socket } = await stage.live()
  const event = stage.server.add(ID.home)
  socket.say({ ...event, seq: event.seq + 1_001 })
  await earshot.command('ping')
  stage.clock.pass(500)
  await until(() => earshot.conversation(ID.home)?.seq === event.seq)
  expect(socket.of('stream.fetch')).toEqual([])
})

test('what is missing is fetched 200 events at a time', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot, socket } = await stage.live()
  const events = Array.from({ length: 450 }, () => stage.server.add(ID.home))
  stage.server.reply = ({ type, data }) => {
    const found = events.filter(({ seq }) => seq >= data?.from_seq && seq <= data?.to_seq)
    return { ok: true, data: type === 'stream.fetch' ? { events: found } : {} }
  }
  socket.say(events.at(-1))
  await earshot.command('ping')
  stage.clock.pass(500)
  await until(() => earshot.conversation(ID.home)?.message_number === 451)
  expect(socket.of('stream.fetch').map(({ data }) => data.to_seq - data.from_seq + 1)).toEqual([200, 200, 49])
})

test('frames before hello are passed over, and a socket that never says hello is given up', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const client = await stage.live()
  client.socket.cut()
  stage.server.greets = false
  await until(() => client.earshot.status === 'offline')
  stage.clock.pass(1_000)
  const silent = await stage.server.socket(2)
  silent.say(stage.server.add(ID.home), { type: 'resumed', data: { count: 0, limited: [] } })
  await until(() => client.errors.length >= 2)
  expect(client.errors).toEqual(['frame.malformed', 'frame.malformed'])
  expect(client.earshot.status).toBe('connecting')
  stage.server.greets = true
  stage.clock.pass(15_000)
  await until(() => client.earshot.status === 'offline')
  await stage.revive(client.earshot)
  // What was passed over is missing, and the next message shows it.
  stage.server.reply = () => ({ ok: false, error: { code: 'stream.gone', detail: '' } })
  stage.server.sockets.at(-1)?.say(stage.server.add(ID.home))
  await client.earshot.command('ping').catch(() => undefined)
  stage.clock.pass(500)
  await until(() => client.earshot.conversation(ID.home)?.message_number === 3)
})

test.each([
  ['at once', (_: ScriptedSocket) => undefined],
  ['after the right one', (socket: ScriptedSocket) => socket.hello(ID.alice)],
])('a hello for somebody else %s ends it: signed out, and nothing of the two is mixed', async (_, before) => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const client = await stage.live()
  client.socket.cut()
  stage.server.greets = false
  await until(() => client.earshot.status === 'offline')
  stage.clock.pass(1_000)
  const socket = await stage.server.socket(2)
  before(socket)
  socket.hello(ID.bob)
  socket.say(stage.server.own('user.updated', person(ID.bob, 'bob')))
  await until(() => client.earshot.status === 'signed out')
  expect(client.errors).toEqual(['auth.other_session'])
  expect(client.earshot.me).toMatchObject({ username: 'alice' })
  await expect(client.earshot.start()).rejects.toMatchObject({ code: 'auth.unauthenticated' })
})

test('a first load that belongs to somebody else ends it as well', async () => {
  await using stage = await Stage.set()
  const client = stage.client()
  await client.earshot.signIn({ login: 'alice', password: 'correct horse' })
  stage.server.intercept = ({ path }) => {
    if (path !== '/sync') return undefined
    const conversations = { data: [], next_cursor: null, has_more: false }
    return { status: 200, body: { me: person(ID.bob, 'bob'), conversations, resume: 'x' } }
  }
  await expect(client.earshot.start()).rejects.toMatchObject({ code: 'auth.other_session' })
  expect(client.earshot.status).toBe('signed out')
  expect(client.earshot.me).toBeUndefined()
})

test('a reply that comes twice, without ok, or without an error, settles its command once', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const client = await stage.live()
  stage.server.reply = () => undefined
  const answers = [
    { ok: true, data: { presence: [] } },
    { data: {} },
    { ok: false },
    { ok: false, error: { code: 'busy', detail: 'later', retry_after: 2 } },
  ]
  const outcomes = answers.map(() =>
    client.earshot.command('presence.watch', { user_ids: [] }).catch((error) => error.code),
  )
  const commands = await client.socket
    .command('presence.watch', answers.length)
    .then(() => client.socket.of('presence.watch'))
  for (const [index, { id }] of commands.entries())
    client.socket.say({ type: 'reply', id, ...answers[index] }, { type: 'reply', id, ok: true, data: 'again' })
  expect(await Promise.all(outcomes)).toEqual([{ presence: [] }, 'unexpected', 'unexpected', 'busy'])
  stage.server.reply = () => ({ ok: true, data: {} })
  await expectAlive(stage, client)
})

test('what is wrong in a stream is read again only so often, however often it comes', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 4)
  const { earshot, socket } = await stage.live()
  for (let round = 0; round < 40; round++) {
    socket.say(stage.server.event(ID.home, 'message.edited', { id: 1 }))
    await earshot.command('ping')
    stage.clock.pass(50)
    await earshot.command('ping')
  }
  // Two seconds: at once, then after ever longer waits.
  expect(stage.server.count(`/conversations/${ID.home}`)).toBeLessThan(8)
})
