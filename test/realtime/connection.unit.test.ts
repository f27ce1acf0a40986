// What one socket costs the others: it has one command done in a turn, and is read for no more once it is gone.
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { createLogger, createMetrics } from '../../src/observe.js'
import { CatchUp } from '../../src/realtime/catch-up.js'
import { Connection } from '../../src/realtime/connection.js'
import type { LogEvent } from '../../src/realtime/log.js'
import type { MissedEvents } from '../../src/realtime/missed.js'
import type { Positions } from '../../src/realtime/positions.js'
import { RecentEvents } from '../../src/realtime/recent-events.js'

const BOB = crypto.randomUUID()
const common = { logger: createLogger('silent'), metrics: createMetrics() }

test('of the frames that came in one packet one is answered in each turn of the loop, in their order', async () => {
  const said: string[] = []
  const { webSocket } = connect(async (text) => {
    said.push(text)
  })
  for (const text of ['a', 'b', 'c', 'd']) webSocket.emit('message', Buffer.from(text), false)
  for (const so_far of [['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd']]) {
    // All that does not wait for another turn.
    for (let times = 0; times < 100; times++) await Promise.resolve()
    expect(said).toEqual(so_far)
    await nextTurn()
  }
})

test('for a socket that is gone, nothing more of what it missed is read', async () => {
  const { connection, webSocket } = connect()
  let chunks = 0
  const missed = {
    find: async () => ({ ids: [1, 2, 3], limited: [] }),
    async *read() {
      for (const id of [1, 2, 3]) {
        chunks++
        if (id === 2) webSocket.end()
        yield [event(id)]
      }
    },
  } as unknown as MissedEvents
  const positions = { safe: 3 } as Positions
  new CatchUp({ ...common, missed, positions, recent: new RecentEvents(0), reachOf: () => undefined }).fromLog(
    connection,
    0,
  )
  await nextTurn()
  expect(chunks).toBe(2)
})

class OpenSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  isPaused = false
  bufferedAmount = 0

  end(): void {
    this.readyState = 3
    this.emit('close', 1006)
  }
}

function connect(onCommand: (text: string) => Promise<void> = async () => undefined) {
  const webSocket = new OpenSocket()
  const connection = new Connection({
    ...common,
    id: crypto.randomUUID(),
    actor: { user_id: BOB, session_id: crypto.randomUUID(), expires_at: new Date(Date.now() + 3_600_000) },
    webSocket: webSocket as unknown as WebSocket,
    socket: new PassThrough() as unknown as Socket,
    batch: false,
    limits: {
      queue_bytes: 65_536,
      queue_frames: 100,
      ping_interval_ms: 25_000,
      pong_timeout_ms: 10_000,
      stall_ms: 30_000,
      auth_grace_ms: 25_000,
    },
    safe: () => 0,
    checkpoint: () => Buffer.from('{}'),
    onCommand: (_, text) => onCommand(text),
    onBehind: () => undefined,
    onClosed: () => undefined,
  })
  return { connection, webSocket }
}

function event(id: number): LogEvent {
  return {
    id,
    stream_id: BOB,
    seq: id,
    type: 'user.updated',
    at: '',
    created_at: new Date(),
    message_id: null,
    quoted_id: null,
    data: '{}',
    withheld_from: null,
  }
}
