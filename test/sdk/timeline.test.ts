// The messages of one conversation, as a screen shows them.
import { expect, test } from 'vitest'
import type { Timeline } from '../../src/sdk/client.js'
import type { Message } from '../../src/sdk/types.js'
import { ID, message, time } from './support/scripted-server.js'
import { Stage, TestStorage } from './support/stage.js'
import { until } from './support/until.js'

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
const numbersOf = (timeline: Timeline) => timeline.messages.map((one) => ('number' in one ? one.number : one.state))
const textsOf = (timeline: Timeline) => timeline.messages.map(({ content }) => content)

async function open(count: number, options = {}) {
  const stage = await Stage.set()
  stage.server.hold(ID.home, count)
  const client = await stage.live(options)
  const timeline = await client.earshot.open(ID.home)
  let changes = 0
  timeline.on('change', () => changes++)
  const { server } = stage
  const all = () => server.messages.get(ID.home) ?? []
  /** What the server has of it now, and the event that tells. */
  const change = (type: string, number: number, more: Partial<Message>) => {
    const index = all().findIndex((one) => one.number === number)
    all()[index] = { ...all()[index]!, ...more }
    return server.event(ID.home, type, all()[index])
  }
  return {
    stage,
    server,
    ...client,
    timeline,
    all,
    change,
    changes: () => changes,
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  }
}

test('a timeline opens with the newest messages, and older ones come page by page until there are none', async () => {
  await using scene = await open(120)
  const { timeline, server } = scene
  expect(numbersOf(timeline)).toEqual(range(71, 120))
  expect(timeline.hasOlder).toBe(true)
  // Asked for twice at once it is one page.
  await Promise.all([timeline.loadOlder(), timeline.loadOlder()])
  expect(numbersOf(timeline)).toEqual(range(21, 120))
  await timeline.loadOlder()
  expect(numbersOf(timeline)).toEqual(range(1, 120))
  expect(timeline.hasOlder).toBe(false)
  await timeline.loadOlder()
  expect(server.count(`/conversations/${ID.home}/messages`)).toBe(3)
})

test('new messages come at the end, and the list is another one each time', async () => {
  await using scene = await open(2)
  const { timeline, server, socket, changes } = scene
  const before = timeline.messages
  socket.say([server.add(ID.home), server.add(ID.home)])
  await until(() => timeline.messages.length === 4)
  expect(before).toHaveLength(2)
  expect(timeline.messages).toBe(timeline.messages)
  expect(changes()).toBe(1)
})

test('an edit, a deletion and what becomes of attachments replace the message, and what quotes it has another excerpt', async () => {
  await using scene = await open(3)
  const { earshot, timeline, socket, change, server, all } = scene
  const quoted = all()[1]!
  const reply_to = { id: quoted.id, number: 2, sender_id: quoted.sender_id, excerpt: 'message 2' }
  socket.say(server.add(ID.home, { reply_to }))
  socket.say(change('message.edited', 2, { content: '😀'.repeat(200), edited_at: time(9) }))
  await until(() => timeline.messages[1]?.content?.length === 400)
  expect(timeline.messages[3]).toMatchObject({ reply_to: { excerpt: '😀'.repeat(140) } })
  expect(earshot.conversation(ID.home)?.last_message).toMatchObject({ reply_to: { excerpt: '😀'.repeat(140) } })
  socket.say(change('attachment.ready', 2, { attachments: [{ id: 'a' } as never] }))
  socket.say(change('message.deleted', 2, { content: null, attachments: [], deleted_at: time(10) }))
  await until(() => timeline.messages[1]?.content === null)
  expect(timeline.messages[3]).toMatchObject({ reply_to: { excerpt: null } })
  expect(numbersOf(timeline)).toEqual([1, 2, 3, 4])
  socket.say(change('message.edited', 4, { content: 'changed', reply_to }))
  await until(() => earshot.conversation(ID.home)?.last_message?.content === 'changed')
})

test('a change of a message that is further back changes nothing here, and is there when that is loaded', async () => {
  await using scene = await open(60)
  const { timeline, socket, change, earshot } = scene
  socket.say(change('message.edited', 3, { content: 'changed' }))
  await earshot.command('ping')
  expect(numbersOf(timeline)).toEqual(range(11, 60))
  await timeline.loadOlder()
  expect(timeline.messages[2]?.content).toBe('changed')
})

