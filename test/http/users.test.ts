import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const patch = (person: Person, body: unknown) => outcome(person.ask('PATCH', '/users/me', body))
const search = async (person: Person, query: string) =>
  (await person.get(`/users?query=${encodeURIComponent(query)}`)).data.map(
    (user: { username: string }) => user.username,
  )

test('everybody can read and change their own profile', async () => {
  const alice = await world.person('alice')
  const before = await alice.get('/users/me')
  expect(before).toMatchObject({ id: alice.id, username: 'alice', email: 'alice@example.com', profile_complete: true })
  const profile = { display_name: ' Alice 🎈 ', email: 'New@Example.com', bio: 'مرحبا\nworld', status_text: '' }
  expect(await alice.patch('/users/me', profile)).toEqual({ ...before, ...profile })
  // What is left out stays.
  expect(await alice.patch('/users/me', { bio: '' })).toEqual({ ...before, ...profile, bio: '' })
  expect(await alice.get('/users/me')).toEqual({ ...before, ...profile, bio: '' })
})

test('a profile has bounds', async () => {
  const ada = await world.person('ada')
  const good = [
    { display_name: 'ab' },
    { display_name: 'n'.repeat(50) },
    { display_name: '🎈'.repeat(50) },
    { bio: '🎈'.repeat(200) },
    { status_text: 's'.repeat(140) },
    { email: `${'e'.repeat(64)}@example.com` },
  ]
  for (const body of good) expect([body, await patch(ada, body)]).toEqual([body, '200'])
  const bad = [
    { display_name: 'a' },
    { display_name: '🎈'.repeat(51) },
    { display_name: '   ' },
    { display_name: null },
    { bio: 'b'.repeat(201) },
    { status_text: 's'.repeat(141) },
    { email: 'nobody' },
    { email: `e@${'example.'.repeat(40)}com` },
    { email: null },
    { username: 'somebody' },
    { id: crypto.randomUUID() },
    { deleted: true },
  ]
  const before = await ada.get('/users/me')
  for (const body of bad) expect([body, await patch(ada, body)]).toEqual([body, '422 request.invalid'])
  expect(await ada.get('/users/me')).toEqual(before)
})

test('one character is too short for a display name, also when it takes two units of UTF-16', async () => {
  const bea = await world.person('bea')
  expect(await patch(bea, { display_name: '🎈🎈' })).toBe('200')
  expect(await patch(bea, { display_name: '🎈' })).toBe('422 request.invalid')
})

test('an e-mail address that somebody has can be taken by nobody else, whatever the case', async () => {
  const [cara, dora, emma] = await world.people('cara', 'dora', 'emma')
  expect(await patch(dora, { email: 'CARA@example.com' })).toBe('409 account.email_taken')
  expect(await patch(cara, { email: 'CARA@example.com' })).toBe('200')
  const race = [cara, dora, emma].map((person) => person.ask('PATCH', '/users/me', { email: 'wanted@example.com' }))
  expect(await outcomes(race)).toEqual(['200', '409 account.email_taken', '409 account.email_taken'])
})

test('a change is heard on the own devices; others hear at most that there was one, and what changes nothing is not heard', async () => {
  const [fay, guy] = await world.people('fay', 'guy')
  const phone = await world.device(fay)
  await fay.post('/conversations', { type: 'direct', user_ids: [guy.id] })
  const [laptopsEar, phonesEar, guysEar] = [await fay.connect(), await phone.connect(), await listen(guy)]
  await fay.patch('/users/me', { display_name: 'Fay the Second' })
  await fay.patch('/users/me', { display_name: 'Fay the Second' })
  await fay.patch('/users/me', {})
  await fay.settled()
  await guy.settled()
  for (const ear of [laptopsEar, phonesEar]) {
    const heard = ear.all('user.updated')
    expect(heard).toHaveLength(2)
    expect(heard[0]).toMatchObject({ stream: fay.id, data: { id: fay.id, display_name: 'Fay the Second' } })
  }
  const others = guysEar.news.filter((frame) => frame.stream !== guy.id)
  for (const frame of others) expect(frame).toEqual({ type: 'profile.changed', data: { user_id: fay.id } })
})

