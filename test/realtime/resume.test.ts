// Coming back: whoever was away hears what they missed, once, in order, and nothing that was not theirs.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ResumeTokens } from '../../src/auth/resume-tokens.js'
import type { Ear, Frame } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { readMetric, startWorld, type World } from '../support/world.js'

let world: World
let alice: Person
let bob: Person
let carol: Person
let key: Buffer
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, carol] = await world.people('alice', 'bob', 'carol')
  const psql = await world.session()
  key = (await psql.query(`select value from secrets where name = 'resume_tokens'`)).rows[0].value
})
afterAll(() => world[Symbol.asyncDispose]())

/** `#seq type` of the durable events, until it was said that these were all. */
function missed(ear: Ear, stream?: string): string[] {
  const end = ear.frames.findIndex(({ type }) => type === 'resumed' || type === 'resync')
  return ear.frames
    .slice(0, end)
    .filter((frame) => frame.seq !== undefined && (stream === undefined || frame.stream === stream))
    .map(({ seq, type }) => `#${seq} ${type}`)
}

const said = (ear: Ear, stream: string) =>
  ear.frames
    .filter((frame: Frame) => frame.stream === stream && frame.type === 'message.created')
    .map((f) => f.data.content)

/** The position of a token, as the server reads it. */
function positionIn(token: string, person: Person) {
  const position = new ResumeTokens(key).verify(person.id, token)
  if (!position) throw new Error('not a token of theirs')
  return position
}

