// A node that is behind alone lets its sockets go as a node does that stops, but stays there for those who come when it is over.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createLogger, createMetrics } from '../../src/observe.js'
import { encodeStale } from '../../src/protocols/native.js'
import { type SocketOptions, Sockets } from '../../src/realtime/sockets.js'
import { Ear } from '../support/ear.js'

const SINCE = '2026-01-01T00:00:00.000Z'

/** Sockets for everybody, in a server without anything else. */
async function openSockets() {
  const staleness = { frame: undefined as Buffer | undefined, isAlone: false }
  const metrics = createMetrics()
  const actor = {
    user_id: crypto.randomUUID(),
    session_id: crypto.randomUUID(),
    expires_at: new Date(Date.now() + 1e9),
  }
  /** A socket is on its way in until it resolves. */
  const way = { in: Promise.resolve() }
  const sockets = new Sockets({
    fanout: { attach: async (_: unknown, greet: () => void) => greet(), detach: () => undefined },
    door: { enter: () => ({}), verify: () => way.in.then(() => actor), seat: () => undefined, leave: () => undefined },
    positions: { safe: 0, token: () => 'where I stand' },
    ended: { has: () => false },
    staleness,
    services: {
      logger: createLogger('silent'),
      metrics,
      limits: { message_length: 1, message_bytes: 1 },
      missed: { admit: (_: unknown, work: () => unknown) => work() },
      ...Object.fromEntries(['typing', 'watches', 'presence'].map((name) => [name, NOTHING])),
    },
    compression: false,
    limits: {
      ...{
        max_frame_bytes: 1_024,
        queue_bytes: 65_536,
        queue_frames: 64,
        ping_interval_ms: 60_000,
        pong_timeout_ms: 60_000,
      },
      ...{ stall_ms: 60_000, auth_grace_ms: 60_000, drain_ms: 500 },
    },
  } as unknown as SocketOptions)
  const http = createServer()
  await once(http.listen(0, '127.0.0.1'), 'listening')
  sockets.start(http)
  const ears: Ear[] = []
  onTestFinished(async () => {
    for (const ear of ears) ear.cut()
    await sockets.stop()
    http.close()
  })
  const dial = () => {
    const ear = new Ear(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/ws`)
    ears.push(ear)
    return ear
  }
  const connect = async () => {
    const ear = dial()
    await ear.next('hello')
    return ear
  }
  return { sockets, staleness, metrics, way, dial, connect }
}
const NOTHING = {
  socketClosed: () => undefined,
  drop: () => undefined,
  left: () => undefined,
  arrived: () => undefined,
}

test('sockets are let go a few at a time, with a last checkpoint and a code that sends them to another node', async () => {
  const { sockets, connect } = await openSockets()
  const ears = await Promise.all(Array.from({ length: 60 }, connect))
  const left: number[] = []
  const closes = ears.map((ear) => ear.closed.finally(() => left.push(performance.now())))
  await sockets.evict()
  for (const close of closes) expect(await close).toMatchObject({ code: 4410 })
  for (const ear of ears) expect(ear.frames.at(-1)?.type).toBe('checkpoint')
  // 60 sockets, 5 ms each.
  expect((left.at(-1) ?? 0) - (left[0] ?? 0)).toBeGreaterThan(100)
  const back = await connect()
  expect(back.isOpen).toBe(true)
})

test('while it is behind alone nobody comes in, nor stays who was on the way', async () => {
  const { staleness, metrics, way, dial, connect } = await openSockets()
  let arrive = () => {}
  way.in = new Promise((resolve) => {
    arrive = resolve
  })
  const early = dial()
  await once(early.socket, 'open')
  staleness.isAlone = true
  const late = dial()
  expect(await late.closed).toMatchObject({ code: 4410 })
  expect(late.frames).toEqual([])
  arrive()
  expect(await early.closed).toMatchObject({ code: 4410 })
  expect((await metrics.expose()).text).toContain('earshot_socket_refusals_total{reason="stale"} 1')
  staleness.isAlone = false
  expect((await connect()).isOpen).toBe(true)
})

test('whoever comes in while the node is behind hears it after hello, and news reach everybody who was greeted', async () => {
  const { sockets, staleness, way, dial, connect } = await openSockets()
  const there = await connect()
  staleness.frame = encodeStale(SINCE)
  const ear = await connect()
  expect((await ear.next('stale')).data).toEqual({ since: SINCE })
  let arrive = () => {}
  way.in = new Promise((resolve) => {
    arrive = resolve
  })
  const waiting = dial()
  await once(waiting.socket, 'open')
  sockets.tell(encodeStale(SINCE))
  await there.next('stale')
  arrive()
  await waiting.next('stale')
  // Never before it was greeted, and not twice.
  expect(waiting.news.map(({ type }) => type)).toEqual(['hello', 'stale'])
  expect(there.news.map(({ type }) => type)).toEqual(['hello', 'stale'])
})
