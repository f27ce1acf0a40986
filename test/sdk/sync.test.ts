// How a client comes to hold what the server has, whatever happens on the way.
import { expect, test } from 'vitest'
import { ID, problem, time } from './support/scripted-server.js'
import { expectAlive, pictureOf, Stage, TestStorage } from './support/stage.js'
import { until } from './support/until.js'

type Gate = { open: () => void; passed: Promise<void> }
function gate(): Gate {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open: () => open(), passed }
}

test('a client connects, then loads, and holds what the server has', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 3)
  stage.server.hold(ID.work, 0)
  const { earshot, statuses, errors } = await stage.live()
  expect(earshot.me).toMatchObject({ username: 'alice', email: 'alice@example.com' })
  expect(earshot.conversations.map(({ id }) => id)).toEqual([ID.home, ID.work])
  expect(statuses).toEqual(['connecting', 'catching up', 'live'])
  expect(errors).toEqual([])
  expect(stage.server.sockets[0]?.query.get('token')).toBe('access 1')
  expect(pictureOf(earshot)).toEqual(await stage.fresh())
})

test('nobody who is not signed in can start', async () => {
  await using stage = await Stage.set()
  const { earshot } = stage.client()
  await expect(earshot.start()).rejects.toMatchObject({ code: 'auth.unauthenticated' })
  expect(earshot.status).toBe('signed out')
  expect(stage.server.sockets).toEqual([])
})

test('the load is asked for after hello, and what was heard meanwhile is applied after it, once', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot } = stage.client()
  await earshot.signIn({ login: 'alice', password: 'x' })
  const { open, passed } = gate()
  stage.server.greets = false
  stage.server.intercept = async ({ path }) => (path === '/sync' ? void (await passed) : undefined)
  const started = earshot.start()
  const socket = await stage.server.socket()
  expect(stage.server.count('/sync')).toBe(0)
  socket.hello(ID.alice)
  await until(() => stage.server.count('/sync') === 1)
  const seen: number[] = []
  earshot.on('event', ({ seq }) => seen.push(seq))
  const early = stage.server.add(ID.home)
  socket.say(early)
  await earshot.command('ping')
  expect(earshot.status).toBe('catching up')
  // Read after the first and before the second.
  open()
  const late = stage.server.add(ID.home)
  socket.say(late)
  await started
  await until(() => earshot.conversation(ID.home)?.seq === late.seq)
  expect(earshot.conversation(ID.home)?.message_number).toBe(3)
  expect(new Set(seen).size).toBe(seen.length)
})

test('a load takes all pages, and what moved from one to the other meanwhile is not lost', async () => {
  await using stage = await Stage.set()
  const home = stage.server.hold(ID.home, 1)
  stage.server.hold(ID.work, 1)
  stage.server.intercept = async ({ path }) => {
    if (path === '/sync') {
      const conversations = { data: [home], next_cursor: 'more', has_more: true }
      return { status: 200, body: { me: stage.server.me, conversations, resume: 'r' } }
    }
    if (path !== '/conversations') return undefined
    // A message has moved it to the first page.
    stage.server.sockets[0]?.say(stage.server.add(ID.work))
    return { status: 200, body: { data: [home], next_cursor: null, has_more: false } }
  }
  const { earshot } = await stage.live()
  await until(() => earshot.conversation(ID.work)?.message_number === 2)
  expect(earshot.conversations.map(({ id }) => id)).toEqual([ID.work, ID.home])
})

test('pages that never end are given up and asked for again, not for ever', async () => {
  await using stage = await Stage.set()
  const page = { data: [], next_cursor: 'same', has_more: true }
  stage.server.intercept = ({ path }) => {
    if (path === '/conversations') return { status: 200, body: page }
    if (path === '/sync') return { status: 200, body: { me: stage.server.me, conversations: page, resume: 'r' } }
    return undefined
  }
  const { earshot, errors } = stage.client()
  await earshot.signIn({ login: 'alice', password: 'x' })
  const started = earshot.start()
  await until(() => errors.length === 1)
  expect(stage.server.count('/conversations')).toBe(1)
  stage.server.intercept = () => undefined
  stage.clock.pass(30_000)
  await started
})

