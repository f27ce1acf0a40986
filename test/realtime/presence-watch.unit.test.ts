// What falls between asking who may be seen and the answer: the order that a real database gives only now and then.
import { expect, test } from 'vitest'
import type { UserPresence } from '../../src/contract/presence.js'
import type { Pair } from '../../src/domain/presence.js'
import { createMetrics } from '../../src/observe.js'
import { textOf } from '../../src/protocols/text-frame.js'
import type { Connection } from '../../src/realtime/connection.js'
import type { LogEvent } from '../../src/realtime/log.js'
import { PresenceWatch } from '../../src/realtime/presence-watch.js'

const HOME = crypto.randomUUID()
const ALICE = crypto.randomUUID()
const BOB = crypto.randomUUID()

const bobIs = (status: UserPresence['status'], last_seen_at: string | null = null): UserPresence => ({
  user_id: BOB,
  status,
  last_seen_at,
})
const truth = (shown: UserPresence) => ({ shown, own: shown })
const blocked = { type: 'block.added', stream_id: BOB, data: JSON.stringify({ user_id: ALICE }) } as LogEvent
const unblocked = { ...blocked, type: 'block.removed' } as LogEvent
const deleted = (stream_id: string) => ({ type: 'conversation.deleted', stream_id, data: '{}' }) as LogEvent

/** Alice's socket, on a node whose reads are answered when the test says so: with Bob as she may see him, or an error. */
function node() {
  const heard: UserPresence[] = []
  const answers: ((seen: UserPresence | undefined | Error) => void)[] = []
  const questions: (readonly Pair[])[] = []
  const state = { now: 1_000_000, deaf: false }
  const look = (pairs: readonly Pair[]) => {
    questions.push(pairs)
    return new Promise<Map<string, UserPresence>>((resolve, reject) =>
      answers.push((seen) => {
        if (seen instanceof Error) reject(seen)
        else resolve(new Map(seen && [[`${ALICE} ${BOB}`, seen]]))
      }),
    )
  }
  const watch = new PresenceWatch({
    look,
    membersOf: async (ids) => {
      if (state.deaf) throw new Error('the database is away')
      return new Map(ids.map((id) => [id, new Set(id === HOME ? [ALICE, BOB] : [ALICE])]))
    },
    now: () => state.now,
    metrics: createMetrics(),
  })
  const connection = {
    actor: { user_id: ALICE },
    sendSignal: (frame: Buffer) => heard.push(JSON.parse(textOf(frame).toString()).data),
  } as unknown as Connection
  const sweep = async () => {
    try {
      await watch.doubts.sweep()
    } finally {
      watch.sweep()
    }
  }
  return { watch, doubts: watch.doubts, connection, heard, answers, questions, state, sweep }
}

async function watching() {
  const one = node()
  const asked = one.watch.watch(one.connection, [BOB])
  one.answers[0]?.(bobIs('online'))
  await asked
  return one
}

test('a change that is heard while the first state is read is told after it', async () => {
  const { watch, connection, heard, answers, sweep } = node()
  const asked = watch.watch(connection, [BOB])
  watch.hear(truth(bobIs('away')))
  watch.hear(truth(bobIs('busy')))
  await sweep()
  answers[0]?.(bobIs('online'))
  expect(await asked).toEqual([bobIs('online')])
  expect(heard).toEqual([])
  await sweep()
  expect(heard).toEqual([bobIs('busy')])
})

test('a block that comes while the first state is read is not overlooked', async () => {
  const { watch, doubts, connection, heard, answers, sweep } = node()
  const asked = watch.watch(connection, [BOB])
  doubts.onEvent(blocked)
  answers[0]?.(bobIs('online'))
  // What was read may be older than the block.
  expect(await asked).toEqual([bobIs('offline')])
  watch.hear(truth(bobIs('busy')))
  const swept = sweep()
  answers[1]?.(undefined)
  await swept
  expect(heard).toEqual([])
})

