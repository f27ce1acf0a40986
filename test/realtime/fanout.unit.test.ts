import { expect, test } from 'vitest'
import { EndedSessions } from '../../src/auth/ended-sessions.js'
import { createMetrics } from '../../src/observe.js'
import { textFrame, textOf } from '../../src/protocols/text-frame.js'
import type { Connection } from '../../src/realtime/connection.js'
import { Fanout } from '../../src/realtime/fanout.js'
import type { LogEvent } from '../../src/realtime/log.js'

const BOB = crypto.randomUUID()
const ANN = crypto.randomUUID()
const HOME = crypto.randomUUID()

/** As much of a connection as the fan-out knows of. */
function connection(): Connection & { heard: string[] } {
  const heard: string[] = []
  const fake = {
    heard,
    isOpen: true,
    actor: { user_id: BOB, session_id: 'one' },
    send: (frame: Buffer) => heard.push(JSON.parse(textOf(frame).toString()).type),
    hear: (_event: LogEvent, frame: Buffer) => heard.push(JSON.parse(textOf(frame).toString()).type),
    sendSignal: (frame: Buffer) => heard.push(textOf(frame).toString()),
    close: () => undefined,
  }
  return fake as unknown as Connection & { heard: string[] }
}

function event(type: string, seq: number, data: object): LogEvent {
  return {
    id: seq,
    stream_id: HOME,
    seq,
    type,
    at: '',
    created_at: new Date(),
    message_id: null,
    quoted_id: null,
    data: JSON.stringify(data),
    withheld_from: null,
  }
}

type Span = { conversation_id: string; from_seq: number }
type Block = { blocker_id: string; blocked_id: string }
const added = (seq: number) =>
  event('member.added', seq, { user_id: BOB, role: 'member', joined_at: '', member_count: 2 })
const removed = (seq: number) => event('member.removed', seq, { user_id: BOB, reason: 'removed', member_count: 1 })
const said = (seq: number) => event('message.created', seq, {})

/** A fan-out whose spans and blocks are read when the test says so. */
function fanout() {
  const reads: ((spans: Span[], blocks?: Block[]) => void)[] = []
  const load = () =>
    new Promise<{ spans: Span[]; blocks: Block[]; unsettled: number }>((resolve) =>
      reads.push((spans, blocks = []) => resolve({ spans, blocks, unsettled: 0 })),
    )
  return { fanout: new Fanout(load, new EndedSessions(60), createMetrics()), reads }
}

test('what the log says while the spans are being read is applied after them, whichever is newer', async () => {
  const spans = (from_seq: number) => [{ conversation_id: HOME, from_seq }]
  const cases: [string, LogEvent[], Span[], boolean][] = [
    ['added after the snapshot', [added(5)], [], true],
    ['removed after the snapshot', [removed(5)], spans(1), false],
    ['the snapshot has a later stay than an old removal', [removed(5)], spans(8), true],
    ['removed and back, the snapshot before both', [removed(5), added(7)], spans(1), true],
    ['added and gone again, the snapshot before both', [added(5), removed(7)], [], false],
  ]
  for (const [name, events, snapshot, hears] of cases) {
    const { fanout: one, reads } = fanout()
    const socket = connection()
    const attached = one.attach(socket, () => socket.heard.push('hello'))
    for (const change of events) one.dispatch(change)
    reads[0]?.(snapshot)
    await attached
    one.dispatch(said(20))
    expect(socket.heard, name).toEqual(hears ? ['hello', 'message.created'] : ['hello'])
  }
})

test('a change that cannot be followed is heard all the same, changes nobody, and is told to whoever handed it in', async () => {
  const { fanout: one, reads } = fanout()
  const socket = connection()
  const attached = one.attach(socket, () => socket.heard.push('hello'))
  reads[0]?.([{ conversation_id: HOME, from_seq: 1 }])
  await attached
  for (const [seq, data] of [
    [5, { user_id: 7 }],
    [6, {}],
  ] as const)
    expect(() => one.dispatch(event('member.removed', seq, data))).toThrow()
  expect(() => one.dispatch({ ...event('member.removed', 7, {}), data: 'null' })).toThrow()
  one.dispatch(said(8))
  const thrice = Array.from({ length: 3 }, () => 'member.removed')
  expect(socket.heard).toEqual(['hello', ...thrice, 'message.created'])
})

test('events before the first seq of a stay are not heard', async () => {
  const { fanout: one, reads } = fanout()
  const socket = connection()
  const attached = one.attach(socket, () => undefined)
  reads[0]?.([{ conversation_id: HOME, from_seq: 10 }])
  await attached
  for (const seq of [8, 9, 10, 11]) one.dispatch(said(seq))
  expect(socket.heard).toHaveLength(2)
})

