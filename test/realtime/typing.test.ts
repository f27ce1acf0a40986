// Who hears that somebody types. What must not be heard is waited out by something said later in the same conversation.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Clock } from '../support/clock.js'
import type { Ear } from '../support/ear.js'
import { fetchJson, type Person } from '../support/person.js'
import { startProcess } from '../support/process-node.js'
import { startWorld, type World } from '../support/world.js'

const clock = new Clock()
let world: World
beforeAll(async () => {
  world = await startWorld({}, clock)
})
afterAll(() => world[Symbol.asyncDispose]())

let round = 0
async function people(): Promise<[Person, Person, Person]> {
  const n = ++round
  const [alice, bob, carol] = await world.people(`alice${n}`, `bob${n}`, `carol${n}`)
  return [alice, bob, carol]
}

const typingOf = (ear: Ear, home: string) =>
  ear.frames
    .filter((frame) => frame.type.startsWith('typing.') && frame.stream === home)
    .map((frame) => [frame.type, frame.data.user_id])
const type = (person: Person, home: string, typing = true) =>
  person.ask('POST', `/conversations/${home}/typing`, { typing })
const typists = async (person: Person, home: string) => (await person.get(`/conversations/${home}/typing`)).data

test('the others hear who begins and ends to type, over a socket and over REST, and nobody else does', async () => {
  const [alice, bob, outsider] = await people()
  const phone = await world.device(alice)
  const { id: home } = await world.group(alice, bob)
  const ears = [await alice.connect(), await phone.connect(), await bob.connect(), await outsider.connect()] as const
  const [alicesEar, phonesEar, bobsEar] = ears

  expect(await alicesEar.command('typing.start', { conversation_id: home })).toMatchObject({ ok: true, data: {} })
  expect(await bobsEar.next('typing.started')).toEqual({
    type: 'typing.started',
    stream: home,
    data: { user_id: alice.id },
  })
  expect(await typists(bob, home)).toEqual([alice.id])
  expect(await typists(alice, home)).toEqual([])
  await alicesEar.command('typing.stop', { conversation_id: home })
  await bobsEar.next('typing.stopped')
  expect(await typists(bob, home)).toEqual([])

  expect((await type(bob, home)).status).toBe(204)
  await alicesEar.next('typing.started', (frame) => frame.data.user_id === bob.id)
  expect((await type(bob, home, false)).status).toBe(204)
  for (const ear of [alicesEar, phonesEar]) await ear.next('typing.stopped', (frame) => frame.data.user_id === bob.id)
  await outsider.settled()

  expect(ears.map((ear) => typingOf(ear, home).map(([, who]) => who))).toEqual([
    [bob.id, bob.id],
    [bob.id, bob.id],
    [alice.id, alice.id],
    [],
  ])
})

test('two nodes hear each other, and each can tell who types', async () => {
  const second = await world.addNode()
  const [alice] = await people()
  const bob = await world.person('bob-elsewhere', second)
  const { id: home } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const [alicesEar, bobsEar] = [await alice.connect(), await bob.connect()]
  await alicesEar.command('typing.start', { conversation_id: home })
  await bobsEar.next('typing.started')
  expect(await typists(bob, home)).toEqual([alice.id])
  await bobsEar.command('typing.start', { conversation_id: home })
  await alicesEar.next('typing.started')
  expect(await typists(alice, home)).toEqual([bob.id])

  // A message ends it wherever it was begun.
  await fetchJson(alice.url, 'POST', `/conversations/${home}/messages`, {
    body: { content: 'through the other node' },
    headers: { authorization: `Bearer ${bob.token}` },
  })
  await alicesEar.next('typing.stopped')
  alicesEar.cut()
  await bobsEar.next('typing.stopped')
  expect(await typists(alice, home)).toEqual([])
  expect(await typists(bob, home)).toEqual([])
})

test('10 s after the last word of it the others are told that it has ended', async () => {
  const [alice, bob] = await people()
  const { id: home } = await world.group(alice, bob)
  const [alicesEar, ear] = [await alice.connect(), await bob.connect()]
  await alicesEar.command('typing.start', { conversation_id: home })
  await ear.next('typing.started')
  clock.pass(10)
  expect((await ear.next('typing.stopped')).data).toEqual({ user_id: alice.id })
  expect(await typists(bob, home)).toEqual([])
})

test('a socket that dies ends what it had begun', async () => {
  const [alice, bob] = await people()
  const { id: home } = await world.group(alice, bob)
  const [alicesEar, ear] = [await alice.connect(), await bob.connect()]
  await alicesEar.command('typing.start', { conversation_id: home })
  await ear.next('typing.started')
  alicesEar.cut()
  expect((await ear.next('typing.stopped')).data).toEqual({ user_id: alice.id })
})

test('a message ends it, over REST and over a socket', async () => {
  const [alice, bob] = await people()
  const { id: home } = await world.group(alice, bob)
  const [alicesEar, ear] = [await alice.connect(), await bob.connect()]
  await alicesEar.command('typing.start', { conversation_id: home })
  await ear.next('typing.started')
  await alice.say(home, 'over REST')
  await ear.next('typing.stopped')
  clock.pass(3)
  await alicesEar.command('typing.start', { conversation_id: home })
  await ear.next('typing.started')
  await alicesEar.command('message.send', { conversation_id: home, content: 'over a socket' })
  await ear.next('typing.stopped')
})