test('a first state that is answered after a later question does not undo its answer', async () => {
  const { watch, doubts, connection, heard, answers, sweep } = node()
  const asked = watch.watch(connection, [BOB])
  doubts.onEvent(blocked)
  const swept = sweep()
  answers[1]?.(undefined)
  await swept
  answers[0]?.(bobIs('online'))
  expect(await asked).toEqual([bobIs('offline')])
  watch.hear(truth(bobIs('busy')))
  await sweep()
  expect(heard).toEqual([])
})

test('a doubt that comes while one is asked about is asked about again: a denial holds at once, a permission does not', async () => {
  for (const [second, first] of [
    [blocked, unblocked],
    [unblocked, blocked],
  ] as const) {
    const { watch, doubts, heard, answers, sweep } = await watching()
    doubts.onEvent(first)
    const swept = sweep()
    doubts.onEvent(second)
    answers[1]?.(first === blocked ? undefined : bobIs('online'))
    await swept
    expect(heard).toEqual(first === blocked ? [bobIs('offline')] : [])
    watch.hear(truth(bobIs('busy')))
    const again = sweep()
    answers[2]?.(second === blocked ? undefined : bobIs('busy'))
    await again
    expect(heard).toEqual(first === blocked ? [bobIs('offline'), bobIs('busy')] : [bobIs('offline')])
    await sweep()
    expect(answers).toHaveLength(3)
  }
})

test('a block is judged although another conversation is deleted while it is asked about', async () => {
  const { watch, doubts, heard, answers, sweep } = await watching()
  doubts.onEvent(blocked)
  const swept = sweep()
  doubts.onEvent(deleted(crypto.randomUUID()))
  answers[1]?.(undefined)
  await swept
  watch.hear(truth(bobIs('busy')))
  await sweep()
  expect(heard).toEqual([bobIs('offline')])
})

test('a deleted conversation puts only its members in doubt, and they stay in it until the members could be read', async () => {
  const { watch, doubts, heard, answers, questions, state, sweep } = await watching()
  doubts.onEvent(deleted(crypto.randomUUID()))
  await sweep()
  watch.hear(truth(bobIs('away')))
  expect([questions.length, heard]).toEqual([1, [bobIs('away')]])
  doubts.onEvent(deleted(HOME))
  state.deaf = true
  await expect(sweep()).rejects.toThrow()
  state.deaf = false
  const swept = sweep()
  await expect.poll(() => answers.length).toBe(2)
  answers[1]?.(undefined)
  await swept
  expect(heard).toEqual([bobIs('away'), bobIs('offline')])
})

test('a list that is being read keeps nobody else from hearing', async () => {
  const { watch, heard, answers } = await watching()
  const slow = { ...node().connection, actor: { user_id: crypto.randomUUID() } } as unknown as Connection
  const asked = watch.watch(slow, [BOB])
  watch.hear(truth(bobIs('busy')))
  expect(heard).toEqual([bobIs('busy')])
  answers[1]?.(undefined)
  await asked
})

test('however many sockets and lists somebody has, each pair is asked about once, and no question is without bound', async () => {
  const { watch, doubts, connection, answers, questions, sweep } = node()
  const people = Array.from({ length: 200 }, () => crypto.randomUUID())
  const asked = Array.from({ length: 40 }, (_, n) =>
    watch.watch(
      { ...connection } as Connection,
      n < 20 ? people : Array.from({ length: 300 }, () => crypto.randomUUID()),
    ),
  )
  for (const answer of answers) answer(undefined)
  await Promise.all(asked)
  const first = questions.length
  doubts.onEvent({ type: 'member.removed', stream_id: HOME, data: JSON.stringify({ user_id: ALICE }) } as LogEvent)
  const swept = sweep()
  answers.at(-1)?.(new Error('it took too long'))
  await expect(swept).rejects.toThrow()
  for (const _ of [1, 2]) {
    const again = sweep()
    answers.at(-1)?.(undefined)
    await again
  }
  expect(questions.slice(first).map((pairs) => pairs.length)).toEqual([5_000, 2_500, 3_700])
  expect(new Set(questions.slice(first + 1).flatMap((pairs) => pairs.map((pair) => pair.user_id))).size).toBe(6_200)
  await sweep()
  expect(questions).toHaveLength(first + 3)
})

