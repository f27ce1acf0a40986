// Sending and reading.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
let home: string
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
  home = (await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })).id
})
afterAll(() => world[Symbol.asyncDispose]())

const send = (body: unknown, as = alice, id = home) => as.ask('POST', `/conversations/${id}/messages`, body)
/** JSON of exactly so many bytes, as a client would write it. */
const metadata = (bytes: number) => ({ a: 'x'.repeat(bytes - JSON.stringify({ a: '' }).length) })

test('a message is stored, numbered, and the same for everybody who reads it', async () => {
  const conversation = (await world.group(alice, bob)).id
  const ear = await listen(bob)
  const client_id = crypto.randomUUID()
  const input = { content: 'hello', client_id: client_id.toUpperCase(), metadata: { color: 'blue', nested: [{}] } }
  const { status, body } = await send(input, alice, conversation)
  expect(status).toBe(201)
  expect(body).toEqual({
    id: expect.any(String),
    conversation_id: conversation,
    number: 2,
    sender_id: alice.id,
    type: 'text',
    content: 'hello',
    attachments: [],
    reply_to: null,
    system: null,
    metadata: input.metadata,
    client_id,
    created_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
    edited_at: null,
    deleted_at: null,
    deleted_by: null,
  })
  expect((await ear.next('message.created')).data).toEqual(body)
  expect(await bob.get(`/messages/${body.id}`)).toEqual(body)
  expect((await bob.get(`/conversations/${conversation}/messages`)).data[1]).toEqual(body)
  expect((await bob.get(`/conversations/${conversation}`)).last_message).toEqual(body)
})

test('messages that are sent at the same time get the numbers 1 to n, each once', async () => {
  const conversation = (await world.group(alice, bob)).id
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, index) => send({ content: `${index}` }, index % 2 ? alice : bob, conversation)),
  )
  expect(sent.map(({ status }) => status)).toEqual(Array(20).fill(201))
  const numbers = sent.map(({ body }) => body.number).sort((a, b) => a - b)
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 2))
})

test('who is not a member can neither send nor read', async () => {
  const { id } = await alice.say(home, 'between us')
  expect(await outcome(send({ content: 'me too' }, outsider))).toBe('404 conversation.not_found')
  expect(await outcome(outsider.ask('GET', `/conversations/${home}/messages`))).toBe('404 conversation.not_found')
  expect(await outcome(outsider.ask('GET', `/messages/${id}`))).toBe('404 message.not_found')
  expect(await outcome(alice.ask('GET', `/messages/${crypto.randomUUID()}`))).toBe('404 message.not_found')
  expect(await outcome(send({ content: 'x' }, alice, crypto.randomUUID()))).toBe('404 conversation.not_found')
  // A person is no conversation, although they have a stream too.
  expect(await outcome(send({ content: 'x' }, alice, alice.id))).toBe('404 conversation.not_found')
})

test.each([
  ['blanks around', '  \t two \n\n'],
  ['Windows line ends', 'one\r\ntwo\r'],
  ['emoji with joiners', '👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽'],
  ['right-to-left', '\u202eمرحبا\u202c שלום'],
  ['decomposed letters', 'e\u0301 \u00e9 \ufb01'],
  ['control signs', '\u0001\u001b[31m\u007f\u0085\u2028\ufeff'],
  ['other languages', `'; drop table messages; -- <script>alert(1)</script> {{x}} %s \\u0000 \\`],
  ['the last of Unicode', '\u{10ffff}\uffff\ufffd'],
])('a text with %s comes back as it was given', async (_, content) => {
  const { body } = await send({ content })
  expect(body.content).toBe(content)
  expect((await bob.get(`/messages/${body.id}`)).content).toBe(content)
})

test.each([['nothing'.slice(7)], [' '], ['\n\t \r\n'], ['\u00a0\u3000\ufeff']])(
  'a blank text is refused: %j',
  async (content) => {
    expect(await outcome(send({ content }))).toBe('422 message.empty')
  },
)

test('without attachments there has to be a text', async () => {
  for (const input of [{}, { attachment_ids: [] }]) expect(await outcome(send(input))).toBe('422 message.empty')
})

