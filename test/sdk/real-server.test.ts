// Two people and their devices, each with the SDK, on the real server.
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { Timeline } from '../../src/sdk/client.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'
import { Apps, expectConverged } from './support/app.js'
import { TestStorage } from './support/stage.js'
import { until } from './support/until.js'

const textsOf = (timeline: Timeline) => timeline.messages.map(({ content }) => content)

/** Another process in the place of the node, at the same address. */
async function restart(world: World): Promise<void> {
  await world.node.stop()
  await world.addNode({ PORT: new URL(world.node.url).port })
}

test('two people find each other, talk, and see what the other has read', async () => {
  await using world = await startWorld()
  using apps = new Apps()
  const [alice, bob] = [apps.make(world.node.url), apps.make(world.node.url)]
  for (const [earshot, username] of [
    [alice, 'alice'],
    [bob, 'bob'],
  ] as const) {
    const email = `${username}@example.com`
    await earshot.signUp({ username, email, password: PASSWORD, display_name: username })
    await earshot.start()
  }
  const { data } = await alice.call('GET /users', { query: { query: 'bob' } })
  const created = await alice.call('POST /conversations', { body: { type: 'direct', user_ids: [data[0]!.id] } })
  await until(() => bob.conversations.length === 1 && alice.conversations.length === 1)
  expect(bob.conversations[0]?.peer?.username).toBe('alice')
  const [hers, his] = [await alice.open(created.id), await bob.open(created.id)]

  const typing: unknown[] = []
  bob.on('signal', ({ type, data }) => typing.push(type, data))
  await alice.command('typing.start', { conversation_id: created.id })
  await until(() => typing.length > 0)
  expect(typing).toEqual(['typing.started', { user_id: alice.me?.id }])

  const first = await hers.send('Hello, Bob!')
  await until(() => his.messages.length === 1)
  const reply = await his.send('Hello, Alice!', { reply_to_id: first.id })
  await until(() => hers.messages.length === 2)
  expect(hers.messages).toEqual(his.messages)
  expect(reply.reply_to?.excerpt).toBe('Hello, Bob!')
  expect(alice.conversation(created.id)?.me.unread_count).toBe(1)
  alice.markRead(created.id)
  await until(() => alice.conversation(created.id)?.me.unread_count === 0)
  // Bob's own client has told that it came, without being asked.
  await until(() => bob.conversation(created.id)?.me.delivered_number === 2)
  const { data: receipts } = await alice.call('GET /messages/{id}/receipts', { path: { id: first.id } })
  expect(receipts).toMatchObject([{ delivered_at: expect.any(String) }])

  await alice.command('message.edit', { message_id: first.id, content: 'Hello!' })
  await until(() => textsOf(his)[0] === 'Hello!')
  expect(his.messages[1]).toMatchObject({ reply_to: { excerpt: 'Hello!' } })
  await alice.command('message.delete', { message_id: first.id })
  await until(() => textsOf(his)[0] === null)
  expect(textsOf(hers)).toEqual(textsOf(his))

  await bob.signOut()
  expect(bob.status).toBe('signed out')
  expect(apps.errors).toEqual([])
})