// In memory, and as it is when nothing of that kind is left: by the log.
describe.each(['the recent events in memory', 'the log'] as const)('from %s', (from) => {
  let home: World
  let [ann, ben, cleo]: Person[] = []
  beforeAll(async () => {
    home = await startWorld(from === 'the log' ? { EVENT_CACHE: '1kB' } : {})
    ;[ann, ben, cleo] = await home.people('ann', 'ben', 'cleo')
  })
  afterAll(() => home[Symbol.asyncDispose]())
  const cast = () => ({ ann: ann as Person, ben: ben as Person, cleo: cleo as Person })
  const countFrom = (kind: string) => readMetric(home.node, `earshot_socket_resumes_total{from="${kind}"}`)

  test('what was missed comes in order, once, between hello and resumed, and then what is new', async () => {
    const { ann, ben } = cast()
    const { id } = await home.group(ann, ben)
    const token = await ben.position()
    for (const text of ['one', 'two', 'three']) await ann.say(id, text)
    const before = await countFrom(from === 'the log' ? 'log' : 'memory')
    await ben.position()
    const ear = await ben.resume(token)
    expect(ear.frames.map(({ type }) => type).slice(0, 5)).toEqual([
      'hello',
      'message.created',
      'message.created',
      'message.created',
      'resumed',
    ])
    expect(ear.all('resumed')[0]?.data).toEqual({ count: 3, limited: [] })
    expect(await countFrom(from === 'the log' ? 'log' : 'memory')).toBe(before + 1)
    await ann.say(id, 'four')
    await ben.settled()
    expect(said(ear, id)).toEqual(['one', 'two', 'three', 'four'])
    const seqs = ear.stream(id).map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index))
    ear.cut()
  })

  test('the token of each checkpoint leaves out what came before it', async () => {
    const { ann, ben } = cast()
    const { id } = await home.group(ann, ben)
    const ear = await ben.connect()
    await ann.say(id, 'heard')
    const { data } = await ear.next('checkpoint', () => said(ear, id).includes('heard'))
    ear.cut()
    await ann.say(id, 'missed')
    await ben.position()
    const back = await ben.resume(data.resume)
    expect(said(back, id)).toEqual(['missed'])
    back.cut()
  })

  test('what was edited or deleted meanwhile is not said as it was', async () => {
    const { ann, ben } = cast()
    const { id } = await home.group(ann, ben)
    const token = await ben.position()
    const [first, second] = [await ann.say(id, 'a secret'), await ann.say(id, 'a mistake')]
    await ann.say(id, 'about that', { reply_to_id: first.id })
    await ann.delete(`/messages/${first.id}`)
    await ann.patch(`/messages/${second.id}`, { content: 'no mistake' })
    await ben.position()
    const ear = await ben.resume(token)
    expect(missed(ear)).toHaveLength(5)
    expect(JSON.stringify(ear.frames)).not.toMatch(/a secret|a mistake/)
    expect(said(ear, id)).toEqual([null, 'no mistake', 'about that'])
    ear.cut()
  })

  test('one who joined while away hears the conversation from their joining on', async () => {
    const { ann, ben, cleo } = cast()
    const { id } = await home.group(ann, ben)
    const token = await cleo.position()
    await ann.say(id, 'before')
    await ann.post(`/conversations/${id}/members`, { user_ids: [cleo.id] })
    await ann.say(id, 'after')
    await cleo.position()
    const ear = await cleo.resume(token)
    const joined = ear.all('conversation.joined').find(({ data }) => data.conversation_id === id)
    expect(said(ear, id)).toContain('after')
    expect(said(ear, id)).not.toContain('before')
    expect(ear.stream(id).every(({ seq = 0 }) => seq > (joined?.data.seq ?? Number.POSITIVE_INFINITY))).toBe(true)
    ear.cut()
  })

  test('one who was removed while away hears all up to the removal and nothing after', async () => {
    const { ann, ben, cleo } = cast()
    const { id } = await home.group(ann, ben, cleo)
    const token = await cleo.position()
    await ann.say(id, 'before')
    await ann.delete(`/conversations/${id}/members/${cleo.id}`)
    await ann.say(id, 'after')
    await cleo.position()
    const ear = await cleo.resume(token)
    const left = ear.all('conversation.left').find(({ data }) => data.conversation_id === id)
    expect(said(ear, id)).toEqual(['before'])
    expect(ear.stream(id).every(({ seq = 0 }) => seq < (left?.data.seq ?? 0))).toBe(true)
    await ann.say(id, 'much later')
    await cleo.settled()
    expect(said(ear, id)).toEqual(['before'])
    ear.cut()
  })

  test('one who was removed and added again hears both stays and nothing between', async () => {
    const { ann, ben, cleo } = cast()
    const { id } = await home.group(ann, ben, cleo)
    const token = await cleo.position()
    await ann.say(id, 'the first stay')
    await ann.delete(`/conversations/${id}/members/${cleo.id}`)
    await ann.say(id, 'between')
    await ann.post(`/conversations/${id}/members`, { user_ids: [cleo.id] })
    await ann.say(id, 'the second stay')
    await cleo.position()
    const ear = await cleo.resume(token)
    expect(said(ear, id).filter((text) => text !== null)).toEqual(['the first stay', 'the second stay'])
    ear.cut()
  })

  test('what was changed after one had left is told to them without its content', async () => {
    const { ann, ben, cleo } = cast()
    const { id } = await home.group(ann, ben, cleo)
    const token = await cleo.position()
    const message = await ann.say(id, 'then')
    await ann.delete(`/conversations/${id}/members/${cleo.id}`)
    await ann.patch(`/messages/${message.id}`, { content: 'now' })
    await cleo.position()
    const ear = await cleo.resume(token)
    const heard = ear.stream(id).find(({ data }) => data.id === message.id)
    expect(heard?.data).toEqual({ id: message.id, conversation_id: id, number: message.number, gone: true })
    ear.cut()
  })

  test('a group that was deleted while away is told as the last of it', async () => {
    const { ann, ben } = cast()
    const { id } = await home.group(ann, ben)
    const token = await ben.position()
    await ann.say(id, 'the end is near')
    await ann.delete(`/conversations/${id}`)
    await ben.position()
    const ear = await ben.resume(token)
    expect(ear.stream(id).map(({ type }) => type)).toEqual(['message.created', 'conversation.deleted'])
    ear.cut()
  })

  test('of a conversation in which more than 200 events were missed nothing is said but that', async () => {
    const { ann, ben } = cast()
    const [busy, exact, calm] = [await home.group(ann, ben), await home.group(ann, ben), await home.group(ann, ben)]
    const token = await ben.position()
    const psql = await home.session()
    const say = (id: string, count: number) =>
      psql.query(
        'insert into messages (conversation_id, sender_id, content) select $1, $2, n from generate_series(1, $3) n',
        [id, ann.id, count],
      )
    await say(busy.id, 201)
    await say(exact.id, 200)
    await say(calm.id, 1)
    await ben.position()
    const ear = await ben.resume(token)
    expect(ear.all('resumed')[0]?.data.limited).toEqual([busy.id])
    expect(missed(ear, busy.id)).toEqual([])
    expect(missed(ear, exact.id)).toHaveLength(200)
    expect(missed(ear, calm.id)).toHaveLength(1)
    ear.cut()
  })

  test('more than 2,000 missed events, or a MiB of them, are a resync, and the socket is live after it', async () => {
    const { ann, ben } = cast()
    const groups = await Promise.all(Array.from({ length: 11 }, () => home.group(ann, ben)))
    const psql = await home.session()
    const say = (count: number, size: number, among: number) =>
      Promise.all(
        groups
          .slice(0, among)
          .map(({ id }) =>
            psql.query(
              `insert into messages (conversation_id, sender_id, content) select $1, $2, repeat('x', $4) from generate_series(1, $3)`,
              [id, ann.id, count, size],
            ),
          ),
      )
    for (const [count, size, among] of [
      [185, 1, 11],
      [110, 5_000, 2],
    ] as const) {
      const token = await ben.position()
      await say(count, size, among)
      await ben.position()
      const ear = await ben.resume(token)
      expect(ear.all('resync')[0]?.data).toEqual({ reason: 'too_much' })
      expect(ear.all('resumed')).toEqual([])
      await ann.say(groups[0]?.id ?? '', 'still here')
      await ear.next('message.created', ({ data }) => data.content === 'still here')
      expect(await ben.ask('GET', `/sync?since=${token}`)).toMatchObject({ status: 410, body: { code: 'sync.resync' } })
      ear.cut()
    }
  })
})

