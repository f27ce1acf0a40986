// One socket after the other: when a client comes back, and when it does not.
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Earshot } from '../../src/sdk/client.js'
import { ID } from './support/scripted-server.js'
import { expectAlive, Stage } from './support/stage.js'
import { until } from './support/until.js'

/** The wait before the next socket, once the client has noticed that this one is gone. */
async function waitOf(stage: Stage, earshot: Earshot): Promise<number> {
  await until(() => earshot.status === 'offline' && stage.clock.waits.length === 1, 'waits for the next socket')
  return stage.clock.waits[0] ?? -1
}

test.each([
  [4408, 250],
  [4429, 250],
  [1001, 250],
  [1011, 250],
  [1012, 250],
  [3000, 250],
  // Half of the window that the server has named.
  [4400, 2_500],
  [4410, 2_500],
])('after a close with %i the client comes back', async (code, wait) => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket, errors } = await stage.live()
  socket.close(code)
  expect(await waitOf(stage, earshot)).toBe(wait)
  stage.clock.pass(wait)
  await until(() => earshot.status === 'live')
  expect(stage.server.sockets).toHaveLength(2)
  expect(errors).toEqual([])
  await expectAlive(stage, { earshot })
})

test('after a cut without a farewell it comes back', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket } = await stage.live()
  socket.cut()
  expect(await waitOf(stage, earshot)).toBe(250)
  stage.clock.pass(250)
  await until(() => earshot.status === 'live')
})

test.each([
  [4500, 'protocol_error'],
  [4503, 'forbidden'],
  [4505, 'too_many_connections'],
  [4999, 'closed'],
  [1000, 'closed'],
  [1002, 'closed'],
  [1003, 'unsupported_data'],
  [1007, 'closed'],
  [1008, 'closed'],
  [1009, 'closed'],
])('after a close with %i it stays away, says why, and can be started again', async (code, name) => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket, errors, statuses } = await stage.live()
  socket.close(code)
  await until(() => errors.length === 1)
  expect(errors).toEqual([`socket.${name}`])
  expect(earshot.status).toBe('offline')
  expect(stage.clock.waits).toEqual([])
  stage.clock.pass(120_000)
  expect(stage.server.sockets).toHaveLength(1)
  expect(statuses.slice(-2)).toEqual(['live', 'offline'])
  await earshot.start()
  await expectAlive(stage, { earshot })
})

test.each([4501, 4502])(
  'after a close with %i nobody is signed in any more, and what was held is still there',
  async (code) => {
    await using stage = await Stage.set()
    stage.server.hold(ID.home)
    const { earshot, socket } = await stage.live()
    socket.close(code)
    await until(() => earshot.status === 'signed out')
    expect(earshot.conversations).toHaveLength(1)
    expect(stage.clock.waits).toEqual([])
    await expect(earshot.start()).rejects.toMatchObject({ code: 'auth.unauthenticated' })
    // The same account goes on where it was.
    await earshot.signIn({ login: 'alice', password: 'x' })
    await earshot.start()
    expect(stage.server.sockets.at(-1)?.query.get('resume')).toBe('token of the load')
  },
)

test('4401: the token is refreshed, and the client is back at once; again and again, it waits', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket } = await stage.live()
  await stage.rest({ earshot }, 60_000)
  socket.close(4401)
  const second = await stage.server.socket(2)
  expect(second.query.get('token')).toBe('access 2')
  await until(() => earshot.status === 'live')
  for (let n = 2; n <= 9; n++) {
    stage.server.sockets.at(-1)?.close(4401)
    await until(() => earshot.status === 'offline')
    // From the second on it waits, longer each time.
    expect(await waitOf(stage, earshot)).toBe(Math.min(30_000, 500 * 2 ** (n - 1)) / 2)
    await stage.revive(earshot)
  }
})

test('4504: one refresh is tried, then nobody is signed in', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  await stage.rest({ earshot }, 60_000)
  stage.server.greets = false
  socket.close(4504)
  const second = await stage.server.socket(2)
  expect(second.query.get('token')).toBe('access 2')
  second.close(4504)
  await until(() => earshot.status === 'signed out')
  expect(stage.server.sockets).toHaveLength(2)
})