test('what waits for its turn is told although the question of another fails or takes long', async () => {
  const { watch, doubts, heard, answers, state, sweep } = await watching()
  const carol = { actor: { user_id: crypto.randomUUID() }, sendSignal: () => undefined } as unknown as Connection
  const dave = crypto.randomUUID()
  const asked = watch.watch(carol, [dave])
  answers[1]?.(undefined)
  await asked
  watch.hear(truth(bobIs('away')))
  watch.hear(truth(bobIs('busy')))
  state.now += 2_000
  doubts.onEvent({ ...blocked, stream_id: dave, data: JSON.stringify({ user_id: carol.actor.user_id }) })
  const swept = sweep()
  watch.sweep()
  expect(heard).toEqual([bobIs('away'), bobIs('busy')])
  answers[2]?.(new Error('the database is away'))
  await expect(swept).rejects.toThrow()
})

test('while it is in doubt whether somebody may be seen nothing is told of them, however long the answer takes', async () => {
  const { watch, heard, answers, state, doubts, sweep } = await watching()
  doubts.onEvent(blocked)
  watch.hear(truth(bobIs('away')))
  const failed = sweep()
  watch.hear(truth(bobIs('busy')))
  answers[1]?.(new Error('the database is away'))
  await expect(failed).rejects.toThrow()
  state.now += 60_000
  watch.hear(truth(bobIs('away')))
  expect(heard).toEqual([])
  const swept = sweep()
  watch.hear(truth(bobIs('busy')))
  answers[2]?.(undefined)
  await swept
  watch.hear(truth(bobIs('online')))
  await sweep()
  expect(heard).toEqual([bobIs('offline')])
  expect(answers).toHaveLength(3)
})

test('where the doubt was without cause, what was heard meanwhile is told', async () => {
  const { watch, heard, answers, doubts, sweep } = await watching()
  doubts.onEvent(blocked)
  watch.hear(truth(bobIs('busy')))
  const swept = sweep()
  answers[1]?.(bobIs('online'))
  await swept
  expect(heard).toEqual([bobIs('busy')])
})

test('events about people whom nobody here watches ask nothing', async () => {
  const { answers, doubts, sweep } = await watching()
  const stranger = JSON.stringify({ user_id: crypto.randomUUID() })
  doubts.onEvent({ type: 'member.removed', stream_id: crypto.randomUUID(), data: stranger } as LogEvent)
  await sweep()
  expect(answers).toHaveLength(1)
})

test('a socket that closes leaves nothing behind, also while its list is read or asked about', async () => {
  const { watch, connection, heard, answers } = node()
  const asked = watch.watch(connection, [BOB])
  watch.hear(truth(bobIs('busy')))
  watch.drop(connection)
  answers[0]?.(bobIs('online'))
  expect(await asked).toEqual([])
  expect(watch.size).toBe(0)

  const other = await watching()
  other.watch.doubts.onEvent(blocked)
  const swept = other.sweep()
  other.watch.drop(other.connection)
  other.answers[1]?.(undefined)
  await swept
  other.watch.hear(truth(bobIs('busy')))
  await other.sweep()
  expect([other.watch.size, heard, other.heard]).toEqual([0, [], []])
})

test('a list whose first state cannot be read is no list', async () => {
  const { watch, connection, answers } = node()
  const asked = watch.watch(connection, [BOB])
  answers[0]?.(new Error('the database is away'))
  await expect(asked).rejects.toThrow()
  expect(watch.size).toBe(0)
})
