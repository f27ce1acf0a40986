// A process may end at any moment: whoever starts again with what the storage had then ends with what the server has.
import { expect, test } from 'vitest'
import { ID, time } from './support/scripted-server.js'
import { pictureOf, Stage, TestStorage } from './support/stage.js'
import { until } from './support/until.js'

/** Tokens are places in the log; whoever resumes gets what came after. */
class Log {
  readonly #stage: Stage
  readonly frames: { stream: string; seq: number }[] = []

  constructor(stage: Stage) {
    this.#stage = stage
    stage.server.greets = false
    Object.defineProperty(stage.server, 'resume', { get: () => this.token })
  }

  get token(): string {
    return `at ${this.frames.length}`
  }

  add(...frames: { stream: string; seq: number }[]): void {
    this.frames.push(...frames)
  }

  /** Greets the newest socket, and tells what it missed. */
  async greet(count: number): Promise<void> {
    const socket = await this.#stage.server.socket(count)
    socket.hello(this.#stage.server.me.id)
    const resume = socket.query.get('resume')
    if (resume === null) return
    socket.say(...this.frames.slice(Number(resume.replace('at ', ''))))
    socket.say({ type: 'resumed', data: { count: 0, limited: [] } })
  }
}

test('at each save a copy is taken, and each copy leads to what a fresh load shows', async () => {
  await using stage = await Stage.set()
  const { server } = stage
  server.hold(ID.home, 3)
  const log = new Log(stage)
  const storage = new TestStorage()
  const copies: TestStorage[] = []
  const save = storage.save.bind(storage)
  storage.save = async (changes) => {
    copies.push(storage.copy())
    await save(changes)
    copies.push(storage.copy())
  }
  const { earshot } = stage.client({ storage })
  await earshot.signIn({ login: 'alice', password: 'x' })
  const started = earshot.start()
  await log.greet(1)
  await started
  await earshot.open(ID.home)
  const socket = server.sockets[0]!
  const say = (...frames: never[]) => {
    log.add(...frames)
    socket.say(...frames)
  }
  const checkpoint = () => socket.say({ type: 'checkpoint', data: { resume: log.token } })
  say(server.add(ID.home) as never)
  checkpoint()
  const lost = server.add(ID.home) as never
  const late = server.add(ID.home) as never
  log.add(lost, late)
  // A checkpoint behind a gap, and one behind a conversation that has to be read.
  socket.say(late)
  checkpoint()
  await earshot.command('ping')
  socket.say(lost)
  server.intercept = ({ path }) => (path === '/users/me' ? new Promise(() => undefined) : undefined)
  server.me = { ...server.me, bio: 'changed' }
  const { email: _, profile_complete: __, seq: ___, ...user } = server.me
  say(server.own('user.updated', user) as never)
  checkpoint()
  const joined = server.hold(ID.work, 2)
  say(server.own('conversation.joined', { conversation_id: ID.work, seq: 1, conversation: joined }) as never)
  checkpoint()
  await until(() => earshot.conversations.length === 2)
  server.intercept = () => undefined
  const me = { ...server.conversations.get(ID.home)!.me, pinned_at: time(9) }
  server.conversations.set(ID.home, { ...server.conversations.get(ID.home)!, me })
  say(server.own('membership.updated', { conversation_id: ID.home, me }) as never)
  checkpoint()
  await earshot.command('ping')
  copies.push(storage.copy())
  earshot.stop()

  const { earshot: fresh } = stage.client()
  await fresh.signIn({ login: 'alice', password: 'x' })
  const loaded = fresh.start()
  await log.greet(2)
  await loaded
  const expected = pictureOf(fresh)
  fresh.stop()
  let sockets = 2
  let resumed = 0
  for (const copy of copies.filter(({ kept }) => kept.has('session'))) {
    const { earshot: next } = stage.client({ storage: copy })
    const again = next.start()
    await log.greet(++sockets)
    await again
    if (server.sockets.at(-1)?.query.has('resume')) resumed++
    await until(() => JSON.stringify(pictureOf(next)) === JSON.stringify(expected), 'holds what a fresh load shows')
    const timeline = await next.open(ID.home)
    expect(timeline.messages).toEqual(server.messages.get(ID.home))
    next.stop()
  }
  expect(copies.length).toBeGreaterThan(6)
  expect(resumed).toBeGreaterThan(2)
}, 60_000)

test('what could not be saved is saved with what comes next, and the client goes on meanwhile', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 1)
  const storage = new TestStorage()
  const { earshot, socket, errors } = await stage.live({ storage })
  await until(() => storage.kept.get('resume') === 'token of the load')
  storage.fails = true
  socket.say(stage.server.add(ID.home), { type: 'checkpoint', data: { resume: 'A' } })
  await until(() => errors.length === 1)
  expect(String(errors[0])).toMatch(/the disk is full/)
  expect(storage.kept.get('resume')).toBe('token of the load')
  storage.fails = false
  socket.say({ type: 'checkpoint', data: { resume: 'B' } })
  await until(() => storage.kept.get('resume') === 'B')
  expect(storage.kept.get(`conversation:${ID.home}`)).toMatchObject({ conversation: { message_number: 2 } })
  expect(earshot.status).toBe('live')
})

test.each([
  [
    'a state of another shape',
    (kept: Map<string, unknown>) => kept.set(`conversation:${ID.home}`, { conversation: 5 }),
  ],
  ['no profile', (kept: Map<string, unknown>) => kept.delete('me')],
  ['a profile of text', (kept: Map<string, unknown>) => kept.set('me', 'alice')],
  ['a token of numbers', (kept: Map<string, unknown>) => kept.set('resume', 5)],
  [
    'an outbox of nonsense',
    (kept: Map<string, unknown>) => kept.set('outbox:x', { unsent: [], order: 1 }).set('outbox:y', 7),
  ],
  ['keys of somebody else', (kept: Map<string, unknown>) => kept.set('theme', 'dark')],
])('a storage with %s is no obstacle', async (_, spoil) => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 2)
  const storage = new TestStorage()
  const { earshot } = await stage.live({ storage })
  await until(() => storage.kept.has('resume'))
  earshot.stop()
  spoil(storage.kept)
  const { earshot: next } = stage.client({ storage })
  await next.start()
  expect(pictureOf(next)).toEqual(await stage.fresh())
})

test('a storage that cannot be read is an error of start(), and may work the next time', async () => {
  await using stage = await Stage.set()
  const storage = new TestStorage()
  const { earshot: first } = await stage.live({ storage })
  first.stop()
  const load = storage.load.bind(storage)
  storage.load = async () => {
    throw new Error('locked')
  }
  const { earshot } = stage.client({ storage })
  await expect(earshot.start()).rejects.toThrow('locked')
  storage.load = load
  await earshot.start()
})

test('a client that was stopped while something was still to be read loads everything when it starts again', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 2)
  const { earshot, socket } = await stage.live()
  stage.server.intercept = ({ path }) =>
    path === `/conversations/${ID.home}` ? new Promise(() => undefined) : undefined
  stage.server.add(ID.home)
  socket.say({ type: 'resumed', data: { count: 0, limited: [ID.home] } })
  await until(() => stage.server.count(`/conversations/${ID.home}`) === 1)
  earshot.stop()
  stage.server.intercept = () => undefined
  await earshot.start()
  expect(stage.server.sockets.at(-1)?.query.has('resume')).toBe(false)
  expect(earshot.conversation(ID.home)?.message_number).toBe(3)
})