test('a socket that dies during the load starts it over, without a half state', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const storage = new TestStorage()
  const { earshot } = stage.client({ storage })
  await earshot.signIn({ login: 'alice', password: 'x' })
  const { open, passed } = gate()
  stage.server.intercept = async ({ path }) => (path === '/sync' ? void (await passed) : undefined)
  const started = earshot.start()
  await until(() => stage.server.count('/sync') === 1)
  stage.server.sockets[0]?.cut()
  await until(() => earshot.status === 'offline')
  stage.server.add(ID.home)
  open()
  // The answer of the former load must not become the state. What is asked now is answered after it.
  await earshot.call('GET /users/me')
  expect(earshot.conversations).toEqual([])
  expect(storage.kept.has('resume')).toBe(false)
  const socket = await stage.revive(earshot)
  await started
  expect(socket.query.has('resume')).toBe(false)
  expect(stage.server.count('/sync')).toBe(2)
  expect(pictureOf(earshot)).toEqual(await stage.fresh())
})

test("a load that fails when its socket is gone already is nobody's business any more", async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot, errors } = stage.client()
  await earshot.signIn({ login: 'alice', password: 'x' })
  const { open, passed } = gate()
  stage.server.intercept = async ({ path }) => {
    if (path !== '/sync') return undefined
    await passed
    return problem(503, 'unavailable')
  }
  const started = earshot.start()
  await until(() => stage.server.count('/sync') === 1)
  stage.server.sockets[0]?.cut()
  await until(() => earshot.status === 'offline')
  open()
  await earshot.call('GET /users/me')
  stage.server.intercept = () => undefined
  expect(stage.clock.waits).toHaveLength(1)
  await stage.revive(earshot)
  await started
  expect(errors).toEqual([])
  expect(stage.server.count('/sync')).toBe(2)
})

test('a resync during a load makes that load void', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot, socket } = await stage.live()
  const { open, passed } = gate()
  let count = 0
  stage.server.intercept = async ({ path }) => {
    if (path !== '/sync' || ++count > 1) return undefined
    const old = { ...stage.server.me, username: 'of the old epoch' }
    await passed
    const conversations = { data: [], next_cursor: null, has_more: false }
    return { status: 200, body: { me: old, conversations, resume: 'old' } }
  }
  stage.clock.pass(10_000)
  socket.say({ type: 'resync', data: { reason: 'epoch' } })
  await until(() => count === 1)
  expect(earshot.status).toBe('catching up')
  // What is on the screen stays there until there is something better.
  expect(earshot.conversations).toHaveLength(1)
  socket.say({ type: 'resync', data: { reason: 'epoch' } })
  await earshot.command('ping')
  const names = new Set<unknown>()
  earshot.on('change', () => names.add(earshot.me?.username))
  open()
  await earshot.call('GET /users/me')
  stage.clock.pass(1_000)
  await until(() => earshot.status === 'live')
  await earshot.command('ping')
  expect(count).toBe(2)
  expect([...names]).toEqual(['alice'])
  expect(earshot.conversations).toHaveLength(1)
})

test('a load that fails is tried again after ever longer waits, and as late as the server asks', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  stage.clock.chance = 0.999
  const times: number[] = []
  let after = {}
  stage.server.intercept = ({ path }) => {
    if (path !== '/sync') return undefined
    times.push(stage.clock.now())
    return problem(503, 'unavailable', after)
  }
  const { earshot, errors } = stage.client()
  await earshot.signIn({ login: 'alice', password: 'x' })
  const started = earshot.start()
  await until(() => errors.length === 1)
  const loads = async (count: number) => {
    for (let step = 0; step < 2_000 && times.length < count; step++) {
      await earshot.command('ping').catch(() => undefined)
      stage.clock.pass(100)
    }
    await until(() => errors.length === count)
    return times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / 1_000))
  }
  expect(await loads(8)).toEqual([1, 2, 4, 8, 16, 30, 30])
  after = { 'retry-after': '7' }
  expect(await loads(9)).toHaveLength(8)
  stage.server.intercept = () => undefined
  stage.clock.pass(30_000)
  await earshot.command('ping').catch(() => undefined)
  expect(stage.server.count('/sync')).toBe(9)
  stage.clock.pass(7_000)
  await stage.revive(earshot)
  await started
  expect(errors.every((code) => code === 'unavailable')).toBe(true)
})