test('after a new epoch nobody inherits the memberships of the old one, not even a socket that was waiting', async () => {
  const { fanout: one, reads } = fanout()
  const before = connection()
  const attached = one.attach(before, () => undefined)
  reads[0]?.([{ conversation_id: HOME, from_seq: 1 }])
  await attached
  one.resyncAll('epoch')
  expect(before.heard).toEqual(['resync'])

  const after = connection()
  const again = one.attach(after, () => undefined)
  reads[1]?.([])
  await again
  one.dispatch(said(2))
  expect(after.heard).toEqual([])

  const { fanout: other, reads: later } = fanout()
  const waiting = connection()
  const admitted = other.attach(waiting, () => undefined)
  other.resyncAll('epoch')
  later[0]?.([{ conversation_id: HOME, from_seq: 1 }])
  while (later.length < 2) await Promise.resolve()
  later[1]?.([])
  await admitted
  other.dispatch(said(2))
  expect(waiting.heard).toEqual([])
})

const byAnn: Block = { blocker_id: ANN, blocked_id: BOB }
const byBob: Block = { blocker_id: BOB, blocked_id: ANN }
/** As the log has it: on the stream of the one who blocks. */
const blocks = ({ blocker_id, blocked_id }: Block): LogEvent => ({
  ...event('block.added', 1, { user_id: blocked_id }),
  stream_id: blocker_id,
})
const unblocks = (block: Block): LogEvent => ({ ...blocks(block), type: 'block.removed' })

/** Each history of blocks between Ann and Bob, and whether Bob hears what Ann does in the end. */
const HISTORIES: [string, LogEvent[], Block[], boolean][] = [
  ['nothing happened', [], [], true],
  ['Ann has blocked', [], [byAnn], false],
  ['Bob has blocked', [], [byBob], false],
  ['Ann blocks', [blocks(byAnn)], [], false],
  ['Bob blocks', [blocks(byBob)], [], false],
  ['Ann blocks, and the list has it already', [blocks(byAnn)], [byAnn], false],
  ['Ann takes back', [unblocks(byAnn)], [byAnn], true],
  ['Bob takes back, and the list has it already', [unblocks(byBob)], [], true],
  ['Ann blocks and takes back', [blocks(byAnn), unblocks(byAnn)], [], true],
  ['Ann takes back and blocks again', [unblocks(byAnn), blocks(byAnn)], [byAnn], false],
  ['both block, Ann takes back', [blocks(byAnn), blocks(byBob), unblocks(byAnn)], [], false],
  ['both block, Bob takes back', [blocks(byBob), blocks(byAnn), unblocks(byBob)], [], false],
  ['both had blocked, Ann takes back', [unblocks(byAnn)], [byAnn, byBob], false],
  ['both had blocked, both take back', [unblocks(byBob), unblocks(byAnn)], [byAnn, byBob], true],
  ['Ann takes back what only Bob has', [unblocks(byAnn)], [byBob], false],
]

test.each(HISTORIES)('%s: a signal crosses only where there is no block', async (_, changes, listed, hears) => {
  // The changes come while the blocks are being read; after it; and some before, the rest after.
  for (let before = 0; before <= changes.length; before++) {
    const { fanout: one, reads } = fanout()
    const socket = connection()
    const attached = one.attach(socket, () => undefined)
    for (const change of changes.slice(0, before)) one.dispatch(change)
    reads[0]?.([{ conversation_id: HOME, from_seq: 1 }], listed)
    await attached
    for (const change of changes.slice(before)) one.dispatch(change)
    socket.heard.length = 0
    one.signal(HOME, ANN, textFrame('ann'))
    one.signal(HOME, crypto.randomUUID(), textFrame('somebody'))
    expect(socket.heard, `${before} before`).toEqual(hears ? ['ann', 'somebody'] : ['somebody'])
  }
})

test('a block between others is no matter of those who listen, and it keeps back signals alone', async () => {
  const { fanout: one, reads } = fanout()
  const socket = connection()
  const attached = one.attach(socket, () => undefined)
  reads[0]?.([{ conversation_id: HOME, from_seq: 1 }])
  await attached
  one.dispatch(blocks({ blocker_id: ANN, blocked_id: crypto.randomUUID() }))
  one.signal(HOME, ANN, textFrame('ann'))
  one.dispatch(blocks(byAnn))
  one.signal(HOME, ANN, textFrame('ann again'))
  one.dispatch({ ...said(5), data: JSON.stringify({ sender_id: ANN }) })
  one.signal(HOME, BOB, textFrame('bob himself'))
  expect(socket.heard).toEqual(['ann', 'message.created'])
})

test('the one who blocks hears of it, the one who is blocked does not', async () => {
  for (const [block, heard] of [
    [byBob, ['block.added', 'block.removed']],
    [byAnn, []],
  ] as const) {
    const { fanout: one, reads } = fanout()
    const socket = connection()
    const attached = one.attach(socket, () => undefined)
    reads[0]?.([])
    await attached
    one.dispatch(blocks(block))
    one.dispatch(unblocks(block))
    expect(socket.heard).toEqual(heard)
  }
})
