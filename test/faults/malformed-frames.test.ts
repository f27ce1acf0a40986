// Clients that send what no client should, down to the bytes, while others work.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { CLOSE_CODES } from '../../src/contract/close-codes.js'
import { checkFrame } from '../support/conformance.js'
import { fork, pick, type Random, randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { MALFORMED, type Malformed, type Place } from './support/malformed.js'
import type { NodeProcess } from './support/node-process.js'
import { frame, handshake, RawSocket } from './support/raw-socket.js'
import { IS_LONG, long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '28 Malformed frames of every kind'
const FRAMES = long(10_000, 1_500)
const ATTACKERS = 6
const DAWDLERS = long(200, 50)
/** Of RFC 6455, and ours. */
const DOCUMENTED = new Set<number>([
  ...[1000, 1002, 1003, 1005, 1007, 1008, 1009],
  ...Object.values(CLOSE_CODES).map(({ code }) => code),
])
/** Node gives a request a minute for its head, and looks each half minute. */
const HEAD_MS = 150_000
const SPARE_BYTES = 64_000_000

type Tally = Map<string, { sent: number; told: number }>

/** One after the other on sockets of their own; what comes of each is held against what should. */
async function attack(random: Random, open: () => Promise<RawSocket>, place: Place, count: number, tally: Tally) {
  let socket = await open()
  for (let n = 0; n < count; n++) {
    if (socket.isGone) socket = await open()
    const one: Malformed = pick(random, MALFORMED)
    const seen = tally.get(one.name) ?? { sent: 0, told: 0 }
    tally.set(one.name, seen)
    seen.sent++
    const before = socket.replies.length
    socket.send(one.bytes(random, place))
    if (one.leaves === 'reset') socket.socket.resetAndDestroy()
    else if (one.leaves === 'half') socket.socket.end()
    if (one.outcome === 'answer') await socket.until(() => socket.replies.length > before)
    else if (one.outcome === 'nothing') {
      socket.send(frame('{"id":"after","type":"ping"}'))
      await socket.until(() => socket.replies.length > before)
    } else await socket.until(() => socket.closeCode !== undefined)
    if (typeof one.outcome === 'string') {
      expect(socket.isGone, `${one.name}: closed with ${socket.closeCode}`).toBe(false)
      expect(socket.replies.length, one.name).toBe(before + 1)
      const reply = socket.replies.at(-1)
      checkFrame(reply)
      expect(['internal', 'unavailable', 'busy'], `${one.name}: ${JSON.stringify(reply)}`).not.toContain(
        reply.error?.code,
      )
      seen.told++
    } else {
      const { closeCode } = socket
      // Whoever sends such things may not answer a close either.
      socket.socket.destroy()
      // A reset may overtake the frame that says why; what is said is right.
      if (closeCode === undefined) continue
      expect(one.outcome, one.name).toContain(closeCode)
      expect(DOCUMENTED).toContain(closeCode)
      seen.told++
    }
  }
  socket.socket.destroy()
}

/** Requests that are none, or none for a socket: answered with a status, or closed. */
async function knock(url: string, token: string): Promise<void> {
  const heads = [
    'hello\r\n\r\n',
    '\u0000\u0001\u0002\u0003',
    'GET /ws HTTP/1.1\r\n\r\n',
    'GET /ws\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    handshake('/ws', { 'Sec-WebSocket-Key': 'short' }),
    handshake('/ws', { 'Sec-WebSocket-Version': '99' }),
    handshake('/ws', { Upgrade: 'h2c' }),
    handshake('/ws', { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=99' }),
    handshake('/ws', { 'Sec-WebSocket-Protocol': ',,' }),
    handshake('/nowhere'),
    handshake('http://[/ws'),
    handshake(`/ws?token=${'x'.repeat(4_000)}`),
    handshake(`/ws?token=${token}`, { 'X-Long': 'x'.repeat(20_000) }),
    handshake(`/ws?token=${token}`).replace('GET', 'POST'),
    handshake(`/ws?token=${token}&resume=${'%ff'.repeat(500)}`).replace('HTTP/1.1', 'HTTP/1.0'),
    handshake('/ws', { 'Transfer-Encoding': 'chunked', 'Content-Length': '5' }),
  ]
  for (const head of heads) {
    const raw = await RawSocket.dial(url)
    const answered = once(raw.socket, 'data').catch(() => [Buffer.alloc(0)])
    raw.send(Buffer.from(head, 'latin1'))
    raw.socket.end()
    const [chunk] = await Promise.race([answered, raw.gone.then(() => [Buffer.alloc(0)])])
    expect(chunk.toString('latin1', 0, 12), JSON.stringify(head.slice(0, 60))).toMatch(/^(HTTP\/1\.1 [1-4]..)?$/)
    raw.socket.destroy()
    await raw.gone
  }
}

/** They never come to the end of their request. Resolves once the last has been sent away, or is told to go. */
async function dawdle(url: string, count: number, isOver: () => boolean): Promise<{ sentAway: number }> {
  const bytes = Buffer.from(handshake(`/ws?token=${'x'.repeat(500)}`))
  const all = await Promise.all(Array.from({ length: count }, () => RawSocket.dial(url)))
  for (let at = 0; all.some((raw) => !raw.isGone) && !isOver(); at++) {
    // Half of them say nothing at all.
    for (const [n, raw] of all.entries()) if (n % 2 === 0) raw.send(bytes.subarray(at, at + 1))
    await delay(200)
  }
  const sentAway = all.filter((raw) => raw.isGone).length
  for (const raw of all) raw.socket.destroy()
  return { sentAway }
}

const memory = async (node: NodeProcess) =>
  (await node.metric('nodejs_heap_size_used_bytes')) + (await node.metric('nodejs_external_memory_bytes'))

test(`${FAULT}: each is answered or closed as documented, and costs the others nothing (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 1, settings: { WS_MAX_FRAME_BYTES: '131072' } })
  const node = stage.node(0)
  const { pid } = node
  const people = await Promise.all(Array.from({ length: ATTACKERS }, (_, n) => stage.person(`attacker${n}`)))
  const [first, ...others] = people
  if (!first) throw new Error('nobody attacks')
  const { id: room } = await stage.group(first, ...others)
  const company = await gather(stage, random, { restMs: 150 })
  const place = { room, elsewhere: company.workload.rooms[0]?.id ?? '', maxBytes: 131_072 }
  const tally: Tally = new Map()
  const turn = (count: number) =>
    Promise.all(people.map((one) => attack(fork(random), () => RawSocket.open(one), place, count / ATTACKERS, tally)))

  let isOver = false
  const dawdling = dawdle(node.url, DAWDLERS, () => isOver)
  dawdling.catch(() => undefined)
  await knock(node.url, first.token)
  await turn(FRAMES / 5)
  const before = await memory(node)
  for (let part = 1; part < 5; part++) {
    await turn(FRAMES / 5)
    await company.workload.acknowledges(20)
    progress(FAULT, `${(part + 1) * 20} % sent`)
  }
  if (!IS_LONG) isOver = true
  const giveUp = new AbortController()
  await Promise.race([dawdling, delay(HEAD_MS, undefined, { signal: giveUp.signal })])
  giveUp.abort()
  isOver = true
  const { sentAway } = await dawdling
  if (IS_LONG) expect(sentAway).toBe(DAWDLERS)

  await expect.poll(() => memory(node), { timeout: 30_000 }).toBeLessThan(before + SPARE_BYTES)
  expect(node.pid).toBe(pid)
  expect(node.isRunning).toBe(true)
  expect(node.lines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([])
  expect([...tally.keys()].sort()).toEqual(MALFORMED.map(({ name }) => name).sort())
  const untold = [...tally].filter(([name, { told }]) => told === 0 && !/half a frame|noise/.test(name))
  expect(untold, 'closed without ever saying why').toEqual([])
  await company.end()
  const sent = [...tally.values()].reduce((sum, one) => sum + one.sent, 0)
  await audit(stage, {
    ...company,
    fault: FAULT,
    note: `${sent} frames of ${tally.size} kinds, ${DAWDLERS} requests that never end, ${sentAway} of them sent away`,
  })
})