test('what happens while a page is read is in it afterwards', async () => {
  await using scene = await open(60)
  const { timeline, socket, change, earshot, server } = scene
  let answer = () => {}
  server.intercept = ({ path, query }) => {
    if (!path.endsWith('/messages')) return undefined
    const data = scene.all().filter(({ number }) => number < Number(query.get('before')))
    return new Promise((resolve) => {
      answer = () => resolve({ status: 200, body: { data, has_before: false, has_after: true } })
    })
  }
  const loading = timeline.loadOlder()
  await until(() => server.count(`/conversations/${ID.home}/messages`) === 2)
  const hidden = { conversation_id: ID.home, message_id: scene.all()[4]!.id, number: 5, hidden: true }
  socket.say(
    change('message.edited', 3, { content: 'changed' }),
    server.own('message.hidden', hidden),
    server.add(ID.home),
  )
  await earshot.command('ping')
  answer()
  await loading
  expect(timeline.messages[2]?.content).toBe('changed')
  expect(numbersOf(timeline)).toEqual(range(1, 61).filter((number) => number !== 5))
})

test('a page during which more has happened than is remembered is not used, and can be asked for again', async () => {
  await using scene = await open(60)
  const { timeline, socket, earshot, server } = scene
  let answer = () => {}
  server.intercept = ({ path, query }) => {
    if (!path.endsWith('/messages')) return undefined
    const data = scene.all().filter(({ number }) => number < Number(query.get('before')))
    return new Promise((resolve) => {
      answer = () => resolve({ status: 200, body: { data, has_before: false, has_after: true } })
    })
  }
  const loading = timeline.loadOlder()
  await until(() => server.count(`/conversations/${ID.home}/messages`) === 2)
  socket.say(Array.from({ length: 1_001 }, () => server.add(ID.home)))
  await until(() => earshot.conversation(ID.home)?.message_number === 1_061)
  answer()
  await loading
  expect(timeline.messages[0]).toMatchObject({ number: 11 })
  server.intercept = () => undefined
  await timeline.loadOlder()
  expect(numbersOf(timeline)).toEqual(range(1, 1_061))
})

test('what happens while a timeline opens is in it', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 3)
  const { earshot, socket } = await stage.live()
  const data = [...stage.server.messages.get(ID.home)!]
  const answers: (() => void)[] = []
  stage.server.intercept = ({ path }) => {
    if (!path.endsWith('/messages')) return undefined
    return new Promise((resolve) => {
      answers.push(() => resolve({ status: 200, body: { data, has_before: false, has_after: false } }))
    })
  }
  const [opening, twice] = [earshot.open(ID.home), earshot.open(ID.home)]
  await until(() => stage.server.count(`/conversations/${ID.home}/messages`) === 2)
  socket.say(stage.server.add(ID.home))
  await until(() => earshot.conversation(ID.home)?.message_number === 4)
  for (const answer of answers) answer()
  expect(numbersOf(await opening)).toEqual([1, 2, 3, 4])
  expect(numbersOf(await twice)).toEqual([1, 2, 3, 4])
})

test('a hidden message goes, an edit does not bring it back, and it comes back when it is shown again', async () => {
  await using scene = await open(3)
  const { timeline, socket, server, earshot, all, change } = scene
  const last = all()[2]!
  const hidden = { conversation_id: ID.home, message_id: last.id, number: 3, hidden: true }
  socket.say(server.own('message.hidden', hidden), change('message.edited', 3, { content: 'changed' }))
  await until(() => timeline.messages.length === 2)
  await earshot.command('ping')
  expect(numbersOf(timeline)).toEqual([1, 2])
  expect(earshot.conversation(ID.home)).toMatchObject({ message_number: 3, last_message: { number: 2 } })
  socket.say(server.add(ID.home))
  await until(() => timeline.messages.length === 3)
  expect(numbersOf(timeline)).toEqual([1, 2, 4])
  socket.say(server.own('message.hidden', { ...hidden, hidden: false }))
  await until(() => timeline.messages.length === 4)
  expect(numbersOf(timeline)).toEqual([1, 2, 3, 4])
})

