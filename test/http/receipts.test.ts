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
let carol: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  psql = await world.session()
  ;[alice, bob, carol, outsider] = await world.people('alice', 'bob', 'carol', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const report = (id: string, as: Person, body: object) => as.ask('PUT', `/conversations/${id}/receipts`, body)
const sql = async (text: string, values: unknown[] = []) => (await psql.query(text, values)).rows
const positions = ({ body }: { body: { read_number: number; delivered_number: number; unread_count: number } }) => [
  body.read_number,
  body.delivered_number,
  body.unread_count,
]
/** A group in which alice has sent messages 2 to `last`; 1 says that it was created. */
async function groupWith(last: number, ...others: Person[]): Promise<string> {
  const { id } = await world.group(alice, ...others)
  for (let number = 2; number <= last; number++) await alice.say(id, `${number}`)
  return id
}
const stretches = (id: string, person: Person) =>
  sql(
    `select kind, from_number::int, to_number::int from receipts where conversation_id = $1 and user_id = $2
     order by kind, to_number`,
    [id, person.id],
  )

test('positions only grow, reading implies delivery, and each advance is one stretch', async () => {
  const id = await groupWith(10, bob)
  // Whoever is added at the beginning has all of it to read.
  expect((await bob.get(`/conversations/${id}`)).me).toMatchObject({ read_number: 0, unread_count: 10 })
  const steps: [object, number[]][] = [
    [{ delivered_number: 4 }, [0, 4, 10]],
    [{ delivered_number: 3 }, [0, 4, 10]],
    [{ read_number: 2 }, [2, 4, 8]],
    [{ read_number: 6 }, [6, 6, 4]],
    [{ read_number: 5, delivered_number: 1 }, [6, 6, 4]],
    [{ read_number: 0 }, [6, 6, 4]],
    [{ read_number: 7, delivered_number: 9 }, [7, 9, 3]],
  ]
  for (const [body, expected] of steps)
    expect(positions(await report(id, bob, body)), JSON.stringify(body)).toEqual(expected)
  expect(await stretches(id, bob)).toEqual([
    { kind: 'delivered', from_number: 1, to_number: 4 },
    { kind: 'delivered', from_number: 7, to_number: 9 },
    { kind: 'read', from_number: 1, to_number: 2 },
    { kind: 'read', from_number: 3, to_number: 6 },
    { kind: 'read', from_number: 7, to_number: 7 },
  ])
  expect((await bob.get(`/conversations/${id}`)).me).toMatchObject({
    read_number: 7,
    delivered_number: 9,
    unread_count: 3,
  })
})

test('a number beyond the last message means the last message', async () => {
  const id = await groupWith(3, bob)
  expect(positions(await report(id, bob, { delivered_number: 4 }))).toEqual([0, 3, 3])
  expect(positions(await report(id, bob, { read_number: Number.MAX_SAFE_INTEGER }))).toEqual([3, 3, 0])
  await alice.say(id, 'one more')
  expect((await bob.get(`/conversations/${id}`)).me).toMatchObject({ read_number: 3, unread_count: 1 })
})

test('a report says something, in numbers that can be', async () => {
  const id = await groupWith(3, bob)
  for (const body of [{}, { read_number: -1 }, { delivered_number: 1.5 }, { read_number: 1, unread: true }])
    expect(await outcome(report(id, bob, body))).toBe('422 request.invalid')
  const ear = await listen(bob)
  for (const data of [{ conversation_id: id }, { conversation_id: id, read_number: '3' }, { read_number: 3 }])
    expect((await ear.command('receipt.update', data)).error?.code).toBe('request.invalid')
  expect(await stretches(id, bob)).toEqual([])
})

test('over a socket the same report has the same answer', async () => {
  const id = await groupWith(5, bob)
  const ear = await listen(bob)
  const reply = await ear.command('receipt.update', { conversation_id: id, read_number: 4, delivered_number: 5 })
  expect(reply).toMatchObject({ ok: true, data: { read_number: 4, delivered_number: 5, unread_count: 1 } })
  expect(reply.data).toEqual((await bob.get(`/conversations/${id}`)).me)
})

test('only members report, the viewer too; neither the removed nor anybody in a deleted conversation', async () => {
  const id = await groupWith(3, bob, carol)
  await sql(`update members set role = 'viewer' where conversation_id = $1 and user_id = $2`, [id, bob.id])
  expect(positions(await report(id, bob, { read_number: 3 }))).toEqual([3, 3, 0])
  await alice.delete(`/conversations/${id}/members/${carol.id}`)
  for (const who of [carol, outsider]) {
    expect(await outcome(report(id, who, { read_number: 3 }))).toBe('404 conversation.not_found')
    expect(await stretches(id, who)).toEqual([])
  }
  await alice.delete(`/conversations/${id}`)
  expect(await outcome(report(id, bob, { read_number: 4 }))).toBe('404 conversation.not_found')
  expect(await outcome(report(crypto.randomUUID(), bob, { read_number: 4 }))).toBe('404 conversation.not_found')
})

test('my devices hear of my reading, not of deliveries nor of what changes nothing, and nobody else hears it as an event', async () => {
  const id = await groupWith(5, bob)
  const phone = await world.device(bob)
  const [phonesEar, alicesEar] = [await listen(phone), await listen(alice)]
  for (const body of [
    { delivered_number: 3 },
    { read_number: 2 },
    { read_number: 2 },
    { read_number: 1 },
    { read_number: 5 },
  ])
    await report(id, bob, body)
  await phone.settled()
  await alice.settled()
  const heard = phonesEar.all('membership.updated')
  expect(heard.map((frame) => frame.stream)).toEqual([bob.id, bob.id])
  expect(heard.at(-1)?.data).toEqual({ conversation_id: id, me: (await bob.get(`/conversations/${id}`)).me })
  expect(alicesEar.all('membership.updated')).toEqual([])
})

test('all positions are listed, mine truly and those of others as far as they show them', async () => {
  const id = await groupWith(4, bob, carol)
  await report(id, bob, { read_number: 2, delivered_number: 3 })
  await report(id, carol, { read_number: 3 })
  await sql(`update members set show_read_receipts = false where conversation_id = $1 and user_id = $2`, [id, bob.id])
  const rows = (bobs: number | null) =>
    [
      { user_id: alice.id, read_number: 4, delivered_number: 4 },
      { user_id: bob.id, read_number: bobs, delivered_number: 3 },
      { user_id: carol.id, read_number: 3, delivered_number: 3 },
    ].sort((a, b) => (a.user_id < b.user_id ? -1 : 1))
  const list = async (as: Person) => (await as.get(`/conversations/${id}/receipts`)).data
  expect(await list(alice)).toEqual(rows(null))
  expect(await list(carol)).toEqual(rows(null))
  expect(await list(bob)).toEqual(rows(2))

  const paged: unknown[] = []
  let cursor = ''
  do {
    const page = await alice.get(`/conversations/${id}/receipts?limit=1${cursor}`)
    expect(page.data).toHaveLength(1)
    paged.push(...page.data)
    cursor = page.has_more ? `&cursor=${page.next_cursor}` : ''
  } while (cursor)
  expect(paged).toEqual(rows(null))
})

test('a blocked pair sees nothing of each other, whoever began, and the rest sees both', async () => {
  const id = await groupWith(3, bob, carol)
  const { id: message } = await alice.say(id, 'to all')
  for (const who of [bob, carol]) await report(id, who, { read_number: 4 })
  await sql('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [bob.id, carol.id])
  const ids = async (as: Person, path: string) =>
    (await as.get(path)).data.map((row: { user_id: string }) => row.user_id).sort()
  const all = [alice.id, bob.id, carol.id].sort()
  for (const [who, other] of [
    [bob, carol],
    [carol, bob],
  ] as const) {
    expect(await ids(who, `/conversations/${id}/receipts`)).toEqual(all.filter((user) => user !== other.id))
    expect(await ids(who, `/messages/${message}/receipts`)).toEqual([who.id])
    expect(await who.get(`/messages/${message}/receipts`)).toMatchObject({ member_count: 1, read_count: 1 })
  }
  expect(await ids(alice, `/conversations/${id}/receipts`)).toEqual(all)
  expect(await ids(alice, `/messages/${message}/receipts`)).toEqual([bob.id, carol.id].sort())
  await sql('delete from blocks')
  expect(await ids(bob, `/conversations/${id}/receipts`)).toEqual(all)
})

test('a member who has left is no longer listed, and outsiders are shown nothing', async () => {
  const id = await groupWith(3, bob, carol)
  await report(id, carol, { read_number: 3 })
  await carol.post(`/conversations/${id}/leave`)
  const { data } = await alice.get(`/conversations/${id}/receipts`)
  expect(data.map((row: { user_id: string }) => row.user_id)).not.toContain(carol.id)
  for (const who of [carol, outsider])
    expect(await outcome(who.ask('GET', `/conversations/${id}/receipts`))).toBe('404 conversation.not_found')
})

test('pages of receipts and of unread conversations have 1 to 100 entries and a cursor of their own', async () => {
  const id = await groupWith(2, bob)
  const { id: message } = await alice.say(id, 'to bob')
  const foreign = Buffer.from(`1 ${alice.id}`).toString('base64url')
  for (const path of [`/conversations/${id}/receipts`, `/messages/${message}/receipts`, '/unread']) {
    expect(await outcome(bob.ask('GET', `${path}?limit=100`))).toBe('200')
    const bad = ['limit=0', 'limit=101', 'limit=-1', 'cursor=made-up', 'cursor=', 'user_id=x']
    if (path !== '/unread') bad.push(`cursor=${foreign}`)
    else bad.push(`cursor=${Buffer.from(alice.id).toString('base64url')}`)
    for (const query of bad)
      expect(await outcome(bob.ask('GET', `${path}?${query}`)), query).toBe('422 request.invalid')
  }
})

test('what a deleted account has read is deleted, in what it had left before too', async () => {
  const leaver = await world.person('leaver')
  const [present, past] = [await groupWith(3, leaver, bob), await groupWith(3, leaver, bob)]
  for (const id of [present, past]) for (const who of [leaver, bob]) await report(id, who, { read_number: 3 })
  await leaver.post(`/conversations/${past}/leave`)
  await leaver.delete('/users/me')
  expect(await sql('select * from receipts where user_id = $1', [leaver.id])).toEqual([])
  for (const id of [present, past]) expect(await stretches(id, bob)).toHaveLength(1)
})
