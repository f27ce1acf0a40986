import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

let names = 0
const group = (more: object = {}) => ({ type: 'group', name: `group ${++names}`, user_ids: [bob.id], ...more })
const create = (body: unknown, person = alice) => person.ask('POST', '/conversations', body)
const direct = (from: Person, ...to: { id: string }[]) =>
  create({ type: 'direct', user_ids: to.map(({ id }) => id) }, from)
const strangers = (count: number) => Array.from({ length: count }, () => crypto.randomUUID())
const count = async (person: Person) => (await person.get('/conversations?limit=100')).data.length

test('two people have one direct conversation, whoever opens it and however often', async () => {
  const [ann, ben] = await world.people('ann', 'ben')
  const first = await direct(ann, ben)
  expect(first.status).toBe(201)
  expect(first.body).toMatchObject({
    type: 'direct',
    name: null,
    member_count: 2,
    message_number: 0,
    last_message: null,
    peer: { id: ben.id, username: 'ben' },
    me: { role: 'member' },
  })
  const again = await direct(ann, ben)
  expect([again.status, again.body]).toEqual([200, first.body])
  const bens = await direct(ben, ann)
  expect([bens.status, bens.body.id, bens.body.peer.id]).toEqual([200, first.body.id, ann.id])
  expect([await count(ann), await count(ben)]).toEqual([1, 1])
})

test('a direct conversation that both open at the same time is one, and each is told of it once', async () => {
  const [cleo, dan] = await world.people('cleo', 'dan')
  const ears = [await cleo.connect(), await dan.connect()]
  const answers = await Promise.all([direct(cleo, dan), direct(dan, cleo), direct(cleo, dan), direct(dan, cleo)])
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201])
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
  for (const person of [cleo, dan]) await person.settled()
  for (const ear of ears) expect(ear.all('conversation.joined')).toHaveLength(1)
})

test('a direct conversation needs one other who exists', async () => {
  const before = await count(alice)
  expect(await outcome(direct(alice, alice))).toBe('422 conversation.with_oneself')
  expect(await outcome(direct(alice, { id: crypto.randomUUID() }))).toBe('404 user.not_found')
  expect(await outcome(direct(alice))).toBe('422 request.invalid')
  expect(await outcome(direct(alice, bob, outsider))).toBe('422 request.invalid')
  expect(await outcome(create({ type: 'direct', user_ids: [bob.id], name: 'us' }))).toBe('422 request.invalid')
  expect(await count(alice)).toBe(before)
})

test('a group has the fields it was given, its creator as owner, and says that it was created', async () => {
  const ear = await listen(bob)
  const fields = { name: ' Group 🎈 ', description: 'line\nline', is_public: true, metadata: { a: { b: [1, null] } } }
  // Ids that come twice, or are the creator's own, do no harm.
  const { status, body } = await create(group({ ...fields, user_ids: [bob.id, alice.id, bob.id.toUpperCase()] }))
  expect(status).toBe(201)
  expect(body).toMatchObject({
    ...fields,
    type: 'group',
    created_by: alice.id,
    member_count: 2,
    message_number: 1,
    last_message: {
      number: 1,
      type: 'system',
      sender_id: null,
      content: null,
      system: { kind: 'created', params: { actor_id: alice.id, name: ' Group 🎈 ' } },
    },
    peer: null,
    me: { role: 'owner' },
  })
  expect(await alice.get(`/conversations/${body.id}`)).toEqual(body)
  const { data } = await ear.next('conversation.joined', (frame) => frame.data.conversation_id === body.id)
  expect(data.conversation).toEqual({ ...body, me: { ...body.me, role: 'member' } })
  expect(await bob.get(`/conversations/${body.id}`)).toEqual(data.conversation)
})

