// What of a conversation is each member's own: nobody else sees it or hears of it, all their own devices do.
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
  const people = await world.people('alice', 'bob', 'outsider')
  ;[alice, bob, outsider] = people
})
afterAll(() => world[Symbol.asyncDispose]())

const change = (who: Person, id: string, body: unknown) => who.ask('PATCH', `/conversations/${id}/me`, body)
const listOf = async (who: Person, query = ''): Promise<string[]> =>
  (await who.get(`/conversations?limit=100${query}`)).data.map((one: { id: string }) => one.id)
const inOneHour = () => new Date(Date.now() + 3_600_000).toISOString()

test('it is changed on all my devices, and nobody else hears of it', async () => {
  const home = await world.group(alice, bob)
  const phone = await world.device(alice)
  const [mine, phones, bobs] = [await listen(alice), await phone.connect(), await listen(bob)]
  const wishes = {
    alias: 'work 🎈',
    notifications: 'mentions',
    notification_sound: false,
    desktop_notifications: false,
    mobile_notifications: false,
    show_read_receipts: false,
    show_typing: false,
    priority: 'high',
    hidden_system_categories: ['membership'],
  }
  const muted_until = inOneHour()
  const { status, body } = await change(alice, home.id, { ...wishes, muted_until, pinned: true, archived: true })
  expect(status).toBe(200)
  expect(body).toEqual({
    ...home.me,
    ...wishes,
    muted_until,
    pinned_at: expect.any(String),
    archived_at: expect.any(String),
  })
  const heard = { stream: alice.id, data: { conversation_id: home.id, me: body } }
  expect(await mine.next('membership.updated')).toMatchObject(heard)
  expect(await phones.next('membership.updated')).toMatchObject(heard)
  expect((await alice.get(`/conversations/${home.id}`)).me).toEqual(body)

  await bob.settled()
  expect(bobs.news.filter(({ type }) => !['user.updated', 'profile.changed'].includes(type))).toEqual([])
  expect((await bob.get(`/conversations/${home.id}`)).me).toMatchObject({ alias: null, muted_until: null })

  // What changes nothing is not heard again.
  expect((await change(alice, home.id, { ...wishes, muted_until, pinned: true, archived: true })).body).toEqual(body)
  expect((await change(alice, home.id, {})).body).toEqual(body)
  await alice.settled()
  expect(mine.all('membership.updated')).toHaveLength(1)
})

test('wishes have bounds, and are for members only', async () => {
  const home = await world.group(alice, bob)
  for (const bad of [
    { alias: '' },
    { alias: 'a'.repeat(101) },
    { notifications: 'some' },
    { priority: 'urgent' },
    { hidden_system_categories: ['everything'] },
    { muted_until: 'later' },
    { pinned: 'yes' },
    { read_number: 1 },
    { role: 'owner' },
    { pinned_at: inOneHour() },
  ])
    expect([bad, await outcome(change(alice, home.id, bad))]).toEqual([bad, '422 request.invalid'])
  const past = await change(alice, home.id, { muted_until: '2020-01-01T00:00:00Z' })
  expect([past.status, past.body.code, past.body.errors[0].path]).toEqual([422, 'request.time_past', 'muted_until'])
  // In UTC it is the year 10000 already, which RFC 3339 cannot write.
  const late = { muted_until: '9999-12-31T23:59:59-12:00' }
  expect(await outcome(change(alice, home.id, late))).toBe('422 request.invalid')
  const last = { muted_until: '9999-12-31T23:59:59.999Z' }
  expect((await change(alice, home.id, last)).body.muted_until).toBe(last.muted_until)
  expect(await outcome(change(alice, home.id, { alias: 'a'.repeat(100) }))).toBe('200')
  expect((await change(alice, home.id, { alias: null })).body.alias).toBeNull()
  expect(await outcome(change(outsider, home.id, { pinned: true }))).toBe('404 conversation.not_found')
  await alice.delete(`/conversations/${home.id}/members/${bob.id}`)
  expect(await outcome(change(bob, home.id, { pinned: true }))).toBe('404 conversation.not_found')
})

test('pinned conversations come first, on every page', async () => {
  const [anna, ben] = await world.people('anna', 'ben')
  const homes: string[] = []
  for (let index = 0; index < 4; index++) homes.push((await world.group(anna, ben)).id)
  const [first = '', second = '', third = '', fourth = ''] = homes
  await anna.patch(`/conversations/${first}/me`, { pinned: true })
  await anna.patch(`/conversations/${second}/me`, { pinned: true })
  const order = [second, first, fourth, third]
  expect(await listOf(anna)).toEqual(order)
  expect(await listOf(ben)).toEqual([fourth, third, second, first])
  const seen: string[] = []
  for (let query: string | undefined = '?limit=1'; query; ) {
    const page: { data: { id: string }[]; has_more: boolean; next_cursor: string } = await anna.get(
      `/conversations${query}`,
    )
    seen.push(...page.data.map((one) => one.id))
    query = page.has_more ? `?limit=1&cursor=${page.next_cursor}` : undefined
  }
  expect(seen).toEqual(order)
  await anna.patch(`/conversations/${second}/me`, { pinned: false })
  expect(await listOf(anna)).toEqual([first, fourth, third, second])
})