test('an e-mail address is in the own view and in no other', async () => {
  const [hal, ida] = await world.people('hal', 'ida')
  const idasEar = await ida.connect()
  const direct = await hal.post('/conversations', { type: 'direct', user_ids: [ida.id] })
  const group = await world.group(hal, ida)
  await hal.say(group.id, 'hello')
  await hal.patch('/users/me', { bio: 'changed' })
  await ida.settled()
  const seen = await Promise.all(
    [
      `/users/${hal.id}`,
      `/users?ids=${hal.id}`,
      '/users?query=hal',
      '/conversations',
      `/conversations/${direct.id}`,
      `/conversations/${group.id}/members`,
      `/conversations/${group.id}/messages`,
    ].map((path) => ida.get(path)),
  )
  for (const answer of [...seen, ...idasEar.frames]) expect(JSON.stringify(answer)).not.toMatch(/hal@|"email"/i)
  expect(JSON.stringify(seen[0])).toContain('"username":"hal"')
  expect(await search(ida, 'hal@example')).toEqual([])
  expect((await hal.get('/users/me')).email).toBe('hal@example.com')
})

test('people are found by part of a name, whatever the case, but not oneself and not who is gone', async () => {
  const [jana, tom, tim, gone] = await world.people('Jana', 'Svetjana', 'tim_x', 'Janaway')
  await tim.patch('/users/me', { display_name: 'Kim JANAČEK' })
  expect((await search(jana, 'jaNa')).sort()).toEqual(['Janaway', 'Svetjana', 'tim_x'])
  expect((await search(tom, 'JANAČ')).sort()).toEqual(['tim_x'])
  await gone.delete('/users/me')
  expect((await search(jana, 'jana')).sort()).toEqual(['Svetjana', 'tim_x'])
  // The closest name comes first.
  expect((await search(tom, 'jana'))[0]).toBe('Jana')
})

test('the signs of a pattern are searched for as they are', async () => {
  const [kai, under, back] = await world.people('kai', 'under_score', 'back')
  const [other, percent] = await world.people('underXscore', 'percent')
  await back.patch('/users/me', { display_name: 'C:\\temp' })
  await percent.patch('/users/me', { display_name: '100% sure' })
  expect(await search(kai, 'r_s')).toEqual([under.name])
  expect(await search(kai, 'rxs')).toEqual([other.name])
  expect(await search(kai, '0% s')).toEqual([percent.name])
  expect(await search(kai, '1%e')).toEqual([])
  expect(await search(kai, ':\\t')).toEqual([back.name])
  for (const query of ['%%', '__', '\\\\', "'; drop table users; --"]) expect(await search(kai, query)).toEqual([])
})

test('a search finds at most twenty and needs two characters', async () => {
  const lea = await world.person('lea')
  const psql = await world.session()
  await psql.query(
    "insert into users (username, display_name) select 'crowd' || n, 'Crowd' from generate_series(1, 21) n",
  )
  expect(await search(lea, 'crowd')).toHaveLength(20)
  const ask = (query: string) => outcome(lea.ask('GET', `/users?${query}`))
  expect(await ask('query=cr')).toBe('200')
  expect(await ask(`query=${'c'.repeat(50)}`)).toBe('200')
  for (const query of ['query=c', 'query=', `query=${'c'.repeat(51)}`, '', 'query=crowd&limit=100', 'name=crowd'])
    expect([query, await ask(query)]).toEqual([query, '422 request.invalid'])
  expect(await ask(`query=crowd&ids=${lea.id}`)).toBe('422 request.invalid')
})

test('up to a hundred people are read by id, and unknown ids are left out', async () => {
  const [mia, noa] = await world.people('mia', 'noa')
  const ids = (count: number) => Array.from({ length: count }, () => crypto.randomUUID())
  const { data } = await mia.get(`/users?ids=${[mia.id, noa.id.toUpperCase(), noa.id, ...ids(97)].join()}`)
  expect(data.map((user: { username: string }) => user.username).sort()).toEqual(['mia', 'noa'])
  for (const bad of [[mia.id, ...ids(100)].join(), 'me', '', `${mia.id},`, `${mia.id} `])
    expect(await outcome(mia.ask('GET', `/users?ids=${encodeURIComponent(bad)}`))).toBe('422 request.invalid')
  const user = await mia.get(`/users/${noa.id}`)
  expect(user).toEqual(data.find((one: { id: string }) => one.id === noa.id))
  expect(await mia.get(`/users/${noa.id.toUpperCase()}`)).toEqual(user)
  expect(await outcome(mia.ask('GET', `/users/${crypto.randomUUID()}`))).toBe('404 user.not_found')
})
