// The tokens of a device: refreshed once for all who need it, and given up only when the server says so.
import { expect, test } from 'vitest'
import { ID, problem } from './support/scripted-server.js'
import { Stage, TestStorage } from './support/stage.js'
import { until } from './support/until.js'

test('whoever signs in is signed in after a restart too', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 2)
  const storage = new TestStorage()
  const { earshot } = stage.client({ storage })
  await earshot.signUp({ username: 'alice', email: 'a@example.com', password: 'correct horse', display_name: 'Alice' })
  await earshot.start()
  earshot.stop()
  const { earshot: next } = stage.client({ storage: storage.copy() })
  await next.start()
  expect(next.me?.username).toBe('alice')
  expect(stage.server.asked.filter(({ path }) => path.startsWith('/auth')).map(({ path }) => path)).toEqual([
    '/auth/register',
  ])
  expect(stage.server.count('/sync')).toBe(1)
})

test('a token that is about to expire is refreshed before it is used, once for all who need it', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  await stage.rest({ earshot }, 900_000 - 30_001)
  await earshot.call('GET /users/me')
  expect(stage.server.count('/auth/refresh')).toBe(0)
  stage.clock.pass(1)
  await Promise.all([1, 2, 3].map(() => earshot.call('GET /users/me')))
  socket.cut()
  await stage.server.socket(1)
  await until(() => earshot.status === 'offline')
  const next = await stage.revive(earshot)
  expect(next.query.get('token')).toBe('access 2')
  expect(stage.server.asked.filter(({ path }) => path === '/auth/refresh').map(({ body }) => body)).toEqual([
    { refresh_token: 'refresh 1' },
  ])
  expect(stage.server.asked.at(-1)?.token).toBe('access 2')
})

test('a token that the server calls expired is refreshed, and the call made again; once for all of them', async () => {
  await using stage = await Stage.set()
  const { earshot } = await stage.live()
  await stage.rest({ earshot }, 60_000)
  stage.server.intercept = ({ path, token }) =>
    path === '/users/me' && token === 'access 1' ? problem(401, 'auth.token_expired') : undefined
  const answers = await Promise.all([1, 2, 3, 4].map(() => earshot.call('GET /users/me')))
  expect(answers.every(({ username }) => username === 'alice')).toBe(true)
  expect(stage.server.count('/auth/refresh')).toBe(1)
})

test('a refusal of the token before the last is answered with the one at hand', async () => {
  await using stage = await Stage.set()
  const { earshot } = await stage.live()
  await stage.rest({ earshot }, 60_000)
  let refuse = () => {}
  stage.server.intercept = ({ path, token }) => {
    if (token !== 'access 1') return undefined
    if (path === '/users/me') return problem(401, 'auth.token_expired')
    return new Promise((resolve) => {
      refuse = () => resolve(problem(401, 'auth.token_expired'))
    })
  }
  const late = earshot.call('GET /conversations')
  await until(() => stage.server.count('/conversations') === 1)
  await earshot.call('GET /users/me')
  refuse()
  await late
  expect(stage.server.count('/auth/refresh')).toBe(1)
})

test('auth.expiring: the token of the socket is renewed on it', async () => {
  await using stage = await Stage.set()
  const { socket, errors } = await stage.live()
  stage.server.reply = () => ({ ok: true, data: { expires_at: '2099-01-01T00:00:00.000Z' } })
  socket.say({ type: 'auth.expiring', data: { in_s: 60 } })
  expect((await socket.command('auth.renew')).data).toEqual({ token: 'access 2' })
  expect(errors).toEqual([])
})

test.each([
  [401, 'auth.refresh_token_invalid'],
  [401, 'auth.refresh_token_reused'],
])('a refresh that is refused with %i %s ends the session, and that is told', async (status, code) => {
  await using stage = await Stage.set()
  const storage = new TestStorage()
  const { earshot, socket, errors } = await stage.live({ storage })
  await stage.rest({ earshot }, 60_000)
  stage.server.intercept = ({ path }) => (path === '/auth/refresh' ? problem(status, code) : undefined)
  socket.close(4401)
  await until(() => earshot.status === 'signed out')
  expect(errors).toContain(code)
  expect(stage.clock.waits).toEqual([])
  await until(() => !storage.kept.has('session'))
  expect(stage.server.sockets).toHaveLength(1)
})