test('a text has at most 5,000 characters, however many bytes they take', async () => {
  for (const content of ['x'.repeat(5_000), '🎈'.repeat(5_000), 'é'.repeat(5_000)]) {
    const { status, body } = await send({ content })
    expect([status, body.content === content]).toEqual([201, true])
    expect(await outcome(send({ content: content + content.slice(-2) }))).toBe('422 message.too_long')
  }
})

test('a text of exactly 65,536 bytes is stored and heard, and one more byte is refused', async () => {
  await using roomy = await startWorld({ MAX_MESSAGE_LENGTH: '65536' })
  const [ann, ben] = await roomy.people('ann', 'ben')
  const { id } = await roomy.group(ann, ben)
  const ear = await listen(ben)
  // The second is the longest that a text can become on its way: each byte is written as \u0001.
  for (const content of ['x'.repeat(65_536), '\u0001'.repeat(65_536), '🎈'.repeat(16_384)]) {
    const sent = await ann.say(id, content)
    expect(sent.content === content).toBe(true)
    expect((await ear.next('message.created')).data.content === content).toBe(true)
  }
  for (const content of ['x'.repeat(65_537), `${'🎈'.repeat(16_384)}x`, 'é'.repeat(32_769)])
    expect(await outcome(send({ content }, ann, id))).toBe('422 message.too_long')
})

test('metadata has at most 16 KiB and eight levels', async () => {
  const nested = (levels: number): object => (levels === 0 ? {} : { a: nested(levels - 1) })
  expect(await outcome(send({ content: 'x', metadata: metadata(16_000) }))).toBe('201')
  expect(await outcome(send({ content: 'x', metadata: metadata(16_385) }))).toBe('422 request.invalid')
  expect(await outcome(send({ content: 'x', metadata: nested(7) }))).toBe('201')
  expect(await outcome(send({ content: 'x', metadata: nested(8) }))).toBe('422 request.invalid')
})

test('metadata of exactly 16 KiB is kept as it is', async () => {
  const { status, body } = await send({ content: 'x', metadata: metadata(16_384) })
  expect([status, body.metadata?.a.length]).toEqual([201, metadata(16_384).a.length])
})

test('numbers in metadata that take more room when they are written out are refused or kept, and no error of ours', async () => {
  const big = { numbers: Array(2_000).fill(1e300) }
  expect(JSON.stringify(big).length).toBeLessThan(16_384)
  expect(['201', '422 request.invalid']).toContain(await outcome(send({ content: 'x', metadata: big })))
})

test('the history is read from its end, or before, after and around a number', async () => {
  const { id } = await world.group(alice, bob)
  for (let count = 2; count <= 10; count++) await alice.say(id, `number ${count}`)
  const read = async (query: string) => {
    const { data, ...rest } = await bob.get(`/conversations/${id}/messages?${query}`)
    return [data.map((message: { number: number }) => message.number), rest]
  }
  const between = (has_before: boolean, has_after: boolean) => ({ has_before, has_after })
  expect(await read('')).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], between(false, false)])
  expect(await read('limit=3')).toEqual([[8, 9, 10], between(true, false)])
  expect(await read('limit=3&before=8')).toEqual([[5, 6, 7], between(true, true)])
  expect(await read('limit=4&before=5')).toEqual([[1, 2, 3, 4], between(false, true)])
  expect(await read('before=1')).toEqual([[], between(false, true)])
  expect(await read('limit=3&after=0')).toEqual([[1, 2, 3], between(false, true)])
  expect(await read('limit=3&after=7')).toEqual([[8, 9, 10], between(true, false)])
  expect(await read('limit=3&after=6')).toEqual([[7, 8, 9], between(true, true)])
  expect(await read('after=10')).toEqual([[], between(true, false)])
  expect(await read('limit=5&around=5')).toEqual([[3, 4, 5, 6, 7], between(true, true)])
  expect(await read('limit=4&around=1')).toEqual([[1, 2, 3, 4], between(false, true)])
  expect(await read('limit=1&around=5')).toEqual([[5], between(true, true)])
  expect(await read('limit=100&around=10')).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], between(false, false)])
})