describe('after a restart', () => {
  const awayDuringRestart = async (settings: Record<string, string>) => {
    await using home = await startWorld(settings)
    const [ann, ben, cleo] = await home.people('ann', 'ben', 'cleo')
    const { id } = await home.group(ann, ben)
    const token = await ben.position()
    const message = await ann.say(id, 'shortly before')
    await ann.patch(`/messages/${message.id}`, { content: 'mended' })
    await ben.position()
    await home.node.stop()
    const node = await home.addNode()
    const ear = await ben.resume(token, node.url)
    const stranger = await cleo.connect(node.url, {
      resume: new ResumeTokens(await secretOf(home)).sign(cleo.id, positionOf(token)),
    })
    await stranger.seen(({ type }) => type === 'resumed')
    expect(missed(stranger, id)).toEqual([])
    expect(said(ear, id)).toEqual(['mended'])
    expect(missed(ear, id)).toHaveLength(2)
    return Object.fromEntries(
      await Promise.all(
        ['memory', 'log'].map(async (from) => [
          from,
          await readMetric(node, `earshot_socket_resumes_total{from="${from}"}`),
        ]),
      ),
    )
  }
  const secretOf = async (home: World) =>
    (await (await home.session()).query(`select value from secrets where name = 'resume_tokens'`)).rows[0].value
  const positionOf = (token: string) => {
    const [, epoch, safe_id] = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
    return { epoch, safe_id }
  }

  test('the node remembers what was said shortly before it, as it is now', async () => {
    expect(await awayDuringRestart({})).toEqual({ memory: 2, log: 0 })
  })

  test('a node that may keep nothing reads it from the log', async () => {
    expect((await awayDuringRestart({ EVENT_CACHE: '1kB' })).log).toBeGreaterThan(0)
  })
})

