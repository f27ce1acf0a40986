import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome } from './request.js'

let world: World
let psql: pg.Client
let alice: Person
let bob: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  psql = await world.session()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const sql = async (text: string, values: unknown[] = []) => (await psql.query(text, values)).rows
const mark = (id: string, as: Person, from_number: unknown) =>
  as.ask('PUT', `/conversations/${id}/unread`, { from_number })
const report = (id: string, as: Person, body: object) => as.ask('PUT', `/conversations/${id}/receipts`, body)
/** A group in which alice has sent messages 2 to `last`. */
async function groupWith(last: number, ...others: Person[]): Promise<string> {
  const { id } = await world.group(alice, ...others)
  for (let number = 2; number <= last; number++) await alice.say(id, `${number}`)
  return id
}

test('what is marked as unread is unread for me, and still read for the others', async () => {
  const id = await groupWith(6, bob)
  await report(id, bob, { read_number: 6 })
  const phone = await world.device(bob)
  const ear = await listen(phone)
  const { body: me } = await mark(id, bob, 4)
  expect(me).toMatchObject({ read_number: 6, unread_from: 4, unread_count: 3 })
  expect((await ear.next('membership.updated')).data).toEqual({ conversation_id: id, me })
  const { data } = await alice.get(`/conversations/${id}/receipts`)
  expect(data.find((row: { user_id: string }) => row.user_id === bob.id)?.read_number).toBe(6)
  expect((await mark(id, bob, 2)).body).toMatchObject({ read_number: 6, unread_from: 2, unread_count: 5 })
  expect((await mark(id, bob, 5)).body).toMatchObject({ unread_from: 5, unread_count: 2 })
})

test('a read that reaches the mark ends it, an older one and a delivery do not', async () => {
  const id = await groupWith(6, bob)
  await report(id, bob, { read_number: 5 })
  await mark(id, bob, 4)
  for (const body of [{ read_number: 3 }, { delivered_number: 6 }])
    expect((await report(id, bob, body)).body).toMatchObject({ read_number: 5, unread_from: 4, unread_count: 3 })
  expect((await report(id, bob, { read_number: 4 })).body).toMatchObject({
    read_number: 5,
    unread_from: null,
    unread_count: 1,
  })
  await mark(id, bob, 5)
  await bob.say(id, 'an answer')
  expect((await bob.get(`/conversations/${id}`)).me).toMatchObject({ unread_from: null, unread_count: 0 })
})

test('what is not yet read cannot be marked, for it is unread already, and what does not exist is refused', async () => {
  const id = await groupWith(6, bob)
  await report(id, bob, { read_number: 4 })
  expect((await mark(id, bob, 4)).body).toMatchObject({ unread_from: 4, unread_count: 3 })
  for (const number of [5, 6])
    expect((await mark(id, bob, number)).body).toMatchObject({ unread_from: 4, unread_count: 3 })
  for (const number of [0, -1, 7, 1.5, Number.MAX_SAFE_INTEGER, '4', null])
    expect(await outcome(mark(id, bob, number)), String(number)).toBe('422 request.invalid')
  expect(await outcome(mark(id, outsider, 1))).toBe('404 conversation.not_found')
  await alice.delete(`/conversations/${id}/members/${bob.id}`)
  expect(await outcome(mark(id, bob, 1))).toBe('404 conversation.not_found')
})

test('a viewer may mark as unread', async () => {
  const id = await groupWith(2, bob)
  await sql(`update members set role = 'viewer' where conversation_id = $1 and user_id = $2`, [id, bob.id])
  await report(id, bob, { read_number: 2 })
  expect(await outcome(mark(id, bob, 1))).toBe('200')
})

test('unread conversations are counted and listed, the most recently active first, and the read ones are left out', async () => {
  const carol = await world.person('carol')
  const ids = [
    await groupWith(3, carol),
    await groupWith(2, carol),
    await groupWith(4, carol),
    await groupWith(2, carol),
  ]
  const [first = '', second = '', third = '', fourth = ''] = ids
  await alice.say(first, 'now the most recent')
  await report(second, carol, { read_number: 2 })
  await report(third, carol, { read_number: 3 })
  await sql(`update members set muted_until = '2099-01-01' where conversation_id = $1 and user_id = $2`, [
    third,
    carol.id,
  ])
  const expected = [
    { conversation_id: first, unread_count: 4, muted_until: null },
    { conversation_id: fourth, unread_count: 2, muted_until: null },
    { conversation_id: third, unread_count: 1, muted_until: '2099-01-01T00:00:00.000Z' },
  ]
  const totals = { total_unread_count: 7, unread_conversation_count: 3 }
  expect(await carol.get('/unread')).toEqual({ data: expected, next_cursor: null, has_more: false, ...totals })
  const paged: unknown[] = []
  let cursor = ''
  do {
    const page = await carol.get(`/unread?limit=1${cursor}`)
    expect(page).toMatchObject(totals)
    paged.push(...page.data)
    cursor = page.has_more ? `&cursor=${page.next_cursor}` : ''
  } while (cursor)
  expect(paged).toEqual(expected)

  await mark(second, carol, 2)
  expect((await carol.get('/unread')).total_unread_count).toBe(8)
  await alice.delete(`/conversations/${first}`)
  await carol.post(`/conversations/${fourth}/leave`)
  expect(await carol.get('/unread')).toMatchObject({ total_unread_count: 2, unread_conversation_count: 2 })
})

