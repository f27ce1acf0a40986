// What is said while a socket takes nothing may be thrown away: it has to be said again from where the client stands.
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { VerifiedActor } from '../../src/auth/actor.js'
import { createLogger, createMetrics } from '../../src/observe.js'
import { textFrame, textOf } from '../../src/protocols/text-frame.js'
import { CatchUp } from '../../src/realtime/catch-up.js'
import { Connection } from '../../src/realtime/connection.js'
import { frameFor } from '../../src/realtime/frames.js'
import type { LogEvent } from '../../src/realtime/log.js'
import type { MissedEvents } from '../../src/realtime/missed.js'
import type { Positions } from '../../src/realtime/positions.js'
import { RecentEvents } from '../../src/realtime/recent-events.js'
import type { Frame } from '../support/ear.js'

const BOB = crypto.randomUUID()
const HOME = crypto.randomUUID()
const LIMITS = { ping_interval_ms: 25_000, pong_timeout_ms: 10_000, stall_ms: 30_000, auth_grace_ms: 25_000 }
const event = (id: number, size = 10): LogEvent => ({
  id,
  stream_id: HOME,
  seq: id,
  type: 'message.created',
  at: '',
  created_at: new Date(),
  message_id: null,
  quoted_id: null,
  data: JSON.stringify('x'.repeat(size)),
  withheld_from: null,
})

/** A socket that takes nothing until it is told to. */
class SlowSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  isPaused = false
  bufferedAmount = 0
  readonly heard: Frame[] = []
  #isSlow = true
  #taken: (() => void)[] = []

  write(frame: Buffer, done: () => void = () => undefined): void {
    this.heard.push(JSON.parse(textOf(frame).toString()))
    this.bufferedAmount += frame.length
    this.#taken.push(() => {
      this.bufferedAmount -= frame.length
      done()
    })
    if (!this.#isSlow) this.take()
  }

  take(): void {
    this.#isSlow = false
    for (const taken of this.#taken.splice(0)) taken()
  }

  cork(): void {}
  uncork(): void {}
  resume(): void {}
  close(): void {}
}

/** A log of `length` events, of which the client that stands at `since` comes back; the socket takes what it is told to. */
function comeBack(since: number, log: LogEvent[]) {
  const recent = new RecentEvents(10_000_000)
  recent.begin(0)
  for (const one of log) recent.add(one)
  const safe = () => log.length
  const asked: number[] = []
  const missed = {
    find: async (_: string, from: number) => {
      asked.push(from)
      return { ids: log.filter(({ id }) => id > from).map(({ id }) => id), limited: [] }
    },
    read: async function* (_: string, ids: number[]) {
      yield log.filter(({ id }) => ids.includes(id))
    },
  } as unknown as MissedEvents
  const positions = { read: () => since, token: () => 'token' } as unknown as Positions
  Object.defineProperty(positions, 'safe', { get: safe })
  const metrics = createMetrics()
  const logger = createLogger('silent')
  const catchUp = new CatchUp({ missed, recent, positions, reachOf: () => [[HOME, 1]], logger, metrics })
  const webSocket = new SlowSocket()
  const connection = new Connection({
    id: 'one',
    actor: { user_id: BOB, session_id: 'one', expires_at: new Date(Date.now() + 1e9) } as VerifiedActor,
    webSocket: webSocket as unknown as WebSocket,
    socket: webSocket as unknown as Socket,
    batch: false,
    limits: { ...LIMITS, queue_bytes: 1_048_576, queue_frames: 16 },
    logger,
    metrics,
    safe,
    checkpoint: () => textFrame('{"type":"checkpoint"}'),
    onCommand: async () => undefined,
    onBehind: (one, from) => catchUp.fromLog(one, from),
    onClosed: () => undefined,
  })
  catchUp.resume(connection, 'a token')
  const say = (one: LogEvent) => {
    log.push(one)
    recent.add(one)
    connection.hear(one, frameFor(one, BOB))
  }
  return { webSocket, connection, say, asked }
}

test('a socket that falls behind while it is told what it missed is told that once more', async () => {
  const log = Array.from({ length: 9 }, (_, n) => event(n + 1, 60_000))
  const { webSocket, say, asked } = comeBack(3, log)
  await new Promise(setImmediate)
  for (let id = 10; id <= 30; id++) say(event(id))
  expect(asked).toEqual([3])
  webSocket.take()
  await new Promise(setImmediate)
  const heard = webSocket.heard.flatMap(({ seq }) => (seq === undefined ? [] : [seq]))
  expect([...new Set(heard)]).toEqual(Array.from({ length: 27 }, (_, n) => n + 4))
  expect(webSocket.heard.slice(-2).map(({ type }) => type)).toEqual(['resumed', 'checkpoint'])
})