test('a load that is never answered is given up after half a minute', async () => {
  await using stage = await Stage.set()
  stage.server.intercept = ({ path }) => (path === '/sync' ? new Promise(() => undefined) : undefined)
  const { earshot, errors } = stage.client()
  await earshot.signIn({ login: 'alice', password: 'x' })
  const started = earshot.start()
  await until(() => stage.server.count('/sync') === 1)
  for (let n = 0; n < 6; n++) {
    stage.clock.pass(5_000)
    await earshot.command('ping')
  }
  await until(() => errors.length === 1)
  expect(errors).toEqual(['aborted'])
  stage.server.intercept = () => undefined
  stage.clock.pass(1_000)
  await started
})

test('what was missed comes first, then the client is live', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const storage = new TestStorage()
  const { earshot, socket } = await stage.live({ storage })
  socket.cut()
  await until(() => earshot.status === 'offline')
  const missed = [stage.server.add(ID.home), stage.server.add(ID.home)]
  stage.server.greets = false
  stage.clock.pass(1_000)
  const next = await stage.server.socket(2)
  expect(next.query.get('resume')).toBe('token of the load')
  expect(next.query.get('batch')).toBe('1')
  next.hello(ID.alice)
  // Too early: before the end nobody knows what was left out.
  next.say(missed, { type: 'checkpoint', data: { resume: 'too early' } })
  await until(() => earshot.conversation(ID.home)?.message_number === 3)
  await earshot.command('ping')
  expect(earshot.status).toBe('catching up')
  expect(storage.kept.get('resume')).toBe('token of the load')
  next.say({ type: 'resumed', data: { count: 2, limited: [] } })
  await until(() => earshot.status === 'live')
  await earshot.command('ping')
  expect(storage.kept.get('resume')).toBe('token of the load')
  expect(stage.server.count('/sync')).toBe(1)
})

test('a checkpoint is where the next socket resumes, but not while something before it is missing', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const storage = new TestStorage()
  const { earshot, socket } = await stage.live({ storage })
  socket.say(stage.server.add(ID.home), { type: 'checkpoint', data: { resume: 'A' } })
  await until(() => storage.kept.get('resume') === 'A')
  expect(storage.kept.get(`conversation:${ID.home}`)).toMatchObject({ conversation: { message_number: 2 } })
  const lost = stage.server.add(ID.home)
  socket.say(stage.server.add(ID.home), { type: 'checkpoint', data: { resume: 'B' } })
  await earshot.command('ping')
  expect(storage.kept.get('resume')).toBe('A')
  socket.say(lost)
  await until(() => storage.kept.get('resume') === 'B')
  expect(storage.kept.get(`conversation:${ID.home}`)).toMatchObject({ conversation: { message_number: 4 } })
  socket.cut()
  await until(() => earshot.status === 'offline')
  const next = await stage.revive(earshot)
  expect(next.query.get('resume')).toBe('B')
})

test('a checkpoint that comes during a load is passed over', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const storage = new TestStorage()
  const { earshot } = stage.client({ storage })
  await earshot.signIn({ login: 'alice', password: 'x' })
  const { open, passed } = gate()
  stage.server.intercept = async ({ path }) => (path === '/sync' ? void (await passed) : undefined)
  const started = earshot.start()
  await until(() => stage.server.count('/sync') === 1)
  stage.server.sockets[0]?.say({ type: 'checkpoint', data: { resume: 'too early' } })
  await earshot.command('ping')
  open()
  await started
  await until(() => storage.kept.get('resume') === 'token of the load')
})

test('of a limited conversation the events that come while it is read are kept, and applied after it', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const storage = new TestStorage()
  const { earshot, socket } = await stage.live({ storage })
  const timeline = await earshot.open(ID.home)
  for (let n = 0; n < 300; n++) stage.server.add(ID.home)
  const { open, passed } = gate()
  stage.server.intercept = async ({ path }) => {
    if (path !== `/conversations/${ID.home}`) return undefined
    const body = stage.server.conversations.get(ID.home)
    await passed
    return { status: 200, body }
  }
  socket.say(
    { type: 'resumed', data: { count: 0, limited: [ID.home] } },
    { type: 'checkpoint', data: { resume: 'after it' } },
  )
  await until(() => stage.server.count(`/conversations/${ID.home}`) === 1)
  socket.say(stage.server.add(ID.home), stage.server.add(ID.home))
  await earshot.command('ping')
  expect(earshot.conversation(ID.home)?.message_number).toBe(1)
  expect(storage.kept.get('resume')).toBe('token of the load')
  open()
  await until(() => earshot.conversation(ID.home)?.message_number === 303)
  const numbers = timeline.messages.map((one) => 'number' in one && one.number)
  expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => 254 + index))
  expect(timeline.hasOlder).toBe(true)
  await until(() => storage.kept.get('resume') === 'after it')
})