test('without anything unread the list is empty and the totals are zero', async () => {
  const nobody = await world.person('nobody')
  const nothing = { data: [], next_cursor: null, has_more: false, total_unread_count: 0, unread_conversation_count: 0 }
  expect(await nobody.get('/unread')).toEqual(nothing)
  const id = await groupWith(2, nobody)
  await report(id, nobody, { read_number: 2 })
  expect(await nobody.get('/unread')).toEqual(nothing)
})

test('named conversations are read at once; those that are not mine fail, each with its code', async () => {
  const dora = await world.person('dora')
  const [one, two, other] = [await groupWith(3, dora), await groupWith(2, dora), await groupWith(2, dora)]
  const foreign = await groupWith(2, bob)
  const gone = await groupWith(2, dora)
  await alice.delete(`/conversations/${gone}`)
  await report(two, dora, { read_number: 2 })
  await mark(two, dora, 1)
  const unknown = crypto.randomUUID()
  const answer = await dora.post('/conversations/read', { conversation_ids: [one, two, one, foreign, gone, unknown] })
  expect(answer).toEqual({
    successful: 2,
    failed: 3,
    total: 5,
    errors: [foreign, gone, unknown].map((conversation_id) => ({ conversation_id, code: 'conversation.not_found' })),
  })
  expect((await dora.get('/unread')).data.map((row: { conversation_id: string }) => row.conversation_id)).toEqual([
    other,
  ])
  expect((await bob.get(`/conversations/${foreign}`)).me.unread_count).toBe(2)
  expect(await sql('select from receipts where conversation_id = $1 and user_id <> $2', [foreign, alice.id])).toEqual(
    [],
  )
})

test('all of mine are read at once, heard on my other devices, and nobody else reads anything', async () => {
  const erin = await world.person('erin')
  const ids = [await groupWith(2, erin, bob), await groupWith(3, erin, bob), await groupWith(2, erin)]
  const phone = await world.device(erin)
  const ear = await listen(phone)
  expect(await erin.post('/conversations/read', {})).toEqual({ successful: 3, failed: 0, total: 3, errors: [] })
  expect(await erin.get('/unread')).toMatchObject({ data: [], total_unread_count: 0 })
  await phone.settled()
  const heard = ear.all('membership.updated').map((frame) => [frame.data.conversation_id, frame.data.me.unread_count])
  expect(heard.sort()).toEqual(ids.map((id) => [id, 0]).sort())
  expect((await bob.get(`/conversations/${ids[0]}`)).me.unread_count).toBe(2)
  expect(await erin.post('/conversations/read', {})).toMatchObject({ successful: 3, failed: 0 })
  await phone.settled()
  expect(ear.all('membership.updated')).toHaveLength(3)
  const alone = await world.person('alone')
  expect(await alone.post('/conversations/read', {})).toEqual({ successful: 0, failed: 0, total: 0, errors: [] })
})

test('at most a hundred conversations are named at once', async () => {
  const ids = Array.from({ length: 101 }, () => crypto.randomUUID())
  const read = (conversation_ids: string[]) => bob.ask('POST', '/conversations/read', { conversation_ids })
  expect((await read(ids.slice(1))).body).toMatchObject({ successful: 0, failed: 100, total: 100 })
  for (const bad of [ids, [], ['x']]) expect(await outcome(read(bad))).toBe('422 request.invalid')
})

test('what I have sent and received is counted over the conversations I am in, with how soon it arrived', async () => {
  const [frank, gina] = await world.people('frank', 'gina')
  expect(await frank.get('/users/me/stats')).toEqual({ sent_count: 0, received_count: 0, average_delivery_ms: null })
  const { id } = await world.group(frank, gina)
  const said = [await frank.say(id, 'one'), await frank.say(id, 'two')]
  await gina.say(id, 'three')
  expect(await frank.get('/users/me/stats')).toMatchObject({ sent_count: 2, received_count: 2 })
  await sql(
    `update receipts set at = m.created_at + interval '2 seconds' from messages m where m.id = $1 and receipts.user_id = $2`,
    [said[1].id, gina.id],
  )
  await sql(`update messages set created_at = $2::timestamptz - interval '2 seconds' where id = $1`, [
    said[0].id,
    said[1].created_at,
  ])
  const stats = await frank.get('/users/me/stats')
  // Four seconds for the first and two for the second; the time of the wire has milliseconds only.
  expect(Math.abs(stats.average_delivery_ms - 3_000)).toBeLessThanOrEqual(1)
  expect(await gina.get('/users/me/stats')).toEqual({ sent_count: 1, received_count: 3, average_delivery_ms: null })
  const late = await world.person('late')
  await frank.post(`/conversations/${id}/members`, { user_ids: [late.id] })
  // What was said before they joined was not sent to them; that they were added, was.
  expect(await late.get('/users/me/stats')).toMatchObject({ sent_count: 0, received_count: 1 })
  await gina.post(`/conversations/${id}/leave`)
  expect(await gina.get('/users/me/stats')).toEqual({ sent_count: 0, received_count: 0, average_delivery_ms: null })
})