test.each([503, 500, 429, 502])(
  'a refresh that fails with %i is tried again, and nobody is signed out',
  async (status) => {
    await using stage = await Stage.set()
    const { earshot, socket } = await stage.live()
    await stage.rest({ earshot }, 60_000)
    stage.server.intercept = ({ path }) => (path === '/auth/refresh' ? { status, body: 'not now' } : undefined)
    socket.close(4401)
    await until(() => stage.server.count('/auth/refresh') === 1)
    for (let n = 0; n < 40; n++) {
      stage.clock.pass(500)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(stage.server.count('/auth/refresh')).toBeLessThan(9)
    expect(['offline', 'connecting']).toContain(earshot.status)
    stage.server.intercept = () => undefined
    await stage.revive(earshot)
  },
)

test('an early refresh that fails leaves the token that is still good', async () => {
  await using stage = await Stage.set()
  const { earshot } = await stage.live()
  stage.server.intercept = ({ path }) => (path === '/auth/refresh' ? problem(503, 'unavailable') : undefined)
  await stage.rest({ earshot }, 880_000)
  expect(await earshot.call('GET /users/me')).toMatchObject({ username: 'alice' })
  await stage.rest({ earshot }, 30_000)
  await expect(earshot.call('GET /users/me')).rejects.toMatchObject({ code: 'unavailable' })
})

test('tokens that belong to somebody else, or are none, are not taken', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  await stage.rest({ earshot }, 60_000)
  const answers: unknown[] = [{}, { ...stage.server.tokens(), user: { id: ID.bob, username: 'bob' } }, null]
  stage.server.intercept = ({ path }) =>
    path === '/auth/refresh' && answers.length > 0 ? { status: 200, body: answers.shift() ?? 'null' } : undefined
  socket.close(4401)
  await until(() => earshot.status === 'offline')
  await stage.revive(earshot)
  expect(answers).toEqual([])
  expect(earshot.me?.username).toBe('alice')
})

test('signing in as somebody else forgets all of the one before', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 2)
  const storage = new TestStorage()
  const { earshot, socket } = await stage.live({ storage })
  const timeline = await earshot.open(ID.home)
  let gone = 0
  timeline.on('gone', () => gone++)
  socket.cut()
  await until(() => earshot.status === 'offline')
  void earshot.send(ID.home, 'of alice')
  stage.server.conversations.clear()
  stage.server.me = { ...stage.server.me, id: ID.bob, username: 'bob' }
  await earshot.signIn({ login: 'bob', password: 'x' })
  expect([earshot.me, earshot.conversations, earshot.outbox, gone]).toEqual([undefined, [], [], 1])
  await earshot.start()
  expect(stage.server.sockets.at(-1)?.query.has('resume')).toBe(false)
  expect(earshot.me?.username).toBe('bob')
  await until(() => [...storage.kept.keys()].sort().join() === 'me,owner,resume,session')
})

test('a wrong password leaves what is kept as it was', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 2)
  const { earshot } = await stage.live()
  stage.server.intercept = ({ path }) => (path === '/auth/login' ? problem(401, 'auth.invalid_credentials') : undefined)
  await expect(earshot.signIn({ login: 'bob', password: 'x' })).rejects.toMatchObject({
    code: 'auth.invalid_credentials',
  })
  expect(earshot.conversations).toHaveLength(1)
  await earshot.start()
})

test('signing out without a network signs out all the same', async () => {
  await using stage = await Stage.set()
  const storage = new TestStorage()
  const { earshot } = await stage.live({ storage })
  await stage.server.stop()
  await earshot.signOut()
  expect(earshot.status).toBe('signed out')
  expect([...storage.kept]).toEqual([])
})

test('whoever asks elsewhere gets the token of now, also from a storage, another one when that has expired, and none once signed out', async () => {
  await using stage = await Stage.set()
  const storage = new TestStorage()
  const { earshot } = await stage.live({ storage })
  expect(await earshot.token()).toBe('access 1')
  await stage.rest({ earshot }, 60_000)
  expect(await earshot.token({ renew: true })).toBe('access 2')
  expect(await earshot.token()).toBe('access 2')
  expect(stage.server.count('/auth/refresh')).toBe(1)
  earshot.stop()
  const { earshot: next } = stage.client({ storage: storage.copy() })
  expect(await next.token()).toBe('access 2')
  await next.signOut()
  expect(await next.token()).toBeUndefined()
})
