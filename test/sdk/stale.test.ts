// A server that cannot hear what happens says so, and the client tells it from a conversation in which nothing is said.
import { expect, test } from 'vitest'
import { ID } from './support/scripted-server.js'
import { expectAlive, Stage } from './support/stage.js'
import { until } from './support/until.js'

const STALE = { type: 'stale', data: { since: '2026-01-01T00:00:00.000Z' } }
const FRESH = { type: 'fresh', data: {} }

test('while the server is behind the status is stale, and live again afterwards', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket, statuses, errors } = await stage.live()
  const before = statuses.length
  socket.say(STALE, STALE)
  await until(() => earshot.status === 'stale')
  await earshot.command('ping')
  socket.say(FRESH, FRESH)
  await until(() => earshot.status === 'live')
  await earshot.command('ping')
  expect(statuses.slice(before)).toEqual(['stale', 'live'])
  expect(errors).toEqual([])
  await expectAlive(stage, { earshot })
})

test('what comes while the server is behind is applied and acknowledged, and what is written is sent', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket } = await stage.live()
  socket.say(STALE)
  await until(() => earshot.status === 'stale')
  socket.say(stage.server.add(ID.home, { content: 'late, but here' }))
  await until(() => earshot.conversation(ID.home)?.last_message?.content === 'late, but here')
  earshot.send(ID.home, 'and an answer').catch(() => undefined)
  expect((await socket.command('message.send')).data.content).toBe('and an answer')
  stage.clock.pass(1_000)
  expect((await socket.command('receipt.update')).data).toEqual({ conversation_id: ID.home, delivered_number: 1 })
  expect(earshot.status).toBe('stale')
})

test('a client that starts while the server is behind is ready, but never live', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  stage.server.greets = false
  const { earshot, statuses } = stage.client()
  await earshot.signIn({ login: 'alice', password: 'correct horse' })
  const started = earshot.start()
  const socket = await stage.server.socket(1)
  socket.hello(ID.alice)
  socket.say(STALE)
  await started
  expect(earshot.status).toBe('stale')
  expect(statuses).not.toContain('live')
  expect(earshot.conversations).toHaveLength(1)
})

test('what one server has said of itself is not believed of the next', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket, statuses } = await stage.live()
  socket.say(STALE)
  await until(() => earshot.status === 'stale')
  socket.close(4410)
  await until(() => earshot.status === 'offline')
  await stage.revive(earshot)
  expect(statuses.slice(-5)).toEqual(['stale', 'offline', 'connecting', 'catching up', 'live'])
})

test('before its hello a server has nothing to say of itself', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  stage.server.greets = false
  const { earshot, errors } = stage.client()
  await earshot.signIn({ login: 'alice', password: 'correct horse' })
  const started = earshot.start()
  const socket = await stage.server.socket(1)
  socket.say(STALE)
  socket.hello(ID.alice)
  await started
  expect([earshot.status, errors]).toEqual(['live', ['frame.malformed']])
})