test('when the last message is hidden in a conversation that is not open, the one before it is read', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 3)
  const { earshot, socket } = await stage.live()
  const held = stage.server.conversations.get(ID.home)!
  const [before, last] = stage.server.messages.get(ID.home)!.slice(1)
  stage.server.conversations.set(ID.home, { ...held, last_message: before! })
  socket.say(
    stage.server.own('message.hidden', { conversation_id: ID.home, message_id: last!.id, number: 3, hidden: true }),
  )
  await until(() => earshot.conversation(ID.home)?.last_message?.number === 2)
})

test('content that is gone leaves its number, and what was shown of it goes', async () => {
  await using scene = await open(3)
  const { timeline, socket, server, earshot, all } = scene
  const gone = (one: Message) => ({ id: one.id, conversation_id: ID.home, number: one.number, gone: true })
  socket.say(server.event(ID.home, 'message.created', gone(message(ID.home, 4)), { message_number: 4 }))
  await until(() => earshot.conversation(ID.home)?.message_number === 4)
  expect(numbersOf(timeline)).toEqual([1, 2, 3])
  socket.say(server.event(ID.home, 'message.edited', gone(all()[0]!)))
  await until(() => timeline.messages.length === 2)
  socket.say(server.event(ID.home, 'conversation.updated', { id: ID.home, gone: true }), server.add(ID.home))
  await until(() => timeline.messages.length === 3)
  expect(numbersOf(timeline)).toEqual([2, 3, 5])
})

test('what is unsent is at the end in its order, and what the server stored takes its place: by the reply', async () => {
  await using scene = await open(1)
  const { timeline, socket, server, changes } = scene
  const sent = [timeline.send('a'), timeline.send('b')]
  await until(() => timeline.messages.length === 3)
  expect(numbersOf(timeline)).toEqual([1, 'waiting', 'waiting'])
  const shown: unknown[] = []
  timeline.on('change', () => shown.push(textsOf(timeline).join(' ')))
  const first = await socket.command('message.send')
  const { client_id } = first.data
  const event = server.add(ID.home, { sender_id: ID.alice, client_id, content: 'a' })
  socket.say({ type: 'reply', id: first.id, ok: true, data: event.data })
  expect(await sent[0]).toEqual(event.data)
  await until(() => numbersOf(timeline).join() === '1,2,waiting')
  socket.say(event)
  const second = await socket.command('message.send', 2)
  const { data } = server.add(ID.home, { sender_id: ID.alice, client_id: second.data.client_id, content: 'b' })
  socket.say({ type: 'reply', id: second.id, ok: true, data })
  await until(() => numbersOf(timeline).join() === '1,2,3')
  expect(new Set(shown)).toEqual(new Set(['message 1 a b']))
  expect(changes()).toBeGreaterThan(0)
})

test('the same by the event, whose reply comes later or never', async () => {
  await using scene = await open(1)
  const { timeline, socket, server, earshot } = scene
  const [sent] = [timeline.send('a'), timeline.send('b')]
  const { id, data } = await socket.command('message.send')
  const event = server.add(ID.home, { sender_id: ID.alice, client_id: data.client_id, content: 'a' })
  socket.say(event)
  expect(await sent).toEqual(event.data)
  await until(() => numbersOf(timeline).join() === '1,2,waiting')
  socket.say({ type: 'reply', id, ok: true, data: event.data })
  await socket.command('message.send', 2)
  await earshot.command('ping')
  expect(numbersOf(timeline)).toEqual([1, 2, 'waiting'])
  expect(textsOf(timeline)).toEqual(['message 1', 'a', 'b'])
})

test('a reply whose number lies beyond what was heard is shown once, before and after its event', async () => {
  await using scene = await open(1)
  const { timeline, socket, server } = scene
  const sent = timeline.send('mine')
  const { id, data } = await socket.command('message.send')
  const [theirs, mine] = [
    server.add(ID.home),
    server.add(ID.home, { sender_id: ID.alice, client_id: data.client_id, content: 'mine' }),
  ]
  socket.say({ type: 'reply', id, ok: true, data: mine.data })
  await sent
  await until(() => numbersOf(timeline).join() === '1,3')
  socket.say(theirs, mine)
  await until(() => numbersOf(timeline).join() === '1,2,3')
  expect(textsOf(timeline)).toEqual(['message 1', 'message 2', 'mine'])
})