test('after every kind of change a client holds what a fresh one loads', async () => {
  await using world = await startWorld()
  using apps = new Apps()
  const [alice, bob, carol] = await world.people('alice', 'bob', 'carol')
  const home = await world.group(alice, bob)
  const at = `/conversations/${home.id}`
  const first = await bob.say(home.id, 'the first')
  const clients = await Promise.all(
    [alice, bob, carol].map(async (person) => ({ person, earshot: await apps.of(person) })),
  )
  const [hers, his] = [await clients[0]!.earshot.open(home.id), await clients[1]!.earshot.open(home.id)]
  let last = first
  const changes: [string, () => Promise<unknown>][] = [
    ['a message', async () => (last = await alice.say(home.id, 'hello'))],
    ['a reply', () => bob.say(home.id, 'hello back', { reply_to_id: last.id })],
    ['an edit of what was quoted', () => alice.patch(`/messages/${last.id}`, { content: 'hello, all' })],
    ['a deletion of what was quoted', () => alice.delete(`/messages/${last.id}`)],
    [
      'the last message hidden',
      async () => alice.ask('PUT', `/messages/${(await bob.say(home.id, 'look away')).id}/hidden`),
    ],
    ['the first one hidden', () => alice.ask('PUT', `/messages/${first.id}/hidden`)],
    ['the first one shown again', () => alice.ask('DELETE', `/messages/${first.id}/hidden`)],
    ['a change of the group', () => alice.patch(at, { name: 'another', description: 'new', metadata: { a: 1 } })],
    ['somebody who joins', () => alice.post(`${at}/members`, { user_ids: [carol.id] })],
    ['what the new one says', () => carol.say(home.id, 'glad to be here')],
    ['a role', () => alice.patch(`${at}/members/${bob.id}`, { role: 'admin' })],
    ['a nickname', () => carol.patch(`${at}/members/${carol.id}`, { nickname: 'C' })],
    ['wishes', () => alice.patch(`${at}/me`, { alias: 'ours', pinned: true, notifications: 'none' })],
    ['an archived conversation', () => bob.patch(`${at}/me`, { archived: true })],
    ['a message that brings it back', () => carol.say(home.id, 'wake up')],
    ['a reading', () => bob.ask('PUT', `${at}/receipts`, { read_number: 3 })],
    ['what is marked as unread', () => alice.ask('PUT', `${at}/unread`, { from_number: 4 })],
    ['what ends that', () => alice.say(home.id, 'here I am')],
    [
      'a message with a file that goes',
      async () => {
        const { id } = await alice.upload('a.txt', 'a')
        await alice.say(home.id, 'with a file', { attachment_ids: [id] })
        await alice.delete(`/attachments/${id}`)
      },
    ],
    ['a ban', () => alice.ask('PUT', `${at}/bans/${carol.id}`, {})],
    ['the end of a ban', () => alice.delete(`${at}/bans/${carol.id}`)],
    ['somebody who comes back', () => alice.post(`${at}/members`, { user_ids: [carol.id] })],
    ['a direct conversation', () => carol.post('/conversations', { type: 'direct', user_ids: [alice.id] })],
    ['a profile', () => alice.patch('/users/me', { bio: 'changed', email: 'new@example.com' })],
    ['a block', () => alice.ask('PUT', `/blocks/${carol.id}`)],
    ['another owner', () => alice.post(`${at}/transfer`, { user_id: bob.id })],
    ['one who leaves', () => alice.post(`${at}/leave`)],
    ['the end of the group', () => bob.delete(at)],
  ]
  for (const [name, change] of changes) {
    await change()
    for (const { person, earshot } of clients)
      await expectConverged(apps, person, earshot, `${person.name}, after ${name}`)
    for (const [timeline, person] of [
      [hers, alice],
      [his, bob],
    ] as const) {
      const { status, body } = await person.ask('GET', `${at}/messages`)
      const expected = status === 200 ? body.data : []
      await until(() => isDeepStrictEqual(timeline.messages, expected)).catch(() => undefined)
      expect(timeline.messages, `the timeline of ${person.name}, after ${name}`).toEqual(expected)
    }
  }
  expect(apps.errors).toEqual([])
}, 120_000)

test('what is written while the server is away is there once when it is back, in order, and nothing was missed', async () => {
  await using world = await startWorld()
  using apps = new Apps()
  const [alice, bob] = await world.people('alice', 'bob')
  const home = await world.group(alice, bob)
  const [hers, his] = [await apps.of(alice), await apps.of(bob)]
  const [left, right] = [await hers.open(home.id), await his.open(home.id)]
  await left.send('before')
  await world.node.stop()
  await until(() => hers.status !== 'live' && his.status !== 'live', 'both are offline')
  const sent = ['one', 'two', 'three'].map((content) => left.send(content))
  expect(hers.outbox).toHaveLength(3)
  await world.addNode({ PORT: new URL(world.node.url).port })
  await Promise.all(sent)
  await until(() => right.messages.length === left.messages.length && his.status === 'live')
  expect(textsOf(right).slice(-4)).toEqual(['before', 'one', 'two', 'three'])
  expect(textsOf(left)).toEqual(textsOf(right))
  await expectConverged(apps, alice, hers)
  await expectConverged(apps, bob, his)
}, 60_000)

