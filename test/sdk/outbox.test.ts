// Unsent messages: each arrives once, in its order.
import { expect, test } from 'vitest'
import { ERRORS } from '../../src/contract/errors.js'
import { mayRepeat, REPEATABLE } from '../../src/sdk/failure.js'
import { OUTBOX_MAX } from '../../src/sdk/outbox.js'
import { type Command, ID, type ScriptedServer } from './support/scripted-server.js'
import { Stage, TestStorage } from './support/stage.js'
import { until } from './support/until.js'

/** Stores like the server does: the same client_id again is the same message, and nothing new. */
function store(server: ScriptedServer, { data }: Command) {
  const all = server.messages.get(ID.home)!
  const known = all.find(({ client_id }) => client_id === data.client_id)
  if (known) return { message: known, event: undefined }
  const event = server.add(ID.home, { sender_id: ID.alice, content: data.content, client_id: data.client_id })
  return { message: event.data, event }
}

const textsOf = (server: ScriptedServer) => server.messages.get(ID.home)!.map(({ content }) => content)

test('the codes that are tried again are those that the contract says may pass', () => {
  const codes = Object.entries(ERRORS).flatMap(([code, { retry }]) => (retry ? [code] : []))
  expect([...REPEATABLE].sort()).toEqual(codes.sort())
  expect(mayRepeat(new Error('network'))).toBe(false)
})

test('what is sent offline is kept, and sent in order with the next socket, one at a time', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const storage = new TestStorage()
  const { earshot, socket } = await stage.live({ storage })
  socket.cut()
  await until(() => earshot.status === 'offline')
  const sent = ['a', 'b', 'c'].map((content) => earshot.send(ID.home, content))
  expect(earshot.outbox.map(({ content, state }) => [content, state])).toEqual([
    ['a', 'waiting'],
    ['b', 'waiting'],
    ['c', 'waiting'],
  ])
  await until(() => storage.kept.size >= 6)
  let inFlight = 0
  let most = 0
  stage.server.reply = (command, one) => {
    if (command.type !== 'message.send') return { ok: true, data: {} }
    most = Math.max(most, ++inFlight)
    const { message, event } = store(stage.server, command)
    setImmediate(() => {
      inFlight--
      one.say({ type: 'reply', id: command.id, ok: true, data: message }, event)
    })
    return undefined
  }
  await stage.revive(earshot)
  const stored = await Promise.all(sent)
  expect(stored.map(({ number }) => number)).toEqual([1, 2, 3])
  expect(textsOf(stage.server)).toEqual(['a', 'b', 'c'])
  expect(most).toBe(1)
  expect(earshot.outbox).toEqual([])
  await until(() => ![...storage.kept.keys()].some((name) => name.startsWith('outbox:')))
})

test('a reply that is lost with its socket: the message is sent again, and is there once', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket } = await stage.live()
  stage.server.reply = (command, one) => {
    if (command.type !== 'message.send') return { ok: true, data: {} }
    const { message } = store(stage.server, command)
    if (one === socket) {
      one.cut()
      return undefined
    }
    return { ok: true, data: message }
  }
  const sent = earshot.send(ID.home, 'once')
  await until(() => earshot.status === 'offline')
  expect(earshot.outbox).toHaveLength(1)
  await stage.revive(earshot)
  expect(await sent).toMatchObject({ number: 1, content: 'once' })
  expect(textsOf(stage.server)).toEqual(['once'])
})

test('a reply that never comes: after half a minute the message is sent again over the same socket', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket } = await stage.live()
  stage.server.reply = (command) => {
    if (command.type !== 'message.send') return { ok: true, data: {} }
    const { message } = store(stage.server, command)
    return socket.of('message.send').length > 1 ? { ok: true, data: message } : undefined
  }
  const sent = earshot.send(ID.home, 'once')
  await socket.command('message.send')
  for (let n = 0; n < 8; n++) {
    stage.clock.pass(5_000)
    await earshot.command('ping')
  }
  expect(await sent).toMatchObject({ number: 1 })
  expect(stage.server.sockets).toHaveLength(1)
})

