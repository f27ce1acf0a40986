// The picture of a group: who may change it, and who hears of it.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { blackPng } from '../media/bytes.js'
import { fetchBytes, type Person } from '../support/person.js'
import { file, photo } from '../support/pictures.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
let alice: Person
let bob: Person
let outsider: Person
let psql: Awaited<ReturnType<World['session']>>
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob, outsider] = await world.people('alice', 'bob', 'outsider')
  psql = await world.session()
})
afterAll(() => world[Symbol.asyncDispose]())

const at = (id: string) => `/conversations/${id}/avatar`
const put = (person: Person, id: string, bytes: Uint8Array) => person.sendForm(at(id), { file: file(bytes) }, 'PUT')
const see = (path: string) => fetchBytes(world.node.url, path)
const live = async (person: Person) => {
  const { rows } = await psql.query(
    "select id from attachments where user_id = $1 and purpose = 'avatar' and removed_at is null",
    [person.id],
  )
  return rows.map(({ id }) => `/api/v1/avatars/${id}`)
}

test('the members of a group hear its new picture, and that it is gone', async () => {
  const home = await world.group(alice, bob)
  const drawn = `/api/v1/avatars/default/${home.id}`
  expect([home.avatar_url, (await see(drawn)).status]).toEqual([drawn, 200])
  const [ear, stranger] = [await listen(bob), await listen(outsider)]
  const { avatar_url } = (await put(alice, home.id, await photo(40, 20))).body
  expect((await ear.next('conversation.updated')).data).toMatchObject({ id: home.id, avatar_url })
  const actor_id = alice.id
  expect((await ear.next('message.created')).data.system).toEqual({ kind: 'photo_changed', params: { actor_id } })
  expect((await bob.get(`/conversations/${home.id}`)).avatar_url).toBe(avatar_url)
  expect((await see(avatar_url)).headers.get('content-type')).toBe('image/webp')

  const { id } = await alice.upload('photo.jpg', await photo(20, 20))
  const next = (await alice.ask('PUT', at(home.id), { attachment_id: id })).body.avatar_url
  expect((await ear.next('conversation.updated')).data.avatar_url).toBe(next)
  expect([(await see(avatar_url)).problem?.code, (await see(next)).status]).toEqual(['attachment.not_found', 200])

  for (let round = 1; round <= 2; round++) expect(await outcome(alice.ask('DELETE', at(home.id)))).toBe('204')
  expect((await ear.next('conversation.updated')).data.avatar_url).toBe(drawn)
  expect((await see(next)).problem?.code).toBe('attachment.not_found')
  await bob.settled()
  expect(ear.stream(home.id).map(({ type }) => type)).toEqual(
    Array(3).fill(['conversation.updated', 'message.created']).flat(),
  )
  await outsider.settled()
  expect(stranger.stream(home.id)).toEqual([])
})

test('who may not change a group may not change its picture, and nothing of theirs is kept', async () => {
  const home = await world.group(alice, bob)
  const direct = await bob.post('/conversations', { type: 'direct', user_ids: [alice.id] })
  const { avatar_url } = (await put(alice, home.id, blackPng(2, 2))).body
  const { id: attachment_id } = await bob.upload('photo.jpg', await photo(20, 20))
  const ends: [Person, string, string][] = [
    [bob, home.id, '403 conversation.forbidden'],
    [outsider, home.id, '404 conversation.not_found'],
    [bob, direct.id, '409 conversation.not_for_direct'],
    [bob, crypto.randomUUID(), '404 conversation.not_found'],
  ]
  for (const [person, id, end] of ends) {
    expect([person.name, id, await outcome(put(person, id, blackPng(2, 2)))]).toEqual([person.name, id, end])
    expect(await outcome(person.ask('PUT', at(id), { attachment_id }))).toBe(end)
    expect(await outcome(person.ask('DELETE', at(id)))).toBe(end)
  }
  expect((await alice.get(`/conversations/${home.id}`)).avatar_url).toBe(avatar_url)
  expect([await live(bob), await live(outsider)]).toEqual([[], []])
  expect((await psql.query('select from uploads')).rowCount).toBe(0)
  expect(await outcome(bob.ask('PUT', '/users/me/avatar', { attachment_id }))).toBe('200')
})

test('of pictures that two admins choose at the same time one stays', async () => {
  const [ann, ben] = await world.people('ann', 'ben')
  const home = await world.group(ann, ben)
  await ann.patch(`/conversations/${home.id}/members/${ben.id}`, { role: 'admin' })
  const race = [ann, ben, ann, ben].map((person, index) => put(person, home.id, blackPng(index + 1, 5)))
  expect(await outcomes(race)).toEqual(Array(4).fill('200'))
  const left = [...(await live(ann)), ...(await live(ben))]
  expect(left).toEqual([(await ann.get(`/conversations/${home.id}`)).avatar_url])
})

test('the picture of a group outlives the account of whoever has chosen it', async () => {
  const [tom, ida] = await world.people('tom', 'ida')
  const home = await world.group(tom, ida)
  const { avatar_url } = (await put(tom, home.id, blackPng(2, 2))).body
  await tom.delete('/users/me')
  expect((await ida.get(`/conversations/${home.id}`)).avatar_url).toBe(avatar_url)
  expect((await see(avatar_url)).status).toBe(200)
})

test('the picture of a group that is deleted is gone with it, and takes up nothing of whoever chose it', async () => {
  const carol = await world.person('carol')
  const [home, other] = [await world.group(alice, carol), await world.group(alice, carol)]
  const [gone, stays] = [
    await put(alice, home.id, await photo(40, 20)),
    await put(alice, other.id, await photo(30, 20)),
  ]
  await alice.delete(`/conversations/${home.id}`)
  expect((await see(gone.body.avatar_url)).status).toBe(404)
  expect((await see(stays.body.avatar_url)).status).toBe(200)
  expect(await live(alice)).not.toContain(gone.body.avatar_url)
})
