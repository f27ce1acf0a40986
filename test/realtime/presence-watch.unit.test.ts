// What falls between asking who may be seen and the answer: the order that a real database gives only now and then.
import { expect, test } from 'vitest'
import type { UserPresence } from '../../src/contract/presence.js'
import type { Db } from '../../src/db/database.js'
import { createMetrics } from '../../src/observe.js'
import type { Connection } from '../../src/realtime/connection.js'
import type { LogEvent } from '../../src/realtime/log.js'
import { PresenceWatch } from '../../src/realtime/presence-watch.js'

const ALICE = crypto.randomUUID()
const BOB = crypto.randomUUID()

const bobIs = (status: UserPresence['status'], last_seen_at: string | null = null): UserPresence => ({
  user_id: BOB,
  status,
  last_seen_at,
})
const blocked = { type: 'block.added', stream_id: BOB, data: JSON.stringify({ user_id: ALICE }) } as LogEvent

/** Alice's socket, on a node whose reads are answered when the test says so: with Bob as she may see him, or an error. */
function node() {
  const heard: UserPresence[] = []
  const answers: ((seen: UserPresence | undefined | Error) => void)[] = []
  const state = { now: 1_000_000 }
  const look = () =>
    new Promise<Map<string, UserPresence>>((resolve, reject) =>
      answers.push((seen) => {
        if (seen instanceof Error) reject(seen)
        else resolve(new Map(seen && [[`${ALICE} ${BOB}`, seen]]))
      }),
    )
  const watch = new PresenceWatch({
    db: {} as Db,
    presence: { look, truth: (presence) => presence },
    now: () => state.now,
    metrics: createMetrics(),
  })
  const connection = {
    actor: { user_id: ALICE },
    sendSignal: (frame: Buffer) => heard.push(JSON.parse(frame.toString()).data),
  } as unknown as Connection
  return { watch, connection, heard, answers, state }
}

async function watching() {
  const one = node()
  const asked = one.watch.watch(one.connection, [BOB])
  one.answers[0]?.(bobIs('online'))
  await asked
  return one
}

test('a change that is heard while the first state is read is told after it', async () => {
  const { watch, connection, heard, answers } = node()
  const asked = watch.watch(connection, [BOB])
  watch.hear(bobIs('away'))
  watch.hear(bobIs('busy'))
  await watch.sweep()
  answers[0]?.(bobIs('online'))
  expect(await asked).toEqual([bobIs('online')])
  expect(heard).toEqual([])
  await watch.sweep()
  expect(heard).toEqual([bobIs('busy')])
})

test('a block that comes while the first state is read is not overlooked', async () => {
  const { watch, connection, heard, answers } = node()
  const asked = watch.watch(connection, [BOB])
  watch.onEvent(blocked)
  await watch.sweep()
  answers[0]?.(bobIs('online'))
  await asked
  watch.hear(bobIs('busy'))
  const swept = watch.sweep()
  answers[1]?.(undefined)
  await swept
  expect(heard).toEqual([bobIs('offline')])
})

test('a list that is being read keeps nobody else from hearing', async () => {
  const { watch, heard, answers } = await watching()
  const slow = { ...node().connection, actor: { user_id: crypto.randomUUID() } } as unknown as Connection
  const asked = watch.watch(slow, [BOB])
  watch.onEvent(blocked)
  const swept = watch.sweep()
  answers[2]?.(bobIs('online'))
  await swept
  watch.hear(bobIs('busy'))
  expect(heard).toEqual([bobIs('busy')])
  answers[1]?.(undefined)
  await asked
})

test('while it is in doubt whether somebody may be seen nothing is told of them, however long the answer takes', async () => {
  const { watch, heard, answers, state } = await watching()
  watch.onEvent(blocked)
  watch.hear(bobIs('away'))
  const failed = watch.sweep()
  watch.hear(bobIs('busy'))
  answers[1]?.(new Error('the database is away'))
  await expect(failed).rejects.toThrow()
  state.now += 60_000
  watch.hear(bobIs('away'))
  expect(heard).toEqual([])
  const swept = watch.sweep()
  watch.hear(bobIs('busy'))
  answers[2]?.(undefined)
  await swept
  watch.hear(bobIs('online'))
  await watch.sweep()
  expect(heard).toEqual([bobIs('offline')])
  expect(answers).toHaveLength(3)
})

test('where the doubt was without cause, what was heard meanwhile is told', async () => {
  const { watch, heard, answers } = await watching()
  watch.onEvent(blocked)
  watch.hear(bobIs('busy'))
  const swept = watch.sweep()
  answers[1]?.(bobIs('online'))
  await swept
  expect(heard).toEqual([bobIs('busy')])
})

test('events about people whom nobody here watches ask nothing', async () => {
  const { watch, answers } = await watching()
  const stranger = JSON.stringify({ user_id: crypto.randomUUID() })
  watch.onEvent({ type: 'member.removed', stream_id: crypto.randomUUID(), data: stranger } as LogEvent)
  await watch.sweep()
  expect(answers).toHaveLength(1)
})

test('a socket that closes leaves nothing behind, also while its list is read or asked about', async () => {
  const { watch, connection, heard, answers } = node()
  const asked = watch.watch(connection, [BOB])
  watch.hear(bobIs('busy'))
  watch.drop(connection)
  answers[0]?.(bobIs('online'))
  expect(await asked).toEqual([])
  expect(watch.size).toBe(0)

  const other = await watching()
  other.watch.onEvent(blocked)
  const swept = other.watch.sweep()
  other.watch.drop(other.connection)
  other.answers[1]?.(undefined)
  await swept
  other.watch.hear(bobIs('busy'))
  await other.watch.sweep()
  expect([other.watch.size, heard, other.heard]).toEqual([0, [], []])
})

test('a list whose first state cannot be read is no list', async () => {
  const { watch, connection, answers } = node()
  const asked = watch.watch(connection, [BOB])
  answers[0]?.(new Error('the database is away'))
  await expect(asked).rejects.toThrow()
  expect(watch.size).toBe(0)
})