test('a server that closes at once each time is asked ever less often, within bounds, at random', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  stage.server.greets = false
  socket.close(4408)
  const waits: number[] = []
  for (let n = 2; n <= 12; n++) {
    stage.clock.chance = n % 2 === 0 ? 0.999 : 0.5
    // The wait before it was drawn already.
    const wait = await waitOf(stage, earshot)
    waits.push(wait)
    stage.clock.pass(wait)
    const next = await stage.server.socket(n)
    next.close(n % 3 === 0 ? 1012 : 4429)
  }
  const ceilings = waits.map((_, index) => Math.min(30_000, 500 * 2 ** index))
  expect(waits.every((wait, index) => wait < ceilings[index]! && wait >= ceilings[index]! / 2)).toBe(true)
  expect(new Set(waits.map((wait, index) => Math.round((wait / ceilings[index]!) * 10))).size).toBeGreaterThan(1)
  expect(stage.server.most).toBe(1)
})

test('whoever was live for ten seconds comes back as if for the first time, and nobody else', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  let last = socket
  for (const wait of [250, 500, 1_000]) {
    stage.clock.pass(wait === 250 ? 10_000 : 9_999 - 2_000)
    last.close(4408)
    expect(await waitOf(stage, earshot)).toBe(wait)
    last = await stage.revive(earshot)
  }
  stage.clock.pass(10_000)
  last.close(4408)
  expect(await waitOf(stage, earshot)).toBe(250)
})

test('a server that cannot be reached is tried again, and found when it is back', async () => {
  await using stage = await Stage.set()
  const { earshot } = stage.client()
  await earshot.signIn({ login: 'alice', password: 'x' })
  await stage.server.stop()
  const started = earshot.start()
  expect(await waitOf(stage, earshot)).toBe(250)
  stage.clock.pass(250)
  expect(await waitOf(stage, earshot)).toBe(500)
  earshot.stop()
  await expect(started).rejects.toMatchObject({ code: 'aborted' })
  expect(stage.clock.waits).toEqual([])
})

test('when nothing was heard for a heartbeat it asks, and after 40 seconds of silence it takes another socket', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  stage.server.reply = () => undefined
  stage.clock.pass(24_999)
  expect(socket.of('ping')).toEqual([])
  stage.clock.pass(1)
  await socket.command('ping')
  stage.clock.pass(14_999)
  expect(earshot.status).toBe('live')
  stage.clock.pass(1)
  await until(() => earshot.status === 'offline')
  await until(() => socket.closedWith !== undefined)
  const next = await stage.revive(earshot)
  expect(next).not.toBe(socket)
  expect(stage.server.most).toBe(1)
})

test('what is heard counts as a sign of life', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  let signals = 0
  earshot.on('signal', () => signals++)
  for (let n = 1; n <= 6; n++) {
    stage.clock.pass(20_000)
    socket.say({ type: 'profile.changed', data: { user_id: ID.bob } })
    await until(() => signals === n)
  }
  expect(socket.of('ping')).toEqual([])
  expect(stage.server.sockets).toHaveLength(1)
})

test('after a sleep it asks at once, and takes another socket when there is no answer in five seconds', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  stage.clock.sleep(3_600_000)
  // The timers ring late, and nothing is concluded from the silence alone.
  stage.clock.pass(0)
  await socket.command('ping')
  await earshot.command('ping')
  stage.clock.pass(5_000)
  expect(earshot.status).toBe('live')
  stage.server.reply = () => undefined
  stage.clock.sleep(3_600_000)
  stage.clock.pass(0)
  stage.clock.pass(4_999)
  expect(earshot.status).toBe('live')
  stage.clock.pass(1)
  await until(() => earshot.status === 'offline')
})

test('a page that is back online, or looked at again, asks at once or connects at once', async () => {
  const listeners = new Map<string, Set<() => void>>()
  const page = {
    addEventListener: (type: string, listener: () => void) =>
      void listeners.set(type, (listeners.get(type) ?? new Set()).add(listener)),
    removeEventListener: (type: string, listener: () => void) => void listeners.get(type)?.delete(listener),
  }
  const document = { ...page, visibilityState: 'hidden' }
  Object.assign(globalThis, { ...page, document })
  try {
    await using stage = await Stage.set()
    const { earshot, socket } = await stage.live()
    const say = (type: string) => {
      for (const listener of listeners.get(type) ?? []) listener()
    }
    say('visibilitychange')
    expect(socket.of('ping')).toEqual([])
    document.visibilityState = 'visible'
    say('visibilitychange')
    await socket.command('ping')
    say('online')
    await socket.command('ping', 2)
    await earshot.command('ping')
    socket.cut()
    await until(() => earshot.status === 'offline')
    say('online')
    await until(() => earshot.status === 'live')
    earshot.stop()
    expect([...listeners.values()].map(({ size }) => size)).toEqual([0, 0])
  } finally {
    for (const name of ['addEventListener', 'removeEventListener', 'document']) Reflect.deleteProperty(globalThis, name)
  }
})

