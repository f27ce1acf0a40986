// What has arrived, and what was read, is told to the server: the newest of each conversation, seldom.
import { expect, test } from 'vitest'
import { ID } from './support/scripted-server.js'
import { Stage } from './support/stage.js'
import { until } from './support/until.js'

test('a burst of messages in two conversations is one report for each, a second later', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  stage.server.hold(ID.work)
  const { earshot, socket } = await stage.live()
  socket.say(...[1, 2, 3].map(() => stage.server.add(ID.home)), stage.server.add(ID.work))
  await until(() => earshot.conversation(ID.work)?.message_number === 1)
  stage.clock.pass(999)
  await earshot.command('ping')
  expect(socket.of('receipt.update')).toEqual([])
  stage.clock.pass(1)
  await socket.command('receipt.update', 2)
  expect(socket.of('receipt.update').map(({ data }) => data)).toEqual([
    { conversation_id: ID.home, delivered_number: 3 },
    { conversation_id: ID.work, delivered_number: 1 },
  ])
  await until(() => earshot.conversation(ID.work)?.me.delivered_number === 1)
  socket.say(stage.server.add(ID.home, { sender_id: ID.alice }))
  await until(() => earshot.conversation(ID.home)?.message_number === 4)
  stage.clock.pass(5_000)
  await earshot.command('ping')
  expect(socket.of('receipt.update')).toHaveLength(2)
})

test('what came while the client was away, or in the load, is reported too, and only that', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 5, { me: { delivered_number: 2, read_number: 2 } as never })
  stage.server.hold(ID.work, 5)
  const { earshot, socket } = await stage.live()
  stage.clock.pass(1_000)
  expect((await socket.command('receipt.update')).data).toEqual({ conversation_id: ID.home, delivered_number: 5 })
  await until(() => earshot.conversation(ID.home)?.me.delivered_number === 5)
  expect(socket.of('receipt.update')).toHaveLength(1)
  expect(earshot.conversation(ID.home)?.me.unread_count).toBe(3)
})

test('reading is told at once; offline it waits for the next socket, the largest of all', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 9, { me: { read_number: 0, delivered_number: 9 } as never })
  const { earshot, socket } = await stage.live()
  earshot.markRead(ID.home, 4)
  expect((await socket.command('receipt.update')).data).toEqual({ conversation_id: ID.home, read_number: 4 })
  socket.cut()
  await until(() => earshot.status === 'offline')
  earshot.markRead(ID.home)
  earshot.markRead(ID.home, 7)
  earshot.markRead(ID.work)
  const next = await stage.revive(earshot)
  stage.clock.pass(1_000)
  expect((await next.command('receipt.update')).data).toEqual({ conversation_id: ID.home, read_number: 9 })
  expect(next.of('receipt.update')).toHaveLength(1)
})

test('a report that is refused for now is made again, one that is refused for good is not', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 9)
  const { earshot, socket, errors } = await stage.live()
  const codes = ['busy', 'request.invalid']
  stage.server.reply = ({ type }) => {
    const code = type === 'receipt.update' && codes.shift()
    return code ? { ok: false, error: { code, detail: '' } } : { ok: true, data: {} }
  }
  earshot.markRead(ID.home, 4)
  await socket.command('receipt.update')
  await until(() => stage.clock.waits.includes(1_000))
  stage.clock.pass(1_000)
  await socket.command('receipt.update', 2)
  await until(() => errors.length === 1)
  expect(errors).toEqual(['request.invalid'])
  stage.clock.pass(5_000)
  await earshot.command('ping')
  expect(socket.of('receipt.update')).toHaveLength(2)
})

test('signals are passed on with their conversation, and change nothing', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot, socket } = await stage.live()
  const heard: unknown[] = []
  earshot.on('signal', (signal) => heard.push(signal))
  const signals = [
    { type: 'typing.started', stream: ID.home, data: { user_id: ID.bob } },
    { type: 'typing.stopped', stream: ID.home, data: { user_id: ID.bob } },
    { type: 'receipt.updated', stream: ID.home, data: { user_id: ID.bob, read_number: 1, delivered_number: 1 } },
    { type: 'presence.changed', data: { user_id: ID.bob, status: 'online', last_seen_at: null } },
    { type: 'profile.changed', data: { user_id: ID.bob } },
  ]
  socket.say(signals)
  await until(() => heard.length === 5)
  expect(heard).toEqual(signals)
  expect(earshot.conversation(ID.home)?.seq).toBe(2)
})