test('a page has each message as it is read alone, whatever stands in it', async () => {
  const { id } = await world.group(alice, bob)
  const metadata = { 'a "key"': ['\\', null, 1.5, { deep: '},{' }], text: 'line\nline \u2028 \ud83d\ude00' }
  const first = await alice.say(id, '"quoted", \\ and },{ ]\t\u2028 </script> \ud83d\ude00', { metadata })
  await bob.say(id, 'yes', { reply_to_id: first.id })
  const { headers, body } = await bob.ask('GET', `/conversations/${id}/messages?limit=2`)
  expect(headers.get('content-type')).toBe('application/json')
  expect(body.data).toHaveLength(2)
  for (const message of body.data) expect(message).toEqual(await bob.get(`/messages/${message.id}`))
  expect(body.data[0]).toEqual(first)
})

test('a stretch of the history is named by one number, and has 1 to 100 messages', async () => {
  const ask = (query: string) => outcome(alice.ask('GET', `/conversations/${home}/messages?${query}`))
  for (const query of ['limit=1', 'limit=100', `before=${Number.MAX_SAFE_INTEGER}`, 'after=0'])
    expect([query, await ask(query)]).toEqual([query, '200'])
  for (const query of [
    'before=5&after=3',
    'before=5&around=3',
    'after=5&around=3',
    'limit=0',
    'limit=101',
    'limit=-1',
    'before=-1',
    'after=1.5',
    'around=x',
    'before=9007199254740993',
    'after=1e30',
    'cursor=x',
  ])
    expect([query, await ask(query)]).toEqual([query, '422 request.invalid'])
})

test('a repeat with the same client_id gets the first message, and is heard once', async () => {
  const { id } = await world.group(alice, bob)
  const ear = await listen(bob)
  const input = { content: 'once', client_id: crypto.randomUUID() }
  const first = await send(input, alice, id)
  expect(first.status).toBe(201)
  const again = await send({ ...input, client_id: input.client_id.toUpperCase() }, alice, id)
  expect([again.status, again.body]).toEqual([200, first.body])
  const bySocket = await (await alice.connect()).command('message.send', { conversation_id: id, ...input })
  expect(bySocket).toMatchObject({ ok: true, data: first.body })
  await bob.settled()
  expect(ear.stream(id)).toHaveLength(1)
  expect((await bob.get(`/conversations/${id}`)).message_number).toBe(2)
})

test('of sends that race with one client_id, one is stored', async () => {
  const { id } = await world.group(alice, bob)
  const ear = await listen(bob)
  const input = { content: 'once', client_id: crypto.randomUUID() }
  const answers = await Promise.all(Array.from({ length: 6 }, () => send(input, alice, id)))
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(5).fill(200), 201])
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
  await bob.settled()
  expect(ear.stream(id)).toHaveLength(1)

  const { id: other } = await world.group(alice, bob)
  const elsewhere = { content: 'once', client_id: crypto.randomUUID() }
  const race = [id, other, id, other].map((home) => send(elsewhere, alice, home))
  expect(await outcomes(race)).toEqual(['200', '201', ...Array(2).fill('409 message.client_id_reused')])
})

test('a client_id belongs to one text in one conversation, and to one sender', async () => {
  const { id } = await world.group(alice, bob)
  const { id: other } = await world.group(alice, bob)
  const input = { content: 'mine', client_id: crypto.randomUUID() }
  const first = (await send(input, alice, id)).body
  expect(await outcome(send(input, alice, other))).toBe('409 message.client_id_reused')
  expect(await outcome(send({ ...input, content: 'yours' }, alice, id))).toBe('409 message.client_id_reused')
  const bobs = await send(input, bob, id)
  expect([bobs.status, bobs.body.sender_id]).toEqual([201, bob.id])

  // Its text is no longer what was sent first: then the id alone decides.
  const edited = await alice.patch(`/messages/${first.id}`, { content: 'changed' })
  expect(await send(input, alice, id)).toMatchObject({ status: 200, body: edited })
  const deleted = await alice.delete(`/messages/${first.id}`)
  expect(await send(input, alice, id)).toMatchObject({ status: 200, body: deleted })
  expect(await outcome(send(input, alice, other))).toBe('409 message.client_id_reused')
})