test('whoever is removed types no more, hears of nobody who does, and may not say so', async () => {
  const [alice, bob, carol] = await people()
  const { id: home } = await world.group(alice, bob, carol)
  const [bobsEar, carolsEar] = [await bob.connect(), await carol.connect()]
  await bobsEar.command('typing.start', { conversation_id: home })
  await carolsEar.next('typing.started')
  await alice.delete(`/conversations/${home}/members/${bob.id}`)
  expect((await carolsEar.next('typing.stopped')).data).toEqual({ user_id: bob.id })
  expect((await bobsEar.command('typing.start', { conversation_id: home })).error.code).toBe('conversation.not_found')
  expect((await bob.ask('GET', `/conversations/${home}/typing`)).body.code).toBe('conversation.not_found')
  await type(alice, home)
  await carolsEar.next('typing.started')
  await bob.settled()
  expect(typingOf(bobsEar, home)).toEqual([])
})

test('a viewer sees who types and may not type; a member who becomes one types no more', async () => {
  const [alice, bob, carol] = await people()
  const { id: home } = await world.group(alice, bob, carol)
  const psql = await world.session()
  const demote = (person: Person) =>
    psql.query(`update members set role = 'viewer' where conversation_id = $1 and user_id = $2`, [home, person.id])
  await demote(bob)
  const [bobsEar, carolsEar] = [await bob.connect(), await carol.connect()]
  expect((await bobsEar.command('typing.start', { conversation_id: home })).error.code).toBe('conversation.forbidden')
  expect((await type(bob, home)).body.code).toBe('conversation.forbidden')
  await carolsEar.command('typing.start', { conversation_id: home })
  await bobsEar.next('typing.started')
  expect(await typists(bob, home)).toEqual([carol.id])
  await demote(carol)
  await bobsEar.next('typing.stopped')
  expect((await carolsEar.command('typing.start', { conversation_id: home })).error.code).toBe('conversation.forbidden')
})

test('whoever does not want to be seen typing is not, from that moment on', async () => {
  const [alice, bob, carol] = await people()
  const { id: home } = await world.group(alice, bob, carol)
  const psql = await world.session()
  const [alicesEar, ear] = [await alice.connect(), await bob.connect()]
  await alicesEar.command('typing.start', { conversation_id: home })
  await ear.next('typing.started')
  await psql.query('update members set show_typing = false where conversation_id = $1 and user_id = $2', [
    home,
    alice.id,
  ])
  await ear.next('typing.stopped')
  expect((await alicesEar.command('typing.start', { conversation_id: home })).ok).toBe(true)
  expect((await type(alice, home)).status).toBe(204)
  await type(carol, home)
  await ear.next('typing.started', (frame) => frame.data.user_id === carol.id)
  expect(typingOf(ear, home).filter(([, who]) => who === alice.id)).toHaveLength(2)
  expect(await typists(bob, home)).toEqual([carol.id])
})

test('no typing passes a block, neither in a direct conversation nor in a group', async () => {
  const [alice, bob, carol] = await people()
  const { id: home } = await world.group(alice, bob, carol)
  const { id: direct } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const psql = await world.session()
  await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [alice.id, bob.id])
  const [alicesEar, bobsEar, carolsEar] = [await alice.connect(), await bob.connect(), await carol.connect()]
  for (const ear of [alicesEar, bobsEar]) {
    expect((await ear.command('typing.start', { conversation_id: direct })).ok).toBe(true)
    expect((await ear.command('typing.start', { conversation_id: home })).ok).toBe(true)
  }
  await carolsEar.heard('typing.started', 2)
  await carolsEar.command('typing.start', { conversation_id: home })
  for (const ear of [alicesEar, bobsEar]) {
    await ear.next('typing.started', (frame) => frame.data.user_id === carol.id)
    expect(typingOf(ear, home)).toEqual([['typing.started', carol.id]])
    expect(typingOf(ear, direct)).toEqual([])
  }
  expect(await typists(alice, home)).toEqual([carol.id])
  expect(await typists(bob, home)).toEqual([carol.id])
  expect(await typists(bob, direct)).toEqual([])
  expect([...(await typists(carol, home))].sort()).toEqual([alice.id, bob.id].sort())
})

test('in a conversation of 200 it is told, in one of 201 it is accepted in silence', async () => {
  const [alice, bob, carol] = await people()
  const { id: home } = await world.group(alice, bob)
  const { id: aside } = await world.group(alice, bob)
  const psql = await world.session()
  await psql.query(
    `with crowd as (
       insert into users (username, display_name) select 'crowd' || n, 'Crowd' from generate_series(1, 198) n returning id)
     insert into members (conversation_id, user_id) select $1, id from crowd`,
    [home],
  )
  const ear = await bob.connect()
  expect((await alice.get(`/conversations/${home}`)).member_count).toBe(200)
  await type(alice, home)
  await ear.next('typing.started')
  await type(alice, home, false)
  await ear.next('typing.stopped')

  await alice.post(`/conversations/${home}/members`, { user_ids: [carol.id] })
  clock.pass(3)
  expect((await type(alice, home)).status).toBe(204)
  await type(alice, aside)
  await ear.next('typing.started', (frame) => frame.stream === aside)
  expect(typingOf(ear, home)).toHaveLength(2)
  expect(await typists(bob, home)).toEqual([])
})

test('what a killed node could not end is forgotten by the others after 13 s', async () => {
  const dying = await startProcess(world)
  const [alice, bob] = await people()
  const { id: home } = await world.group(alice, bob)
  const bobsEar = await bob.connect()
  const alicesEar = await alice.connect(dying.url)
  await alicesEar.command('typing.start', { conversation_id: home })
  await bobsEar.next('typing.started', ({ stream }) => stream === home)
  await dying.kill()
  clock.pass(12.999)
  expect(await typists(bob, home)).toEqual([alice.id])
  clock.pass(0.001)
  expect(await typists(bob, home)).toEqual([])
  expect(typingOf(bobsEar, home)).toEqual([['typing.started', alice.id]])
})