test('what may pass is tried again, as late as the server asks, and nothing overtakes it', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket } = await stage.live()
  const refusals = [
    { code: 'rate_limited', detail: '', retry_after: 3 },
    { code: 'busy', detail: '' },
  ]
  stage.server.reply = (command) => {
    if (command.type !== 'message.send') return { ok: true, data: {} }
    const error = refusals.shift()
    return error ? { ok: false, error } : { ok: true, data: store(stage.server, command).message }
  }
  const sent = [earshot.send(ID.home, 'a'), earshot.send(ID.home, 'b')]
  await socket.command('message.send')
  await earshot.command('ping')
  stage.clock.pass(2_999)
  await earshot.command('ping')
  expect(socket.of('message.send')).toHaveLength(1)
  stage.clock.pass(1)
  await socket.command('message.send', 2)
  await earshot.command('ping')
  stage.clock.pass(1_000)
  await Promise.all(sent)
  expect(textsOf(stage.server)).toEqual(['a', 'b'])
})

test('what is refused for good waits with its error, the next goes on, and retry() sends it in its place', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const storage = new TestStorage()
  const { earshot, errors } = await stage.live({ storage })
  let isOpen = false
  stage.server.reply = (command) => {
    if (command.type !== 'message.send') return { ok: true, data: {} }
    if (command.data.content === 'no' && !isOpen)
      return { ok: false, error: { code: 'conversation.forbidden', detail: 'you may not' } }
    return { ok: true, data: store(stage.server, command).message }
  }
  const [refused, other] = [earshot.send(ID.home, 'no'), earshot.send(ID.home, 'yes')]
  await expect(refused).rejects.toMatchObject({ code: 'conversation.forbidden' })
  await other
  const error = { code: 'conversation.forbidden', detail: 'you may not' }
  expect(earshot.outbox).toMatchObject([{ content: 'no', state: 'failed', error }])
  const [unsent] = earshot.outbox
  await until(() => storage.kept.has(`outbox:${unsent?.client_id}`))
  // After a restart it still waits, and is not sent by itself.
  earshot.stop()
  const { earshot: next } = await stage.live({ storage })
  await next.command('ping')
  expect(next.outbox).toMatchObject([{ state: 'failed', error }])
  isOpen = true
  next.retry('somebody else')
  next.retry(unsent!.client_id)
  await until(() => next.outbox.length === 0)
  expect(textsOf(stage.server)).toEqual(['yes', 'no'])
  expect(errors).toEqual([])
})

test('a discarded message is given up', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const storage = new TestStorage()
  const { earshot, socket } = await stage.live({ storage })
  const timeline = await earshot.open(ID.home)
  const [first, second] = [earshot.send(ID.home, 'on its way'), earshot.send(ID.home, 'waiting')]
  const [a, b] = earshot.outbox
  earshot.discard(b!.client_id)
  await expect(second).rejects.toMatchObject({ code: 'aborted' })
  const command = await socket.command('message.send')
  earshot.discard(a!.client_id)
  await expect(first).rejects.toMatchObject({ code: 'aborted' })
  expect(timeline.messages).toEqual([])
  // It was stored all the same: then it is shown.
  const { message, event } = store(stage.server, command)
  socket.say({ type: 'reply', id: command.id, ok: true, data: message }, event)
  await until(() => timeline.messages.length === 1)
  earshot.discard('nobody')
  await until(() => ![...storage.kept.keys()].some((name) => name.startsWith('outbox:')))
})

