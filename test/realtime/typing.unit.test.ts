import { expect, test } from 'vitest'
import { AppError } from '../../src/contract/errors.js'
import type { Connection } from '../../src/realtime/connection.js'
import type { LogEvent } from '../../src/realtime/log.js'
import type { Signal } from '../../src/realtime/signals.js'
import { Typing } from '../../src/realtime/typing.js'

const HOME = crypto.randomUUID()
const alice = { user_id: crypto.randomUUID(), session_id: 'one' }

/** A node whose clock stands still until the test moves it, and which asks the test who may type. */
function node(mayAnnounce: () => Promise<boolean> = async () => true) {
  const said: string[] = []
  const state = { now: 1_000_000, queries: 0 }
  const typing = new Typing({
    mayAnnounce: () => {
      state.queries++
      return mayAnnounce()
    },
    signals: { publish: (signal: Signal) => said.push(signal.type) > 0 },
    now: () => state.now,
  })
  const pass = (ms: number) => {
    state.now += ms
    typing.sweep()
  }
  return { typing, said, state, pass }
}

const socket = (id: string, isOpen = true) => ({ id, isOpen }) as Connection
const event = (type: string, data: object) => ({ type, stream_id: HOME, data: JSON.stringify(data) }) as LogEvent

test('a repeat within 3 s costs no query and is not said again; the next one after it is', async () => {
  const { typing, said, state, pass } = node()
  for (let n = 0; n < 5; n++) await typing.start(alice, HOME)
  pass(2_999)
  await typing.start(alice, HOME)
  expect([state.queries, said]).toEqual([1, ['typing.started']])
  pass(1)
  await typing.start(alice, HOME)
  expect([state.queries, said]).toEqual([2, ['typing.started', 'typing.started']])
})

test('it ends 10 s after the last repeat, once, also when that repeat was not said', async () => {
  const { typing, said, pass } = node()
  await typing.start(alice, HOME)
  pass(2_000)
  await typing.start(alice, HOME)
  pass(9_999)
  expect(said).toEqual(['typing.started'])
  expect(typing.inConversation(HOME)).toEqual([alice.user_id])
  pass(1)
  expect(said).toEqual(['typing.started', 'typing.stopped'])
  expect(typing.inConversation(HOME)).toEqual([])
  pass(60_000)
  expect(said).toHaveLength(2)
  expect(typing.size).toBe(0)
})

test('beginning and ending without pause is said at most once each 3 s, and what holds in the end is said', async () => {
  const { typing, said, state, pass } = node()
  for (let n = 0; n < 10; n++) {
    await typing.start(alice, HOME)
    await typing.stop(alice, HOME)
  }
  await typing.start(alice, HOME)
  expect([state.queries, said]).toEqual([1, ['typing.started', 'typing.stopped']])
  pass(2_999)
  expect(said).toHaveLength(2)
  pass(1)
  expect(said).toEqual(['typing.started', 'typing.stopped', 'typing.started'])
})

test('it ends with the last socket that said so, not with another one of the same user', async () => {
  const { typing, said } = node()
  await typing.start(alice, HOME, socket('one'))
  await typing.start(alice, HOME, socket('two'))
  typing.socketClosed('three')
  typing.socketClosed('one')
  expect(said).toEqual(['typing.started'])
  typing.socketClosed('two')
  expect(said).toEqual(['typing.started', 'typing.stopped'])
})

test('what REST has begun does not end with a socket', async () => {
  const { typing, said, pass } = node()
  await typing.start(alice, HOME, socket('one'))
  await typing.start(alice, HOME)
  typing.socketClosed('one')
  expect(said).toEqual(['typing.started'])
  pass(10_000)
  expect(said).toEqual(['typing.started', 'typing.stopped'])
})

test('a stop over one socket does not end what another one says, and a stop over REST ends all of it', async () => {
  const { typing, said } = node()
  const [one, two] = [socket('one'), socket('two')]
  for (const holder of [one, two, undefined]) await typing.start(alice, HOME, holder)
  await typing.stop(alice, HOME, one)
  expect(said).toEqual(['typing.started'])
  await typing.stop(alice, HOME, two)
  expect(said).toEqual(['typing.started', 'typing.stopped'])

  const other = node()
  for (const holder of [one, two]) await other.typing.start(alice, HOME, holder)
  await other.typing.stop(alice, HOME)
  expect(other.said).toEqual(['typing.started', 'typing.stopped'])
})