test('a client that starts again tells of what happened meanwhile, also of more than is told event by event', async () => {
  await using world = await startWorld({ RATE_LIMIT_MESSAGE: '10000/1m' })
  using apps = new Apps()
  const [alice, bob] = await world.people('alice', 'bob')
  const home = await world.group(alice, bob)
  const busy = await world.group(alice, bob)
  const storage = new TestStorage()
  const first = await apps.of(bob, { storage })
  const timeline = await first.open(home.id)
  await alice.say(home.id, 'heard')
  await until(() => textsOf(timeline).includes('heard'))
  await until(() => (storage.kept.get(`conversation:${home.id}`) as { messages?: unknown[] })?.messages?.length === 2)
  first.stop()
  await alice.say(home.id, 'missed')
  for (let n = 0; n < 205; n += 41) await Promise.all(Array.from({ length: 41 }, () => alice.say(busy.id, 'noise')))
  const heard: string[] = []
  const next = apps.make(world.node.url, { storage })
  next.on('event', ({ type, stream }) => heard.push(stream === home.id ? type : ''))
  await next.start()
  expect(heard).toContain('message.created')
  await expectConverged(apps, bob, next)
  expect(next.conversation(busy.id)?.me.unread_count).toBeGreaterThanOrEqual(205)
  expect(textsOf(await next.open(home.id)).slice(-2)).toEqual(['heard', 'missed'])
  expect(apps.errors).toEqual([])
}, 60_000)

test('a new epoch, as after a restore: everything is loaded afresh, and goes on from there', async () => {
  await using world = await startWorld()
  using apps = new Apps()
  const [alice, bob] = await world.people('alice', 'bob')
  const home = await world.group(alice, bob)
  const his = await apps.of(bob)
  const timeline = await his.open(home.id)
  await alice.say(home.id, 'of the old epoch')
  await until(() => textsOf(timeline).includes('of the old epoch'))
  const statuses: string[] = []
  his.on('status', (status) => statuses.push(status))
  const psql = await world.session()
  await psql.query('select raise_epoch()')
  await restart(world)
  await until(() => his.status === 'live' && statuses.includes('catching up'))
  await alice.say(home.id, 'of the new one')
  await until(() => textsOf(timeline).includes('of the new one'))
  await expectConverged(apps, bob, his)
}, 60_000)

test('tokens that end while the socket is open are renewed on it, and nothing is interrupted', async () => {
  await using world = await startWorld({ ACCESS_TOKEN_TTL: '2s', WS_AUTH_GRACE: '2s' })
  using apps = new Apps()
  const alice = await world.person('alice')
  const hers = await apps.of(alice)
  const statuses: string[] = []
  hers.on('status', (status) => statuses.push(status))
  const expiry = async () => Date.parse((await hers.call('GET /auth/verify')).expires_at)
  const first = await expiry()
  const { id } = await hers.call('POST /conversations', {
    body: { type: 'group', name: 'a', user_ids: [(await world.person('bob')).id] },
  })
  for (let n = 0; (await expiry()) < first + 5_000; n++) await hers.send(id, String(n))
  expect(statuses).toEqual([])
  expect(apps.errors).toEqual([])
})

test('a session that ends elsewhere signs the client out', async () => {
  await using world = await startWorld()
  using apps = new Apps()
  const alice = await world.person('alice')
  const hers = await apps.of(alice)
  await alice.delete('/sessions')
  await until(() => hers.status === 'signed out')
  expect(apps.errors).toEqual(['socket.session_ended'])
  await expect(hers.start()).rejects.toMatchObject({ code: 'auth.unauthenticated' })
})
