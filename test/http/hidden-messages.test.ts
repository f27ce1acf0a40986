import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome } from './request.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
})
afterAll(() => world[Symbol.asyncDispose]())

const hide = (id: string, as: Person, method = 'PUT') => as.ask(method, `/messages/${id}/hidden`)
const numbers = async (id: string, as: Person, query = '') =>
  (await as.get(`/conversations/${id}/messages${query}`)).data.map((message: { number: number }) => message.number)

test('a message that I hide is gone for me everywhere, and for nobody else', async () => {
  const { id } = await world.group(alice, bob)
  const [second, third] = [await bob.say(id, 'second'), await bob.say(id, 'third')]
  expect(await outcome(hide(third.id, alice))).toBe('204')

  expect(await outcome(alice.ask('GET', `/messages/${third.id}`))).toBe('404 message.not_found')
  for (const query of ['', '?after=0', '?before=9', '?around=3'])
    expect(await numbers(id, alice, query)).toEqual([1, 2])
  expect((await alice.get(`/conversations/${id}`)).last_message).toEqual(second)
  const listed = (await alice.get('/conversations')).data.find((item: { id: string }) => item.id === id)
  expect(listed).toMatchObject({ last_message: second, message_number: 3 })

  expect(await bob.get(`/messages/${third.id}`)).toEqual(third)
  expect(await numbers(id, bob)).toEqual([1, 2, 3])
  expect((await bob.get(`/conversations/${id}`)).last_message).toEqual(third)
})

test('hiding is heard on my other devices and by nobody else, once for each change', async () => {
  const { id } = await world.group(alice, bob)
  const said = await bob.say(id, 'hello')
  const phone = await world.device(alice)
  const [phonesEar, bobsEar] = [await listen(phone), await listen(bob)]
  for (const method of ['PUT', 'PUT', 'DELETE', 'DELETE', 'PUT'])
    expect(await outcome(hide(said.id, alice, method))).toBe('204')
  await phone.settled()
  await bob.settled()
  const data = { conversation_id: id, message_id: said.id, number: said.number }
  expect(phonesEar.all('message.hidden').map((event) => [event.stream, event.data])).toEqual([
    [alice.id, { ...data, hidden: true }],
    [alice.id, { ...data, hidden: false }],
    [alice.id, { ...data, hidden: true }],
  ])
  expect(bobsEar.all('message.hidden')).toEqual([])
})

test('what I have hidden can be shown again', async () => {
  const { id } = await world.group(alice, bob)
  const said = await alice.say(id, 'my own')
  await hide(said.id, alice)
  expect(await outcome(hide(said.id, alice, 'DELETE'))).toBe('204')
  expect(await alice.get(`/messages/${said.id}`)).toEqual(said)
  expect((await alice.get(`/conversations/${id}`)).last_message).toEqual(said)
})

test('a page is full although messages before it are hidden', async () => {
  const { id } = await world.group(alice, bob)
  for (let count = 2; count <= 6; count++) {
    const { id: message } = await bob.say(id, `${count}`)
    if (count % 2) await hide(message, alice)
  }
  expect(await alice.get(`/conversations/${id}/messages?limit=3`)).toMatchObject({
    data: [{ number: 2 }, { number: 4 }, { number: 6 }],
    has_before: true,
    has_after: false,
  })
  expect(await numbers(id, alice, '?limit=2&after=2')).toEqual([4, 6])
})

test('everything in a conversation of mine can be hidden, what the system says and what is deleted too', async () => {
  const { id } = await world.group(alice, bob)
  const said = await alice.say(id, 'gone')
  await alice.delete(`/messages/${said.id}`)
  const { data } = await bob.get(`/conversations/${id}/messages`)
  for (const message of data) expect(await outcome(hide(message.id, bob))).toBe('204')
  expect(await bob.get(`/conversations/${id}/messages`)).toEqual({ data: [], has_before: false, has_after: false })
  expect((await bob.get(`/conversations/${id}`)).last_message).toBeNull()
})

test('a message of somebody else can be neither hidden nor shown, and an unknown one neither', async () => {
  const { id } = await world.group(alice, bob)
  const said = await alice.say(id, 'ours')
  for (const method of ['PUT', 'DELETE']) {
    expect(await outcome(hide(said.id, outsider, method))).toBe('404 message.not_found')
    expect(await outcome(hide(crypto.randomUUID(), alice, method))).toBe('404 message.not_found')
  }
})
