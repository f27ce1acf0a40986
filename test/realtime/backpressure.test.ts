// What a slow reader costs: itself its queue, the others nothing.
import { expect, test } from 'vitest'
import type { Ear, Frame } from '../support/ear.js'
import { readMetric, startWorld, type World } from '../support/world.js'

const SMALL = { WS_QUEUE_BYTES: '65536', WS_QUEUE_FRAMES: '64', MAX_MESSAGE_LENGTH: '65536' }
const FALLEN_BEHIND = 'earshot_sockets_behind_total'

/** A group in which one reader stops reading until their queue is full: the kernel's buffers fill first, then the server's own. */
async function fallBehind(world: World, asks: (socket: Ear['socket'], n: number) => void = () => undefined) {
  const [dave, erin, fast] = await world.people('dave', 'erin', 'fast')
  const group = await world.group(dave, erin, fast)
  const [slow, other] = [await erin.connect(), await fast.connect()]
  await erin.settled()
  slow.socket.pause()
  let sent = 0
  const say = async (size = 20_000) => {
    asks(slow.socket, sent + 1)
    await dave.say(group.id, 'x'.repeat(size), { metadata: { n: ++sent } })
    await other.next('message.created', (frame) => frame.data.metadata.n === sent)
  }
  while ((await readMetric(world.node, FALLEN_BEHIND)) === 0 && sent < 2_000) await say()
  const numbersOf = (frames: Frame[]) =>
    frames.flatMap((frame) => (frame.stream === group.id && frame.data.metadata?.n ? [frame.data.metadata.n] : []))
  return { slow, other, say, numbersOf, sent: () => sent }
}

test('a reader that falls behind loses its queue and nothing else: it catches up from the log', async () => {
  await using world = await startWorld(SMALL)
  const { slow, other, say, numbersOf, sent } = await fallBehind(world)
  // Signals and events alike wait for what was missed.
  for (let n = 0; n < 5; n++) await say()
  const end = slow.seen(({ type }) => type === 'resumed')
  slow.socket.resume()
  expect((await end).data.limited).toEqual([])
  await say(1)
  await slow.seen((frame) => frame.data?.metadata?.n === sent())
  // What the socket had taken already may come twice; a seq that was heard is dropped.
  const heard = new Set<number>()
  const inOrder = slow.frames.filter(({ stream, seq = 0 }) => {
    const isNew = stream === other.frames.at(-1)?.stream && !heard.has(seq)
    heard.add(seq)
    return isNew
  })
  const all = Array.from({ length: sent() }, (_, n) => n + 1)
  expect(numbersOf(inOrder)).toEqual(all)
  expect(numbersOf(other.frames)).toEqual(all)
  expect(slow.isOpen).toBe(true)
})

test('a reader that falls behind still gets the answers to what it asked', async () => {
  await using world = await startWorld({ ...SMALL, WS_QUEUE_BYTES: '524288' })
  const { slow, say } = await fallBehind(world, (socket, n) =>
    socket.send(JSON.stringify({ id: `ping ${n}`, type: 'ping' })),
  )
  await say(1)
  slow.socket.resume()
  await slow.seen(({ type }) => type === 'resumed')
  await slow.command('ping')
  const answered = slow.frames.flatMap(({ type, id }) => (type === 'reply' && id?.startsWith('ping') ? [id] : []))
  expect(answered).toEqual(answered.map((_, n) => `ping ${n + 1}`))
  expect(answered.length).toBeGreaterThan(10)
})

test('a reader that takes nothing at all is closed as too slow, and costs the others nothing', async () => {
  await using world = await startWorld({ ...SMALL, WS_STALL: '1s' })
  const { slow, other, numbersOf, sent } = await fallBehind(world)
  while ((await readMetric(world.node, 'earshot_socket_closes_total{code="4408"}')) === 0) await other.command('ping')
  slow.socket.resume()
  expect((await slow.closed).code).toBe(4408)
  expect(numbersOf(other.frames)).toEqual(Array.from({ length: sent() }, (_, n) => n + 1))
})

test('a reader that has missed too much while it was slow is told to load afresh', async () => {
  await using world = await startWorld(SMALL)
  const { slow, say } = await fallBehind(world)
  for (let n = 0; n < 20; n++) await say(60_000)
  slow.socket.resume()
  expect((await slow.seen(({ type }) => type === 'resync')).data).toEqual({ reason: 'too_much' })
  await say(1)
  await slow.next('message.created', (frame) => frame.data.content === 'x')
  expect(slow.isOpen).toBe(true)
})

test('what is said in answer to commands waits until it is taken: a client that only asks is not read on', async () => {
  await using world = await startWorld(SMALL)
  const [dave] = await world.people('dave')
  const ear = await dave.connect()
  ear.socket.pause()
  const { id } = await world.group(dave, await world.person('erin'))
  await dave.say(id, 'y'.repeat(60_000))
  const from_seq = (await dave.get(`/conversations/${id}`)).seq
  const ask = JSON.stringify({ id: 'q', type: 'stream.fetch', data: { stream: id, from_seq, to_seq: from_seq } })
  // 300 answers of 60 kB each: far more than the kernel takes.
  for (let n = 0; n < 300; n++) ear.socket.send(ask)
  const done = async () => readMetric(world.node, 'earshot_socket_commands_total{type="stream.fetch",outcome="ok"}')
  let before = -1
  for (let now = await done(); now !== before || now === 0; now = await done()) {
    before = now
    for (let n = 0; n < 20; n++) await dave.get('/users/me')
  }
  expect(before).toBeLessThan(300)
  ear.socket.resume()
  await ear.heard('reply', 300)
})

test('several frames come as one array to those who ask for it', async () => {
  await using world = await startWorld()
  const [dave, erin] = await world.people('dave', 'erin')
  const { id } = await world.group(dave, erin)
  const texts: string[] = []
  const ear = await erin.connect(erin.url, { batch: '1' })
  ear.socket.on('message', (data) => texts.push(data.toString()))
  const psql = await world.session()
  await psql.query(
    'insert into messages (conversation_id, sender_id, content) select $1, $2, n from generate_series(1, 50) n',
    [id, dave.id],
  )
  await ear.next('message.created', ({ data }) => data.content === '50')
  const arrays = texts.map((text) => JSON.parse(text)).filter(Array.isArray)
  expect(arrays.length).toBeGreaterThan(0)
  expect(texts.length).toBeLessThan(50)
  const said = ear.stream(id).flatMap(({ type, data }) => (type === 'message.created' ? [data.content] : []))
  expect(said.slice(-50)).toEqual(Array.from({ length: 50 }, (_, n) => String(n + 1)))
})

test('with compression on, large frames are compressed for those who can, and nothing else changes', async () => {
  await using world = await startWorld({ WS_COMPRESSION: 'on' })
  const [dave, erin] = await world.people('dave', 'erin')
  const { id } = await world.group(dave, erin)
  const ear = await erin.connect()
  expect(ear.socket.extensions).toContain('permessage-deflate')
  await dave.say(id, 'z'.repeat(5_000))
  expect((await ear.next('message.created', ({ data }) => data.type === 'text')).data.content).toHaveLength(5_000)
  const answer = await ear.command('message.send', { conversation_id: id, content: 'z'.repeat(5_000) })
  expect(answer.ok).toBe(true)
  await using plain = await startWorld()
  expect((await (await plain.person('fay')).connect()).socket.extensions).toBe('')
})