test('my own message moves what I have read, and brings an archived conversation back unless it is muted', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 4, { me: { read_number: 1, unread_from: 1 } as never })
  stage.server.hold(ID.work, 1, { me: { archived_at: time(1), muted_until: time(500) } as never })
  const { earshot, socket } = await stage.live()
  await earshot.loadArchived()
  expect(earshot.conversation(ID.home)?.me.unread_count).toBe(4)
  socket.say(stage.server.add(ID.home, { sender_id: ID.alice }))
  await until(() => earshot.conversation(ID.home)?.message_number === 5)
  expect(earshot.conversation(ID.home)?.me).toMatchObject({
    read_number: 5,
    delivered_number: 5,
    unread_from: null,
    unread_count: 0,
  })
  socket.say({ ...stage.server.add(ID.work), at: time(499) })
  await until(() => earshot.conversation(ID.work)?.message_number === 2)
  expect(earshot.conversation(ID.work)?.me.archived_at).toBe(time(1))
  socket.say({ ...stage.server.add(ID.work), at: time(501) })
  await until(() => earshot.conversations.length === 2)
  expect(earshot.conversation(ID.work)?.last_activity_at).toBe(time(501))
})

test('the count of what is unread is computed, whatever the server says', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 4)
  const { earshot, socket } = await stage.live()
  const me = { ...earshot.conversation(ID.home)!.me, unread_from: 2, unread_count: 77 }
  socket.say(stage.server.own('membership.updated', { conversation_id: ID.home, me }))
  await until(() => earshot.conversation(ID.home)?.me.unread_from === 2)
  expect(earshot.conversation(ID.home)?.me.unread_count).toBe(3)
})

test.each([
  ['one who is removed', 'own', 'conversation.left', { conversation_id: ID.home, seq: 5, reason: 'removed' }],
  ['a deletion', 'event', 'conversation.deleted', { id: ID.home, gone: true }],
])('after %s the timeline is told that it is gone, and late events change nothing', async (_, way, type, data) => {
  await using scene = await open(3)
  const { timeline, socket, server, earshot } = scene
  let told = 0
  timeline.on('gone', () => told++)
  const event = way === 'own' ? server.own(type, data) : server.event(ID.home, type, data)
  const late = server.add(ID.home)
  server.conversations.delete(ID.home)
  socket.say(event, late, { ...late, type: 'message.edited', seq: late.seq + 1 })
  await until(() => told === 1)
  await earshot.command('ping')
  expect(earshot.conversation(ID.home)).toBeUndefined()
  expect(timeline.messages).toEqual([])
  expect(timeline.hasOlder).toBe(false)
  await expect(earshot.open(ID.home)).rejects.toMatchObject({ code: 'conversation.not_found', status: 404 })
  await timeline.loadOlder()
  timeline.close()
})

test('whoever comes back finds the conversation as it is then', async () => {
  await using scene = await open(3)
  const { timeline, socket, server, earshot } = scene
  socket.say(server.own('conversation.left', { conversation_id: ID.home, seq: 5, reason: 'left' }))
  await until(() => earshot.conversations.length === 0)
  const again = server.hold(ID.home, 9, { seq: 30 })
  socket.say(server.own('conversation.joined', { conversation_id: ID.home, seq: 30, conversation: again }))
  await until(() => earshot.conversations.length === 1)
  const reopened = await earshot.open(ID.home)
  expect(numbersOf(reopened)).toEqual(range(1, 9))
  socket.say(server.add(ID.home))
  await until(() => reopened.messages.length === 10)
  expect(timeline.messages).toEqual([])
})

test('a joining of one that is held, newer or older than that, ends with the newer', async () => {
  await using scene = await open(3)
  const { timeline, socket, server, earshot } = scene
  const older = server.conversations.get(ID.home)!
  socket.say(server.add(ID.home))
  socket.say(server.own('conversation.joined', { conversation_id: ID.home, seq: 1, conversation: older }))
  await earshot.command('ping')
  expect(earshot.conversation(ID.home)?.message_number).toBe(4)
  const newer = server.hold(ID.home, 12, { seq: 40 })
  socket.say(server.own('conversation.joined', { conversation_id: ID.home, seq: 40, conversation: newer }))
  await until(() => timeline.messages.length === 12)
  // A leaving from before that stay is late.
  socket.say(server.own('conversation.left', { conversation_id: ID.home, seq: 20, reason: 'left' }))
  await earshot.command('ping')
  expect(earshot.conversation(ID.home)?.message_number).toBe(12)
})

