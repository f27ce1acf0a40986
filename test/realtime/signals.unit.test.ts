import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Pool } from '../../src/db/pool.js'
import { createLogger, createMetrics } from '../../src/observe.js'
import { type Signal, Signals } from '../../src/realtime/signals.js'

const HOME = crypto.randomUUID()
const ALICE = crypto.randomUUID()

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function node(nodeId: string, query: (text: string, values: unknown[]) => Promise<unknown> = async () => undefined) {
  const delivered: Signal[] = []
  const sent: string[] = []
  const pool = {
    query: (text: string, values: [string, string[]]) => {
      sent.push(...values[1])
      return query(text, values)
    },
  }
  const signals = new Signals({
    nodeId,
    pool: pool as unknown as Pool,
    deliver: (signal) => delivered.push(signal),
    logger: createLogger('silent'),
    metrics: createMetrics(),
  })
  return { signals, delivered, sent }
}

const typing = (type: 'typing.started' | 'typing.stopped', user_id = ALICE): Signal => ({
  type,
  stream: HOME,
  data: { user_id },
})

test('what is said within a tenth of a second goes out together, of one matter only the last', async () => {
  const { signals, delivered, sent } = node('one')
  const bob = crypto.randomUUID()
  signals.publish(typing('typing.started'))
  signals.publish(typing('typing.started', bob))
  signals.publish(typing('typing.stopped'))
  signals.publish({ type: 'presence.hint', data: { user_id: ALICE } })
  await vi.advanceTimersByTimeAsync(99)
  expect([delivered, sent]).toEqual([[], []])
  await vi.advanceTimersByTimeAsync(1)
  expect(delivered.map((signal) => [signal.type, signal.data.user_id])).toEqual([
    ['typing.started', bob],
    ['typing.stopped', ALICE],
    ['presence.hint', ALICE],
  ])
  expect(sent).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([delivered.length, sent.length]).toEqual([3, 1])
})

test('the same matter in two conversations is two matters', async () => {
  const { signals, delivered } = node('one')
  signals.publish(typing('typing.started'))
  signals.publish({ ...typing('typing.started'), stream: crypto.randomUUID() })
  await vi.advanceTimersByTimeAsync(100)
  expect(delivered).toHaveLength(2)
})

test('another node hears every one of a large batch once and in order, and no payload is too long for NOTIFY', async () => {
  const [one, other] = [node('one'), node('other')]
  const people = Array.from({ length: 500 }, () => crypto.randomUUID())
  for (const user_id of people) one.signals.publish(typing('typing.started', user_id))
  await vi.advanceTimersByTimeAsync(100)
  expect(one.sent.length).toBeGreaterThan(1)
  for (const payload of one.sent) expect(Buffer.byteLength(payload)).toBeLessThan(7_500)
  for (const payload of one.sent) other.signals.hear(payload)
  expect(other.delivered).toEqual(one.delivered)
  expect(other.delivered.map((signal) => signal.data.user_id)).toEqual(people)
})

test('a node does not hear its own batch a second time', async () => {
  const { signals, delivered, sent } = node('one')
  signals.publish(typing('typing.started'))
  await vi.advanceTimersByTimeAsync(100)
  signals.hear(sent[0] ?? '')
  expect(delivered).toHaveLength(1)
})

test.each([
  ['not a batch', 'hello'],
  ['not JSON', 's:two:[{'],
  ['not a list', 's:two:{}'],
  ['null', 's:two:null'],
  ['a list of nothing', 's:two:[null, 1, "text", []]'],
  ['an unknown type', `s:two:[{"type":"typing.paused","stream":"${HOME}","data":{"user_id":"${ALICE}"}}]`],
  ['a name that every object has', `s:two:[{"type":"constructor","data":{"user_id":"${ALICE}"}}]`],
  ['no user', `s:two:[{"type":"typing.started","stream":"${HOME}","data":{}}]`],
  ['a user that is no id', 's:two:[{"type":"typing.started","data":{"user_id":"alice"}}]'],
  ['a stream that is no text', `s:two:[{"type":"typing.started","stream":{},"data":{"user_id":"${ALICE}"}}]`],
  [
    'how somebody is, which only the database says',
    `s:two:[{"type":"presence.changed","data":{"user_id":"${ALICE}","status":"online","last_seen_at":null}}]`,
  ],
])('a payload by another hand is passed over: %s', (_name, payload) => {
  const { signals, delivered } = node('one')
  signals.hear(payload)
  expect(delivered).toEqual([])
  signals.hear(`s:two:[${JSON.stringify(typing('typing.started'))}]`)
  expect(delivered).toHaveLength(1)
})

test('what can be read of a batch is heard, whatever stands beside it', () => {
  const { signals, delivered } = node('one')
  signals.hear(`s:two:[null,${JSON.stringify(typing('typing.started'))},{"type":"typing.started"}]`)
  expect(delivered).toEqual([typing('typing.started')])
})

test('without the bus the sockets of this node still hear', async () => {
  const { signals, delivered } = node('one', () => Promise.reject(new Error('the database is away')))
  signals.publish(typing('typing.started'))
  await vi.advanceTimersByTimeAsync(100)
  expect(delivered).toHaveLength(1)
})

test('news without end is bounded, and what is known already may still change', async () => {
  const { signals, delivered } = node('one')
  for (let n = 0; n < 10_000; n++) signals.publish(typing('typing.started', crypto.randomUUID()))
  signals.publish(typing('typing.started'))
  await vi.advanceTimersByTimeAsync(100)
  expect(delivered).toHaveLength(10_000)
  expect(delivered).not.toContainEqual(typing('typing.started'))
})

test('a node that stops says what it had to say, and nothing after', async () => {
  const { signals, delivered, sent } = node('one')
  signals.publish(typing('typing.stopped'))
  await signals.stop()
  expect([delivered.length, sent.length]).toEqual([1, 1])
  signals.publish(typing('typing.started'))
  await vi.advanceTimersByTimeAsync(1_000)
  await signals.stop()
  expect([delivered.length, sent.length]).toEqual([1, 1])
})

test('whoever says something learns whether it was taken', async () => {
  const { signals } = node('one')
  for (let n = 0; n < 10_000; n++) expect(signals.publish(typing('typing.started', crypto.randomUUID()))).toBe(true)
  expect(signals.publish(typing('typing.started'))).toBe(false)
  await vi.advanceTimersByTimeAsync(100)
  expect(signals.publish(typing('typing.started'))).toBe(true)
  await signals.stop()
  expect(signals.publish(typing('typing.started'))).toBe(false)
})

test('one that cannot be delivered here keeps back none of the others, here or on other nodes', async () => {
  const heard: string[] = []
  const sent: string[] = []
  const signals = new Signals({
    nodeId: 'one',
    pool: { query: async (_: string, values: [string, string[]]) => void sent.push(...values[1]) } as unknown as Pool,
    deliver: ({ data }) => {
      if (data.user_id === ALICE) throw new Error('no socket of hers takes it')
      heard.push(data.user_id)
    },
    logger: createLogger('silent'),
    metrics: createMetrics(),
  })
  const bob = crypto.randomUUID()
  signals.publish(typing('typing.started'))
  signals.publish(typing('typing.started', bob))
  await vi.advanceTimersByTimeAsync(100)
  expect(sent).toHaveLength(1)
  signals.hear(`${sent[0]}`.replace('s:one:', 's:two:'))
  expect(heard).toEqual([bob, bob])
})