describe('a token that is none', () => {
  const reasonFor = async (person: Person, token: string) => {
    const ear = await person.resume(token)
    expect(ear.frames.map(({ type }) => type).slice(0, 2)).toEqual(['hello', 'resync'])
    ear.cut()
    expect(await person.ask('GET', `/sync?since=${encodeURIComponent(token)}`)).toMatchObject({ status: 410 })
    return ear.all('resync')[0]?.data.reason
  }

  test.each([
    ['another user’s', async () => bob.position()],
    ['tampered', async () => (await alice.position()).replace(/^(.{20})./, (_, head) => `${head}A`)],
    ['cut short', async () => (await alice.position()).slice(0, -1)],
    ['without its seal', async () => (await alice.position()).split('.')[0] ?? ''],
    [
      'sealed by somebody else',
      async () => new ResumeTokens(Buffer.from('x')).sign(alice.id, { epoch: '', safe_id: 1 }),
    ],
    ['nonsense', async () => 'nonsense'],
    ['an access token', async () => alice.token.slice(0, 500)],
  ])('is answered with resync: %s', async (_, make) => {
    expect(await reasonFor(alice, await make())).toBe('token')
  })

  test('is answered with resync: of an older epoch', async () => {
    const { safe_id } = positionIn(await alice.position(), alice)
    expect(await reasonFor(alice, new ResumeTokens(key).sign(alice.id, { epoch: 'older', safe_id }))).toBe('epoch')
  })

  test('is answered with resync: from before what the log still holds', async () => {
    await using brief = await startWorld({ EVENT_CACHE: '1kB' })
    const dave = await brief.person('dave')
    const token = await dave.position()
    const psql = await brief.session()
    await dave.patch('/users/me', { bio: 'x'.repeat(200) })
    await dave.position()
    const { rows } = await psql.query(`select last_value + 100 as floor from events_id_seq`)
    await psql.query('update log_state set floor = $1', [rows[0].floor])
    await psql.query(`select setval(pg_get_serial_sequence('events', 'id'), (select floor + 1 from log_state))`)
    expect(await reasonFor(dave, token)).toBe('window')
  })

  test('is answered with resync: one from the future, which begins a new epoch for everybody', async () => {
    await using restored = await startWorld()
    const [dave, erin] = await restored.people('dave', 'erin')
    const psql = await restored.session()
    const secret = (await psql.query(`select value from secrets where name = 'resume_tokens'`)).rows[0].value
    const tokens = new ResumeTokens(secret)
    const { epoch, safe_id } = tokens.verify(dave.id, await dave.position()) ?? { epoch: '', safe_id: 0 }
    const bystander = await erin.connect()
    const erins = await erin.position()
    const ear = await dave.resume(tokens.sign(dave.id, { epoch, safe_id: safe_id + 1_000_000 }))
    expect(ear.all('resync')[0]?.data).toEqual({ reason: 'epoch' })
    expect((await bystander.closed).code).toBe(4400)
    expect(bystander.all('resync')[0]?.data).toEqual({ reason: 'epoch' })
    expect((await erin.resume(erins)).all('resync')[0]?.data).toEqual({ reason: 'epoch' })
  })

  test('a token ahead of this node alone is only a node that lags', async () => {
    const { id } = await world.group(alice, bob)
    const { epoch } = positionIn(await alice.position(), alice)
    const psql = await world.session()
    // Taken by somebody and rolled back: the sequence has it, and no node has seen it.
    await psql.query(`select nextval(pg_get_serial_sequence('events', 'id')) from generate_series(1, 100)`)
    const { rows } = await psql.query(`select last_value from events_id_seq`)
    const ear = await alice.resume(new ResumeTokens(key).sign(alice.id, { epoch, safe_id: Number(rows[0].last_value) }))
    expect(ear.all('resumed')[0]?.data).toEqual({ count: 0, limited: [] })
    await bob.say(id, 'after it')
    await ear.next('message.created', ({ data }) => data.content === 'after it')
    ear.cut()
  })
})

test('another node goes on where the first has stopped', async () => {
  const { id } = await world.group(alice, carol)
  const other = await world.addNode()
  const token = await carol.position()
  await alice.say(id, 'on the first')
  const ear = await carol.resume(token, other.url)
  // It may come after `resumed`, from a node that has not read it yet.
  await ear.next('message.created', ({ data }) => data.content === 'on the first')
  ear.cut()
})

describe('polling', () => {
  test('the first load and what came since are all that a client needs', async () => {
    const dave = await world.person('dave')
    const empty = await dave.get('/sync')
    expect(empty).toMatchObject({ me: { id: dave.id, seq: 0 }, conversations: { data: [], has_more: false } })
    const { id } = await world.group(alice, dave)
    await alice.say(id, 'hello')
    const first = await dave.get(`/sync?since=${empty.resume}`)
    expect(first.events.map((event: Frame) => event.type)).toEqual([
      'conversation.joined',
      'message.created',
      'message.created',
    ])
    expect(first.limited).toEqual([])
    await alice.say(id, 'again')
    const second = await dave.get(`/sync?since=${first.resume}`)
    const last = first.events.at(-1)
    // What is not newer than the last seq of its stream has come before.
    const isNew = (event: Frame) => event.stream === last.stream && (event.seq ?? 0) > last.seq
    expect(second.events.filter(isNew).map((event: Frame) => event.data.content)).toEqual(['again'])
    const fresh = await dave.get('/sync')
    expect(fresh.conversations.data[0]).toMatchObject({ id, seq: last.seq + 1, last_message: { content: 'again' } })
    expect(fresh.me.seq).toBe(1)
  })

  test('an unknown parameter is refused', async () => {
    expect((await alice.ask('GET', '/sync?from=1')).status).toBe(422)
  })
})
