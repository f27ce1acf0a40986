import { expect, test } from 'vitest'
import type { LogEvent } from '../../src/realtime/log.js'
import { RecentEvents } from '../../src/realtime/recent-events.js'

const ME = 'me'
const HOME = 'home'

let seqs = new Map<string, number>()
function event(id: number, type: string, more: Partial<LogEvent> = {}): LogEvent {
  const stream_id = more.stream_id ?? HOME
  const seq = (seqs.get(stream_id) ?? 0) + 1
  seqs.set(stream_id, seq)
  const message = { message_id: null, quoted_id: null }
  return {
    id,
    type,
    stream_id,
    seq,
    at: '',
    created_at: new Date(),
    data: '{}',
    withheld_from: null,
    ...message,
    ...more,
  }
}
const said = (id: number, message_id: string, text: string, more: Partial<LogEvent> = {}) =>
  event(id, 'message.created', { message_id, data: JSON.stringify(text), ...more })

function recent(...events: LogEvent[]) {
  const kept = new RecentEvents(10_000)
  kept.begin(0)
  for (const one of events) kept.add(one)
  seqs = new Map()
  return kept
}
const here = (from = 1): [string, number][] => [[HOME, from]]
const ids = (found: ReturnType<RecentEvents['since']>) => found?.events.map(({ id }) => id)

test('it answers what came after an id, in the streams that one hears, from where they are theirs', () => {
  const kept = recent(said(1, 'a', 'one'), event(2, 'user.updated', { stream_id: ME }), said(3, 'b', 'two'))
  expect(ids(kept.since(0, ME, here()))).toEqual([1, 2, 3])
  expect(ids(kept.since(1, ME, here()))).toEqual([2, 3])
  expect(ids(kept.since(0, ME, here(2)))).toEqual([2, 3])
  expect(ids(kept.since(0, ME, []))).toEqual([2])
  expect(ids(kept.since(0, 'somebody', here()))).toEqual([1, 3])
  expect(ids(kept.since(3, ME, here()))).toEqual([])
})

test('what came late is said late: of two streams, the one whose event was read last is heard last', () => {
  const kept = recent(said(1, 'a', 'one'), said(3, 'b', 'two'), said(2, 'c', 'elsewhere', { stream_id: 'there' }))
  expect(ids(kept.since(1, ME, [...here(), ['there', 1]]))).toEqual([3, 2])
})

test('it knows nothing from before its time, nor of what it had to give up', () => {
  const kept = new RecentEvents(10_000)
  expect(kept.since(0, ME, here())).toBeUndefined()
  kept.begin(5)
  expect(kept.since(4, ME, here())).toBeUndefined()
  expect(ids(kept.since(5, ME, here()))).toEqual([])
  for (let id = 6; id < 60; id++) kept.add(said(id, `m${id}`, 'x'.repeat(100)))
  expect(kept.bytes).toBeLessThanOrEqual(10_000)
  expect(kept.since(6, ME, here())).toBeUndefined()
  expect(ids(kept.since(50, ME, here()))).toEqual([51, 52, 53, 54, 55, 56, 57, 58, 59])
  kept.begin(50, false)
  expect(kept.bytes).toBe(0)
  kept.add(said(51, 'm51', 'x'))
  expect(kept.since(50, ME, here())).toBeUndefined()
  kept.complete()
  expect(ids(kept.since(50, ME, here()))).toEqual([51])
  kept.begin(100)
  expect(kept.since(50, ME, here())).toBeUndefined()
  seqs = new Map()
})

test('what was said before of a message is renewed, and what quotes it is asked of the database', () => {
  const kept = recent(
    said(1, 'a', 'a secret'),
    said(2, 'b', 'as you say: a secret', { quoted_id: 'a' }),
    event(3, 'message.deleted', { message_id: 'a', data: '"gone"' }),
    said(4, 'c', 'something else'),
  )
  expect(kept.since(1, ME, here())).toBeUndefined()
  expect(ids(kept.since(2, ME, here()))).toEqual([3, 4])
  const renewed = recent(said(1, 'a', 'a secret'), event(2, 'message.edited', { message_id: 'a', data: '"open"' }))
  expect(renewed.since(0, ME, here())?.events.map(({ data }) => data)).toEqual(['"open"', '"open"'])
})

test('once memberships have changed, the database is asked', () => {
  for (const type of ['conversation.joined', 'conversation.left']) {
    const kept = recent(event(1, type, { stream_id: ME }), said(2, 'a', 'one'))
    expect(kept.since(0, ME, here()), type).toBeUndefined()
    expect(ids(kept.since(1, ME, here())), type).toEqual([2])
    // Of somebody else's it says nothing.
    expect(ids(kept.since(0, 'somebody', here())), type).toEqual([2])
  }
  const kept = recent(event(1, 'conversation.deleted', { stream_id: 'there' }), said(2, 'a', 'one'))
  expect(kept.since(0, ME, here())).toBeUndefined()
  expect(ids(kept.since(1, ME, here()))).toEqual([2])
})

test('a stream with more than 200 is only named', () => {
  const kept = new RecentEvents(10_000_000)
  kept.begin(0)
  for (let id = 1; id <= 201; id++) kept.add(said(id, `m${id}`, 'x'))
  kept.add(said(202, 'y', 'y', { stream_id: 'there' }))
  expect(kept.since(0, ME, [...here(), ['there', 1]])).toMatchObject({ limited: [HOME], events: [{ id: 202 }] })
  expect(kept.since(1, ME, here())?.events).toHaveLength(200)
  seqs = new Map()
})

test('somebody whose stay has just ended or begun is told by the database, also before their own stream says so', () => {
  for (const type of ['member.added', 'member.removed']) {
    const moved = { data: JSON.stringify({ user_id: ME }) }
    // The second is another conversation's, which was held up and has come late.
    const kept = recent(said(1, 'a', 'one'), event(5, type, moved), event(3, type, { stream_id: 'there', ...moved }))
    expect(kept.since(0, ME, here()), type).toBeUndefined()
    expect(kept.since(4, ME, here()), type).toBeUndefined()
    expect(ids(kept.since(5, ME, here())), type).toEqual([])
    expect(ids(kept.since(0, 'somebody', here())), type).toEqual([1, 5])
  }
})

test('what it keeps is counted alike when it is renewed and when it goes', () => {
  for (const [before, after] of [
    [10, 1_000],
    [1_000, 10],
  ] as const) {
    const kept = new RecentEvents(60_000)
    kept.begin(0)
    for (let n = 0; n < 1_000; n++) {
      kept.add(said(2 * n + 1, `m${n}`, 'x'.repeat(before)))
      kept.add(event(2 * n + 2, 'message.edited', { message_id: `m${n}`, data: JSON.stringify('x'.repeat(after)) }))
    }
    let oldest = 2_000
    while (kept.since(oldest - 1, ME, here())) oldest--
    // Both events of a message have its latest text: as many as fit in are kept, and no more.
    expect(2_000 - oldest).toBeLessThan(60_000 / (after * 2))
    expect(2_000 - oldest).toBeGreaterThan(60_000 / (after * 2 + 500) - 4)
    expect(kept.bytes).toBeLessThanOrEqual(60_000)
    seqs = new Map()
  }
})

test('what names nobody is kept like all else', () => {
  const kept = recent(event(1, 'member.added', { data: 'null' }), event(2, 'member.removed', { data: '7' }))
  expect(ids(kept.since(0, ME, here()))).toEqual([1, 2])
})