test('a group needs a name, others who exist, and keeps to its bounds', async () => {
  for (const good of [
    { name: 'n' },
    { name: '🎈'.repeat(100) },
    { description: '🎈'.repeat(500) },
    // A hundred ids are the most that a request may name.
    { user_ids: [...Array(99).fill(bob.id), outsider.id] },
  ])
    expect(await outcome(create(group(good)))).toBe('201')

  const before = await count(alice)
  for (const bad of [
    { name: '' },
    { name: '  ' },
    { name: '🎈'.repeat(101) },
    { name: undefined },
    { name: null },
    { description: '' },
    { description: 'd'.repeat(501) },
    { is_public: 'yes' },
    { metadata: [] },
    { user_ids: [] },
    { user_ids: Array(101).fill(bob.id) },
    { user_ids: ['bob'] },
    { type: 'channel' },
    { created_by: bob.id },
  ])
    expect([bad, await outcome(create(group(bad)))]).toEqual([bad, '422 request.invalid'])
  expect(await outcome(create(group({ user_ids: [alice.id] })))).toBe('422 conversation.with_oneself')
  expect(await outcome(create(group({ user_ids: [bob.id, ...strangers(1)] })))).toBe('404 user.not_found')
  expect(await count(alice)).toBe(before)
  const psql = await world.session()
  const { rows } = await psql.query('select count(*)::int as orphans from conversations where member_count = 0')
  expect(rows).toEqual([{ orphans: 0 }])
})

test('nobody has two groups of one name, but others may have one of that name too', async () => {
  const name = 'Chess Club'
  expect(await outcome(create(group({ name })))).toBe('201')
  expect(await outcome(create(group({ name: 'CHESS club' })))).toBe('409 conversation.name_taken')
  expect(await outcome(create(group({ name, user_ids: [alice.id] }), bob))).toBe('201')
  const race = Array.from({ length: 4 }, () => create(group({ name: 'Run Club' })))
  expect(await outcomes(race)).toEqual(['201', ...Array(3).fill('409 conversation.name_taken')])
})

test('the list has my conversations, the most recently active first', async () => {
  const [eve, fin] = await world.people('eve', 'fin')
  const quiet = await world.group(eve, fin)
  const { body: chat } = await direct(fin, eve)
  const loud = await world.group(fin, eve)
  const order = async (query = '') =>
    (await eve.get(`/conversations${query}`)).data.map((item: { id: string }) => item.id)
  expect(await order()).toEqual([loud.id, chat.id, quiet.id])
  const said = await fin.say(quiet.id, 'now it is the first')
  expect(await order()).toEqual([quiet.id, loud.id, chat.id])
  expect(await order('?type=group')).toEqual([quiet.id, loud.id])
  expect(await order('?type=direct')).toEqual([chat.id])

  const { data, next_cursor, has_more } = await eve.get('/conversations')
  expect([next_cursor, has_more]).toEqual([null, false])
  expect(data[0]).toEqual(await eve.get(`/conversations/${quiet.id}`))
  expect(data[0]).toMatchObject({ last_message: said, me: { role: 'owner' } })
  // The message was the last that happened here.
  expect(Date.parse(data[0].last_activity_at)).toBeGreaterThanOrEqual(Date.parse(said.created_at))
  expect(data[1].last_activity_at < data[0].last_activity_at).toBe(true)
  expect(await outsider.get('/conversations?type=direct')).toMatchObject({ data: [] })
})

test('pages of one lead through all of them once', async () => {
  const [gil, hue] = await world.people('gil', 'hue')
  const made: string[] = []
  for (let many = 0; many < 5; many++) made.unshift((await world.group(gil, hue)).id)
  const seen: string[] = []
  let query = '?limit=1'
  for (let pages = 1; ; pages++) {
    const page = await hue.get(`/conversations${query}`)
    expect(page.data).toHaveLength(1)
    expect(page.has_more).toBe(pages < 5)
    seen.push(page.data[0].id)
    if (!page.has_more) {
      expect(page.next_cursor).toBeNull()
      break
    }
    query = `?limit=1&cursor=${page.next_cursor}`
  }
  expect(seen).toEqual(made)
  const { data } = await hue.get('/conversations?limit=5')
  expect(data.map((item: { id: string }) => item.id)).toEqual(made)
})

test('a page has 1 to 100 entries and a cursor of this list', async () => {
  const ask = (query: string) => outcome(alice.ask('GET', `/conversations?${query}`))
  for (const query of ['limit=1', 'limit=100']) expect(await ask(query)).toBe('200')
  const members = await alice.get(`/conversations/${(await world.group(alice, bob)).id}/members?limit=1`)
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  for (const query of [
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=many',
    'limit=',
    'limit=1&limit=2',
    'type=channel',
    'page=2',
    'cursor=',
    'cursor=made-up',
    `cursor=${members.next_cursor}`,
    `cursor=${encode(`${'9'.repeat(30)} ${alice.id}`)}`,
    `cursor=${encode(`1 ${alice.id}' or true --`)}`,
    `cursor=${'A'.repeat(201)}`,
  ])
    expect([query, await ask(query)]).toEqual([query, '422 request.invalid'])
})