test('a socket that closes while it is asked for leaves nothing behind', async () => {
  let answer: (allowed: boolean) => void = () => undefined
  const { typing, said, pass } = node(() => new Promise((resolve) => (answer = resolve)))
  const one = socket('one')
  const started = typing.start(alice, HOME, one)
  Object.assign(one, { isOpen: false })
  typing.socketClosed('one')
  answer(true)
  await started
  pass(20_000)
  expect(said).toEqual([])
  expect(typing.size).toBe(0)
})

test('a removal that comes while it is asked for is not overtaken by the answer', async () => {
  let answer: (allowed: boolean) => void = () => undefined
  const { typing, said } = node(() => new Promise((resolve) => (answer = resolve)))
  const started = typing.start(alice, HOME)
  typing.onEvent(event('member.removed', { user_id: alice.user_id, reason: 'removed', member_count: 1 }))
  answer(true)
  await started
  expect(said).toEqual([])
})

test('a refusal is not remembered, and ends what was allowed before', async () => {
  let allowed = true
  const { typing, said, state, pass } = node(async () => {
    if (!allowed) throw new AppError('conversation.forbidden')
    return true
  })
  await typing.start(alice, HOME)
  allowed = false
  pass(3_000)
  await expect(typing.start(alice, HOME)).rejects.toThrow(AppError)
  expect(said).toEqual(['typing.started', 'typing.stopped'])
  await expect(typing.start(alice, HOME)).rejects.toThrow(AppError)
  await expect(typing.stop(alice, HOME)).rejects.toThrow(AppError)
  expect(state.queries).toBe(4)
  allowed = true
  await typing.start(alice, HOME)
  expect(said.at(-1)).toBe('typing.started')
})

test('where nobody is told it is accepted in silence, without a query for each repeat', async () => {
  const { typing, said, state, pass } = node(async () => false)
  for (let n = 0; n < 5; n++) await typing.start(alice, HOME)
  expect([state.queries, said, typing.inConversation(HOME)]).toEqual([1, [], []])
  pass(3_000)
  expect(typing.size).toBe(0)
})

test('what another node says ends by its word, and without it 13 s after it was last said', () => {
  const { typing, pass } = node()
  const [bob, carol] = [crypto.randomUUID(), crypto.randomUUID()]
  for (const user_id of [bob, carol]) typing.hear({ type: 'typing.started', stream: HOME, data: { user_id } })
  typing.hear({ type: 'typing.stopped', stream: HOME, data: { user_id: carol } })
  expect(typing.inConversation(HOME)).toEqual([bob])
  pass(12_999)
  expect(typing.inConversation(HOME)).toEqual([bob])
  pass(1)
  expect(typing.inConversation(HOME)).toEqual([])
  expect(typing.size).toBe(0)
})

test("a message of somebody else, or a change that still lets them speak, ends nobody's typing", async () => {
  const { typing, said } = node()
  const { user_id } = alice
  await typing.start(alice, HOME)
  typing.onEvent(event('message.created', { sender_id: crypto.randomUUID() }))
  typing.onEvent(event('message.created', { sender_id: null }))
  typing.onEvent(event('member.updated', { user_id, role: 'moderator' }))
  typing.onEvent(event('member.removed', { user_id: crypto.randomUUID(), reason: 'left', member_count: 2 }))
  expect(said).toEqual(['typing.started'])
  typing.onEvent(event('member.updated', { user_id, role: 'viewer' }))
  expect(said).toEqual(['typing.started', 'typing.stopped'])
})

test.each([
  ['their message', 'message.created', { sender_id: alice.user_id }],
  ['their removal', 'member.removed', { user_id: alice.user_id, reason: 'banned', member_count: 1 }],
  ['the end of the conversation', 'conversation.deleted', {}],
])('it ends by %s', async (_what, type, data) => {
  const { typing, said } = node()
  await typing.start(alice, HOME)
  typing.onEvent(event(type, data))
  expect(said).toEqual(['typing.started', 'typing.stopped'])
  expect(typing.inConversation(HOME)).toEqual([])
})

test('a wish ends it whatever else a newer version says beside it', async () => {
  const { typing, said } = node()
  await typing.start(alice, HOME)
  const wish = (show_typing: boolean) =>
    ({
      type: 'membership.updated',
      stream_id: alice.user_id,
      data: JSON.stringify({
        conversation_id: HOME,
        me: { show_typing, hidden_system_categories: ['a newer one'], newer: { field: 1 } },
      }),
    }) as LogEvent
  typing.onEvent(wish(true))
  expect(said).toEqual(['typing.started'])
  typing.onEvent(wish(false))
  expect(said).toEqual(['typing.started', 'typing.stopped'])
})