test('more events than are kept while a conversation is read: it is read again', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const { earshot, socket } = await stage.live()
  const { open, passed } = gate()
  stage.server.intercept = async ({ path }) => {
    if (path !== `/conversations/${ID.home}` || stage.server.count(path) > 1) return undefined
    const body = stage.server.conversations.get(ID.home)
    await passed
    return { status: 200, body }
  }
  socket.say({ type: 'resumed', data: { count: 0, limited: [ID.home] } })
  await until(() => stage.server.count(`/conversations/${ID.home}`) === 1)
  socket.say(...Array.from({ length: 300 }, () => stage.server.add(ID.home)))
  await earshot.command('ping')
  open()
  for (let turn = 0; turn < 5; turn++) {
    stage.clock.pass(500)
    await earshot.command('ping')
  }
  await until(() => earshot.conversation(ID.home)?.message_number === 301)
  expect(stage.server.count(`/conversations/${ID.home}`)).toBe(2)
})

test('a limited conversation that is not mine any more goes', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  stage.server.hold(ID.work, 1)
  const { earshot, socket } = await stage.live()
  const timeline = await earshot.open(ID.work)
  const told: string[] = []
  timeline.on('gone', () => told.push('gone'))
  stage.server.conversations.delete(ID.work)
  socket.say({ type: 'resumed', data: { count: 0, limited: [ID.work, ID.home] } })
  await until(() => told.length === 1)
  expect(earshot.conversation(ID.work)).toBeUndefined()
  expect(timeline.messages).toEqual([])
  await expectAlive(stage, { earshot })
})

test('after resync everything is loaded afresh, what is on the screen too', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 60)
  stage.server.hold(ID.work, 2)
  const { earshot, socket } = await stage.live()
  const timeline = await earshot.open(ID.home)
  // Another history, as after a restore.
  stage.server.hold(ID.home, 5, { name: 'restored' })
  stage.server.conversations.delete(ID.work)
  stage.server.resume = 'of the new epoch'
  stage.clock.pass(10_000)
  socket.say({ type: 'resync', data: { reason: 'epoch' } })
  await until(() => earshot.conversation(ID.home)?.name === 'restored' && timeline.messages.length === 5)
  await until(() => earshot.status === 'live')
  expect(earshot.conversations).toHaveLength(1)
  await expectAlive(stage, { earshot })
  socket.cut()
  await until(() => earshot.status === 'offline')
  expect((await stage.revive(earshot)).query.get('resume')).toBe('of the new epoch')
  expect(pictureOf(earshot)).toEqual(await stage.fresh())
})

test('resync without end is answered with ever longer waits', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  stage.clock.chance = 0.999
  const { earshot, socket } = await stage.live()
  for (let second = 0; second < 60; second++) {
    socket.say({ type: 'resync', data: { reason: 'too_much' } })
    await earshot.command('ping')
    stage.clock.pass(1_000)
    await earshot.command('ping')
  }
  expect(stage.server.count('/sync')).toBeLessThan(10)
  stage.clock.pass(30_000)
  await until(() => earshot.status === 'live')
  await expectAlive(stage, { earshot })
})

test('an archived conversation is not loaded, and comes with its next message, or when it is asked for', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const archived_at = time(100)
  stage.server.hold(ID.work, 2, { me: { archived_at } as never })
  const { earshot, socket } = await stage.live()
  expect([earshot.conversations.length, earshot.archived.length]).toEqual([1, 0])
  await earshot.loadArchived()
  expect([earshot.conversations.length, earshot.archived.length]).toEqual([1, 1])
  const { earshot: other } = await stage.live()
  const said = stage.server.add(ID.work)
  const me = { ...stage.server.conversations.get(ID.work)!.me, archived_at: null }
  stage.server.conversations.set(ID.work, { ...stage.server.conversations.get(ID.work)!, me })
  const late = { ...said, at: time(200) }
  socket.say(late)
  stage.server.sockets[1]?.say(late)
  await until(() => earshot.conversations.length === 2 && other.conversations.length === 2)
  expect(other.conversation(ID.work)).toMatchObject({ message_number: 3, me: { archived_at: null } })
})