test('five conversations may be pinned and no sixth, whoever is faster', async () => {
  const carol = await world.person('carol')
  const phone = await world.device(carol)
  const homes: string[] = []
  for (let index = 0; index < 8; index++) homes.push((await world.group(carol, bob)).id)
  const pin = (id = '', who = carol) => change(who, id, { pinned: true })
  // All eight at once, from two devices.
  const ends = await outcomes(homes.map((id, index) => pin(id, index % 2 ? phone : carol)))
  expect(ends).toEqual([...Array(5).fill('200'), ...Array(3).fill('409 conversation.too_many_pinned')])
  const pinned = (await carol.get('/conversations')).data.filter(
    (one: { me: { pinned_at: string } }) => one.me.pinned_at,
  )
  expect(pinned).toHaveLength(5)
  // One that is pinned may be pinned again; and one that is gone makes room.
  expect(await outcome(pin(pinned[0].id))).toBe('200')
  await carol.delete(`/conversations/${pinned[0].id}`)
  const unpinned = homes.filter((id) => !pinned.some((one: { id: string }) => one.id === id))
  expect(await outcomes([pin(unpinned[0]), pin(unpinned[1], phone)])).toEqual([
    '200',
    '409 conversation.too_many_pinned',
  ])
})

test('an archived conversation is away until a message comes', async () => {
  const home = await world.group(alice, bob)
  const { body } = await change(alice, home.id, { archived: true })
  expect(body.archived_at).not.toBeNull()
  expect(await listOf(alice)).not.toContain(home.id)
  expect(await listOf(alice, '&archived=only')).toContain(home.id)
  expect(await listOf(alice, '&archived=include')).toContain(home.id)
  expect(await listOf(bob)).toContain(home.id)

  await bob.say(home.id, 'back')
  expect(await listOf(alice)).toContain(home.id)
  expect(await listOf(alice, '&archived=only')).not.toContain(home.id)
  expect((await alice.get(`/conversations/${home.id}`)).me.archived_at).toBeNull()
  await change(alice, home.id, { archived: true })
  expect((await change(alice, home.id, { archived: false })).body.archived_at).toBeNull()
  expect(await outcome(alice.ask('GET', '/conversations?archived=maybe'))).toBe('422 request.invalid')
})

test('what comes while it is muted leaves it archived, also after the mute', async () => {
  const home = await world.group(alice, bob)
  const isArchived = async () => (await alice.get(`/conversations/${home.id}`)).me.archived_at !== null
  await change(alice, home.id, { archived: true, muted_until: inOneHour() })
  await bob.say(home.id, 'pst')
  expect(await isArchived()).toBe(true)
  await change(alice, home.id, { muted_until: null })
  expect(await isArchived()).toBe(true)
  await bob.say(home.id, 'hello?')
  expect(await isArchived()).toBe(false)
  // Muted only now: it stays where the message has brought it.
  await change(alice, home.id, { muted_until: inOneHour() })
  expect(await isArchived()).toBe(false)

  // The mute runs out by itself: what came before its end does not count, what comes after does.
  await change(alice, home.id, { archived: true, muted_until: inOneHour() })
  await bob.say(home.id, 'still there?')
  const psql = await world.session()
  await psql.query(
    `update members set muted_until = clock_timestamp() where conversation_id = '${home.id}' and user_id = '${alice.id}'`,
  )
  expect(await isArchived()).toBe(true)
  await bob.say(home.id, 'ah')
  expect(await isArchived()).toBe(false)
})

test('whoever comes back to a group begins anew', async () => {
  const home = await world.group(alice, bob)
  await change(bob, home.id, { pinned: true, archived: true, alias: 'mine' })
  await alice.delete(`/conversations/${home.id}/members/${bob.id}`)
  await alice.say(home.id, 'without him')
  await alice.post(`/conversations/${home.id}/members`, { user_ids: [bob.id] })
  const { me, message_number } = await bob.get(`/conversations/${home.id}`)
  // Nothing from before is unread; that he was added was said after he came.
  expect(me).toMatchObject({
    pinned_at: null,
    archived_at: null,
    alias: null,
    read_number: message_number - 1,
    unread_count: 1,
  })
})