test('of a closed timeline only the newest messages are kept, up to date, over a restart too', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 120)
  const storage = new TestStorage()
  const { earshot, socket } = await stage.live({ storage, keepMessages: 5 })
  const timeline = await earshot.open(ID.home)
  await timeline.loadOlder()
  const both = await earshot.open(ID.home)
  timeline.close()
  timeline.close()
  expect(numbersOf(both)).toHaveLength(100)
  both.close()
  socket.say(stage.server.add(ID.home), { type: 'checkpoint', data: { resume: 'later' } })
  await until(() => storage.kept.get('resume') === 'later')
  earshot.stop()
  const kept = storage.kept.get(`conversation:${ID.home}`) as { messages: Message[] }
  expect(kept.messages.map(({ number }) => number)).toEqual(range(117, 121))
  const asked = stage.server.asked.length
  // Without any connection.
  const { earshot: next } = stage.client({ storage, keepMessages: 5 })
  const shown = await next.open(ID.home)
  expect(numbersOf(shown)).toEqual(range(117, 121))
  expect(shown.hasOlder).toBe(true)
  expect(stage.server.asked).toHaveLength(asked)
})

test('an open timeline holds 2,000 messages at most, and says so', async () => {
  await using scene = await open(2_010)
  const { timeline, socket, server } = scene
  server.intercept = ({ path, query }) => {
    if (!path.endsWith('/messages')) return undefined
    const data = scene.all().filter(({ number }) => number < Number(query.get('before')))
    return { status: 200, body: { data: data.slice(-1_948), has_before: true, has_after: true } }
  }
  await timeline.loadOlder()
  expect(timeline.messages).toHaveLength(1_998)
  expect(timeline.hasOlder).toBe(true)
  socket.say([server.add(ID.home), server.add(ID.home), server.add(ID.home)])
  await until(() => timeline.messages.length === 2_000)
  expect(timeline.hasOlder).toBe(false)
  expect(numbersOf(timeline)).toEqual(range(14, 2_013))
})

test('a page that cannot be read is an error of whoever asked, and can be asked for again', async () => {
  await using scene = await open(60)
  const { timeline, server, errors } = scene
  server.intercept = () => ({ status: 503, body: { code: 'unavailable', detail: '' } })
  await expect(timeline.loadOlder()).rejects.toMatchObject({ code: 'unavailable' })
  server.intercept = () => ({ status: 200, body: { data: [{ id: 1 }], has_before: false } })
  await expect(timeline.loadOlder()).rejects.toMatchObject({ code: 'unexpected' })
  server.intercept = () => undefined
  await timeline.loadOlder()
  expect(timeline.messages).toHaveLength(60)
  expect(errors).toEqual([])
})

test('a timeline whose messages cannot be read does not open', async () => {
  await using stage = await Stage.set()
  stage.server.hold(ID.home, 3)
  const { earshot } = await stage.live()
  stage.server.intercept = () => ({ status: 500, body: { code: 'internal', detail: '' } })
  await expect(earshot.open(ID.home)).rejects.toMatchObject({ code: 'internal' })
  await expect(earshot.open(ID.work)).rejects.toMatchObject({ code: 'internal' })
  stage.server.intercept = () => undefined
  expect((await earshot.open(ID.home)).messages).toHaveLength(3)
  await expect(earshot.open(ID.work)).rejects.toMatchObject({ code: 'conversation.not_found' })
})

test('listeners that throw or fail break nothing, and are reported', async () => {
  await using scene = await open(1)
  const { timeline, socket, server, errors, earshot } = scene
  timeline.on('change', () => {
    throw 'in a timeline'
  })
  earshot.on('event', async () => {
    throw 'in a promise'
  })
  earshot.on('error', () => {
    throw 'in an error'
  })
  let heard = 0
  const off = timeline.on('change', () => heard++)
  socket.say(server.add(ID.home))
  await until(() => errors.length === 2)
  expect(errors.sort()).toEqual(['in a promise', 'in a timeline'])
  expect(heard).toBe(1)
  off()
  socket.say(server.add(ID.home))
  await until(() => timeline.messages.length === 3)
  expect(heard).toBe(1)
})