test('the outbox survives a crash at any moment, and each message arrives once, in order', async () => {
  for (const at of [0, 1, 2, 3]) {
    await using stage = await Stage.set()
    stage.server.hold(ID.home)
    const storage = new TestStorage()
    const { earshot } = await stage.live({ storage })
    let sent = 0
    let crashed: TestStorage | undefined
    stage.server.reply = (command) => {
      if (command.type !== 'message.send') return { ok: true, data: {} }
      if (crashed) return undefined
      // Between storing and the reply.
      const { message } = store(stage.server, command)
      if (sent++ < at) return { ok: true, data: message }
      crashed = storage.copy()
      return undefined
    }
    for (const content of ['a', 'b', 'c', 'd']) void earshot.send(ID.home, content)
    await until(() => crashed !== undefined)
    earshot.stop()
    stage.server.reply = (command) =>
      command.type === 'message.send'
        ? { ok: true, data: store(stage.server, command).message }
        : { ok: true, data: {} }
    const { earshot: next } = stage.client({ storage: crashed! })
    await next.start()
    await until(() => next.outbox.length === 0)
    expect(textsOf(stage.server)).toEqual(['a', 'b', 'c', 'd'])
  }
})

test('the order is kept, whatever the storage makes of it', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const storage = new TestStorage()
  const { earshot, socket } = await stage.live({ storage })
  socket.cut()
  await until(() => earshot.status === 'offline')
  for (const content of ['a', 'b', 'c']) void earshot.send(ID.home, content)
  await until(() => storage.kept.size >= 7)
  earshot.stop()
  const other = new TestStorage()
  other.kept = new Map([...storage.kept].reverse())
  const { earshot: next } = stage.client({ storage: other })
  // Before anything was read from the storage.
  void next.send(ID.home, 'd')
  stage.server.reply = (command) =>
    command.type === 'message.send' ? { ok: true, data: store(stage.server, command).message } : { ok: true, data: {} }
  await next.start()
  void next.send(ID.home, 'e')
  await until(() => next.outbox.length === 0)
  expect(textsOf(stage.server)).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('with a client_id of its own a message is asked for as often as one likes', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot } = await stage.live()
  stage.server.reply = (command) =>
    command.type === 'message.send' ? { ok: true, data: store(stage.server, command).message } : { ok: true, data: {} }
  const client_id = crypto.randomUUID()
  const [a, b] = await Promise.all([1, 2].map(() => earshot.send(ID.home, 'once', { client_id })))
  const c = await earshot.send(ID.home, 'once', { client_id })
  // One that was refused is tried again by the same call.
  const second = { client_id: crypto.randomUUID() }
  const accepting = stage.server.reply
  stage.server.reply = () => ({ ok: false, error: { code: 'conversation.forbidden', detail: '' } })
  await expect(earshot.send(ID.home, 'twice', second)).rejects.toMatchObject({ code: 'conversation.forbidden' })
  stage.server.reply = accepting
  expect(await earshot.send(ID.home, 'twice', second)).toMatchObject({ number: 2 })
  expect([a?.id, b?.id]).toEqual([c.id, c.id])
  expect(textsOf(stage.server)).toEqual(['once', 'twice'])
})

test('a message larger than a frame may be is refused here, and the socket stays', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket } = await stage.live()
  await expect(earshot.send(ID.home, 'ä'.repeat(262_144))).rejects.toMatchObject({ code: 'request.too_large' })
  expect(socket.of('message.send')).toEqual([])
  expect(earshot.status).toBe('live')
})

test('the outbox takes so many and not one more', async () => {
  await using stage = await Stage.set()
  const { earshot } = stage.client()
  for (let n = 0; n < OUTBOX_MAX; n++) void earshot.send(ID.home, String(n))
  await expect(earshot.send(ID.home, 'one more')).rejects.toMatchObject({ code: 'outbox.full' })
  expect(earshot.outbox).toHaveLength(OUTBOX_MAX)
})

test('signing out forgets what is unsent, and tells whoever waits', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const storage = new TestStorage()
  const { earshot } = await stage.live({ storage })
  const sent = earshot.send(ID.home, 'never')
  await earshot.signOut()
  await expect(sent).rejects.toMatchObject({ code: 'aborted' })
  expect([...storage.kept]).toEqual([])
  expect(earshot.status).toBe('signed out')
  expect([earshot.me, earshot.conversations, earshot.outbox]).toEqual([undefined, [], []])
  expect(stage.server.count('/auth/logout')).toBe(1)
})