test('stop and start in a hurry leave one socket, and no timer after the last stop', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot } = await stage.live()
  const starts: Promise<void>[] = []
  for (let n = 0; n < 5; n++) {
    earshot.stop()
    earshot.stop()
    starts.push(earshot.start(), earshot.start())
  }
  const outcomes = await Promise.allSettled(starts)
  expect(outcomes.map(({ status }) => status)).toEqual([...Array(8).fill('rejected'), 'fulfilled', 'fulfilled'])
  await expectAlive(stage, { earshot })
  await until(() => stage.server.sockets.filter(({ isOpen }) => isOpen).length === 1)
  earshot.stop()
  expect(stage.clock.waits).toEqual([])
  expect(earshot.status).toBe('offline')
  await until(() => stage.server.sockets.every(({ isOpen }) => !isOpen))
})

test('a listener may stop the client, whatever it is told', async () => {
  for (const status of ['connecting', 'catching up', 'live', 'offline']) {
    await using stage = await Stage.set()
    const { earshot } = stage.client()
    await earshot.signIn({ login: 'alice', password: 'x' })
    earshot.on('status', (now) => {
      if (now === status) earshot.stop()
    })
    const started = earshot.start()
    if (status === 'offline') {
      await started
      stage.server.sockets[0]?.cut()
    } else await expect(started).rejects.toMatchObject({ code: 'aborted' })
    await until(() => earshot.status === 'offline')
    expect(stage.clock.waits).toEqual([])
    await until(() => stage.server.sockets.every(({ isOpen }) => !isOpen))
  }
})

test('what comes with a frame in which a listener has stopped the client is passed over', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home)
  const { earshot, socket, errors } = await stage.live()
  earshot.on('event', () => earshot.stop())
  socket.say([stage.server.add(ID.home), stage.server.add(ID.home), 'nonsense'])
  await until(() => earshot.status === 'offline')
  expect(earshot.conversation(ID.home)?.message_number).toBe(1)
  expect(errors).toEqual([])
})

test('commands without a socket, or whose socket goes, fail and are not sent later', async () => {
  await using stage = await Stage.set()
  const { earshot } = stage.client()
  await expect(earshot.command('ping')).rejects.toMatchObject({ code: 'network' })
  await earshot.signIn({ login: 'alice', password: 'x' })
  await earshot.start()
  stage.server.reply = () => undefined
  const lost = earshot.command('typing.start', { conversation_id: ID.home })
  await stage.server.sockets[0]?.command('typing.start')
  stage.server.sockets[0]?.cut()
  await expect(lost).rejects.toMatchObject({ code: 'network' })
  const next = await stage.revive(earshot)
  expect(next.of('typing.start')).toEqual([])
})

test('more commands than may wait are refused', async () => {
  await using stage = await Stage.set()
  const { earshot } = await stage.live()
  stage.server.reply = () => undefined
  for (let n = 0; n < 200; n++) void earshot.command('ping')
  await expect(earshot.command('ping')).rejects.toMatchObject({ code: 'network' })
})

test('where there is no WebSocket, and none is given, the error says what to do', () => {
  expect(() => new Earshot({ url: 'http://127.0.0.1:1' })).toThrow(/new Earshot\(\{ url, WebSocket \}\)/)
})

test('a WebSocket that throws is no reason to give up', async () => {
  await using stage = await Stage.set()
  let count = 0
  class Moody extends WebSocket {
    constructor(url: string) {
      if (++count === 1) throw new Error('not today')
      super(url)
    }
  }
  const { earshot, errors } = stage.client({ WebSocket: Moody })
  await earshot.signIn({ login: 'alice', password: 'x' })
  const started = earshot.start()
  await until(() => errors.length === 1)
  stage.clock.pass(500)
  await started
})

test('a path below which the server stands is kept', async () => {
  await using stage = await Stage.set()
  const addresses: string[] = []
  class Noted extends WebSocket {
    constructor(url: string) {
      addresses.push(url)
      super(url)
    }
  }
  const { earshot } = stage.client({ WebSocket: Noted })
  await earshot.signIn({ login: 'alice', password: 'x' })
  await earshot.start()
  expect(addresses[0]).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/ws\?token=access\+1&batch=1$/)
})