test('a membership that brings an archived one back on another device brings it here', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.work, 2, { me: { archived_at: time(100) } as never })
  const { earshot, socket } = await stage.live()
  const held = stage.server.conversations.get(ID.work)!
  const me = { ...held.me, archived_at: null }
  stage.server.conversations.set(ID.work, { ...held, me })
  socket.say(stage.server.own('membership.updated', { conversation_id: ID.work, me }))
  await until(() => earshot.conversations.length === 1)
})

test('what changes on my own stream while a conversation is read is not undone by an older answer', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 9)
  const { earshot, socket } = await stage.live()
  const { open, passed } = gate()
  stage.server.intercept = async ({ path }) => {
    if (path !== `/conversations/${ID.home}`) return undefined
    const body = stage.server.conversations.get(ID.home)
    await passed
    return { status: 200, body }
  }
  socket.say({ type: 'resumed', data: { count: 0, limited: [ID.home] } })
  await until(() => stage.server.count(`/conversations/${ID.home}`) === 1)
  const me = { ...stage.server.conversations.get(ID.home)!.me, alias: 'ours' }
  socket.say(stage.server.own('membership.updated', { conversation_id: ID.home, me }))
  await earshot.command('ping')
  open()
  await until(() => stage.clock.waits.every((ms) => ms >= 1_000))
  await earshot.command('ping')
  expect(earshot.conversation(ID.home)?.me.alias).toBe('ours')
})

test('one that is left while it is read does not come back by the older answer', async () => {
  await using stage = await Stage.set()
  const home = stage.server.hold(ID.home, 9)
  const { earshot, socket } = await stage.live()
  const { open, passed } = gate()
  stage.server.intercept = async ({ path }) => {
    if (path !== `/conversations/${ID.home}`) return undefined
    await passed
    return { status: 200, body: home }
  }
  socket.say({ type: 'resumed', data: { count: 0, limited: [ID.home] } })
  await until(() => stage.server.count(`/conversations/${ID.home}`) === 1)
  const left = { conversation_id: ID.home, seq: home.seq + 1, reason: 'removed' }
  socket.say(stage.server.own('conversation.left', left))
  await until(() => earshot.conversations.length === 0)
  open()
  await earshot.command('ping')
  await until(() => stage.clock.waits.every((ms) => ms >= 1_000))
  expect(earshot.conversations).toEqual([])
})

test('my profile is read again when it changes, for the address is in no event', async () => {
  await using stage = await Stage.set()
  const { earshot, socket } = await stage.live()
  stage.server.me = { ...stage.server.me, email: 'new@example.com' }
  const { email: _, profile_complete: __, seq: ___, ...user } = { ...stage.server.me, bio: 'changed' }
  stage.server.me = { ...stage.server.me, bio: 'changed' }
  socket.say(stage.server.own('user.updated', user))
  await until(() => earshot.me?.email === 'new@example.com')
  expect(earshot.me).toMatchObject({ bio: 'changed' })
})

test('what was said before a joining was heard of is in the state already, and is told all the same, once', async () => {
  await using stage = await Stage.set()
  const { server } = stage
  const { earshot, socket } = await stage.live()
  const told: unknown[] = []
  earshot.on('event', ({ type, seq }) => told.push(`${type} ${seq}`))
  // My joining is its second event; a member was added after it, and two messages were said, when it is read.
  server.hold(ID.work, 0, { seq: 3 })
  const said = [server.add(ID.work), server.add(ID.work)]
  const joined = server.own('conversation.joined', {
    conversation_id: ID.work,
    seq: 2,
    conversation: server.conversations.get(ID.work),
  })
  const before = { ...said[0], type: 'member.added', seq: 2, data: {} }
  const added = { ...said[0], type: 'member.added', seq: 3, data: { user_id: ID.bob, member_count: 2 } }
  socket.say(joined, before, added, ...said, said[1], server.add(ID.work))
  await until(() => told.length === 5)
  await earshot.command('ping')
  expect(told).toEqual([
    'conversation.joined 2',
    'member.added 3',
    'message.created 4',
    'message.created 5',
    'message.created 6',
  ])
  expect(earshot.conversation(ID.work)?.message_number).toBe(3)
  socket.cut()
  await until(() => earshot.status === 'offline')
  const next = await stage.revive(earshot)
  next.say(joined, added, ...said)
  await earshot.command('ping')
  expect(told).toHaveLength(5)
})
