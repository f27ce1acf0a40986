// Who may make whom what in a group; what they are called there; and that somebody always owns it.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Role } from '../../src/contract/memberships.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

type Cast = Record<Role | 'peer', Person>

let world: World
let cast: Cast
let home: string

beforeAll(async () => {
  world = await startWorld()
  const [owner, admin, moderator, member, viewer, peer] = await world.people(
    'owner',
    'admin',
    'moderator',
    'member',
    'viewer',
    'peer',
  )
  cast = { owner, admin, moderator, member, viewer, peer }
})
afterAll(() => world[Symbol.asyncDispose]())

beforeEach(async () => {
  const { owner, admin, moderator, member, viewer, peer } = cast
  home = (await world.group(owner, admin, moderator, member, viewer, peer)).id
  for (const role of ['admin', 'moderator', 'viewer'] as const) {
    await owner.patch(`/conversations/${home}/members/${cast[role].id}`, { role })
  }
})

const change = (who: Person, whom: Person, body: object) =>
  outcome(who.ask('PATCH', `/conversations/${home}/members/${whom.id}`, body))
const rolesOf = async (who: Person): Promise<Record<string, string>> => {
  const { data } = await who.get(`/conversations/${home}/members`)
  return Object.fromEntries(
    data.map((one: { user: { username: string }; role: string }) => [one.user.username, one.role]),
  )
}

const FORBIDDEN = '403 conversation.forbidden'
const OUTRANKED = '403 member.outranks'
const TOO_HIGH = '403 member.role_above_own'

test('nobody gives a role above their own, or to somebody who is not below them', async () => {
  // who -> whom -> what becomes of giving each role, from owner to viewer
  const table: [Role, Role, string[]][] = [
    ['owner', 'admin', ['200', '200', '200', '200', '200']],
    ['owner', 'viewer', ['200', '200', '200', '200', '200']],
    ['admin', 'owner', [OUTRANKED, OUTRANKED, OUTRANKED, OUTRANKED, OUTRANKED]],
    ['admin', 'moderator', [TOO_HIGH, '200', '200', '200', '200']],
    ['admin', 'member', [TOO_HIGH, '200', '200', '200', '200']],
    ['moderator', 'viewer', [FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN]],
    ['member', 'viewer', [FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN]],
    ['viewer', 'member', [FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN]],
  ]
  const psql = await world.session()
  const found: [Role, Role, string[]][] = []
  for (const [who, whom] of table) {
    const ends: string[] = []
    for (const role of Role.options) {
      ends.push(await change(cast[who], cast[whom], { role }))
      await psql.query('update members set role = $1 where conversation_id = $2 and user_id = $3', [
        whom,
        home,
        cast[whom].id,
      ])
    }
    found.push([who, whom, ends])
  }
  expect(found).toEqual(table)
  for (const role of Role.options)
    expect(await change(cast[role], cast[role], { role: 'member' })).toBe('403 member.own_role')
  // Admins are equals.
  expect(await change(cast.owner, cast.peer, { role: 'admin' })).toBe('200')
  expect(await change(cast.admin, cast.peer, { role: 'member' })).toBe(OUTRANKED)
})

test('a change of role is heard by all, said by the system, and holds at once', async () => {
  const { owner, member, peer } = cast
  const ear = await listen(peer)
  expect(await owner.patch(`/conversations/${home}/members/${member.id}`, { role: 'viewer' })).toMatchObject({
    user: { id: member.id },
    role: 'viewer',
    nickname: null,
  })
  expect(await ear.next('member.updated')).toMatchObject({ stream: home, data: { user_id: member.id, role: 'viewer' } })
  expect((await ear.next('message.created')).data).toMatchObject({
    type: 'system',
    system: { kind: 'role_changed', params: { actor_id: owner.id, user_id: member.id, role: 'viewer' } },
  })
  expect(await outcome(member.ask('POST', `/conversations/${home}/messages`, { content: 'and me?' }))).toBe(FORBIDDEN)
  expect((await member.get(`/conversations/${home}`)).me.role).toBe('viewer')

  // The same once more changes nothing and says nothing.
  expect(await change(owner, member, { role: 'viewer' })).toBe('200')
  expect(await change(owner, member, {})).toBe('200')
  await peer.settled()
  expect(ear.stream(home)).toHaveLength(2)
})

test('a role is one of the five, of somebody who is there, in a group', async () => {
  const { owner, member } = cast
  const stranger = await world.person(`stranger${Date.now()}`)
  for (const bad of [{ role: 'king' }, { role: null }, { role: 'member', more: 1 }, { joined_at: 'now' }])
    expect(await change(owner, member, bad)).toBe('422 request.invalid')
  expect(await change(owner, stranger, { role: 'admin' })).toBe('404 member.not_found')
  expect(await change(stranger, member, { role: 'viewer' })).toBe('404 conversation.not_found')
  const direct = await owner.post('/conversations', { type: 'direct', user_ids: [member.id] })
  const path = `/conversations/${direct.id}/members/${member.id}`
  expect(await outcome(owner.ask('PATCH', path, { role: 'admin' }))).toBe('409 conversation.not_for_direct')
})

test('a nickname is seen by all: one gives it oneself, or somebody above does', async () => {
  const { owner, admin, moderator, member, viewer, peer } = cast
  const ear = await listen(peer)
  const own = await member.patch(`/conversations/${home}/members/${member.id}`, { nickname: 'Mem 🎈' })
  expect(own).toMatchObject({ role: 'member', nickname: 'Mem 🎈' })
  expect((await ear.next('member.updated')).data).toMatchObject({ user_id: member.id, nickname: 'Mem 🎈' })
  expect((await ear.next('message.created')).data.system).toEqual({
    kind: 'nickname_changed',
    params: { actor_id: member.id, user_id: member.id, nickname: 'Mem 🎈' },
  })
  expect((await member.get(`/conversations/${home}`)).me.nickname).toBe('Mem 🎈')
  expect(await change(admin, member, { nickname: null })).toBe('200')
  expect((await ear.next('member.updated')).data.nickname).toBeNull()

  expect(await change(admin, owner, { nickname: 'boss' })).toBe(OUTRANKED)
  expect(await change(moderator, member, { nickname: 'x' })).toBe(FORBIDDEN)
  expect(await change(peer, member, { nickname: 'x' })).toBe(FORBIDDEN)
  // Who may only read says nothing, not even by a name.
  expect(await change(viewer, viewer, { nickname: 'loud' })).toBe(FORBIDDEN)
  expect(await change(member, member, { nickname: 'n'.repeat(50) })).toBe('200')
  for (const nickname of ['', ' ', 'n'.repeat(51), 'a\0', 7])
    expect(await change(member, member, { nickname })).toBe('422 request.invalid')
})

test('in a direct conversation one names oneself, unless one of the two has blocked the other', async () => {
  const { member, peer } = cast
  const direct = await member.post('/conversations', { type: 'direct', user_ids: [peer.id] })
  const name = (who: Person, whom: Person) =>
    outcome(who.ask('PATCH', `/conversations/${direct.id}/members/${whom.id}`, { nickname: `of ${Math.random()}` }))
  expect(await name(member, member)).toBe('200')
  expect(await name(member, peer)).toBe(FORBIDDEN)
  const psql = await world.session()
  await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [peer.id, member.id])
  expect([await name(member, member), await name(peer, peer)]).toEqual(['403 user.blocked', '403 user.blocked'])
  await psql.query('delete from blocks')
})

test('ownership passes to another member, and the old owner stays as an admin', async () => {
  const { owner, admin, viewer, peer } = cast
  const transfer = (who: Person, user_id: string, id = home) =>
    outcome(who.ask('POST', `/conversations/${id}/transfer`, { user_id }))
  expect(await transfer(admin, peer.id)).toBe(FORBIDDEN)
  expect(await transfer(owner, owner.id)).toBe('403 member.own_role')
  expect(await transfer(owner, crypto.randomUUID())).toBe('404 member.not_found')
  expect(await transfer(owner, 'peer')).toBe('422 request.invalid')
  const ear = await listen(peer)
  expect(await transfer(owner, viewer.id)).toBe('204')
  expect(await rolesOf(peer)).toMatchObject({ owner: 'admin', viewer: 'owner' })
  expect((await ear.next('message.created')).data.system).toEqual({
    kind: 'ownership_transferred',
    params: { actor_id: owner.id, user_id: viewer.id },
  })
  expect(ear.all('member.updated').map((event) => [event.data.user_id, event.data.role])).toEqual([
    [viewer.id, 'owner'],
    [owner.id, 'admin'],
  ])
  expect(await transfer(owner, peer.id)).toBe(FORBIDDEN)
  expect(await outcome(owner.ask('POST', `/conversations/${home}/leave`))).toBe('204')
})

test('the last owner cannot leave, neither of two who try at once', async () => {
  const { owner, peer } = cast
  const leave = (who: Person) => who.ask('POST', `/conversations/${home}/leave`)
  for (let round = 0; round < 5; round++) {
    home = (await world.group(owner, peer, cast.member)).id
    expect(await outcome(leave(owner))).toBe('409 conversation.owner_cannot_leave')
    expect(await change(owner, peer, { role: 'owner' })).toBe('200')
    // Owners are equals: one cannot take it from the other.
    expect(await change(owner, peer, { role: 'member' })).toBe(OUTRANKED)
    expect(await outcomes([leave(owner), leave(peer)])).toEqual(['204', '409 conversation.owner_cannot_leave'])
    expect(Object.values(await rolesOf(cast.member)).sort()).toEqual(['member', 'owner'])
  }
})

test('two owners who hand over at once leave one consistent state', async () => {
  const { owner, peer, member } = cast
  expect(await change(owner, peer, { role: 'owner' })).toBe('200')
  const transfer = (who: Person) => who.ask('POST', `/conversations/${home}/transfer`, { user_id: member.id })
  expect(await outcomes([transfer(owner), transfer(peer)])).toEqual(['204', '204'])
  expect(await rolesOf(member)).toMatchObject({ owner: 'admin', peer: 'admin', member: 'owner' })
})

test('who is made a viewer while they send is refused once the change is committed', async () => {
  const { owner, member } = cast
  const psql = await world.session()
  await psql.query(`begin; select from streams where id = '${home}' for update`)
  const sending = member.ask('POST', `/conversations/${home}/messages`, { content: 'too late' })
  await psql.query(`update members set role = 'viewer' where conversation_id = '${home}' and user_id = '${member.id}'`)
  await psql.query('commit')
  expect(await outcome(sending)).toBe(FORBIDDEN)
  expect((await owner.get(`/conversations/${home}`)).last_message.content).toBeNull()
})

test('moderators remove and ban only who is below them', async () => {
  const { owner, admin, moderator, peer } = cast
  const kick = (who: Person, whom: Person) => outcome(who.ask('DELETE', `/conversations/${home}/members/${whom.id}`))
  const ban = (who: Person, whom: Person) => outcome(who.ask('PUT', `/conversations/${home}/bans/${whom.id}`, {}))
  expect(await change(owner, peer, { role: 'moderator' })).toBe('200')
  for (const act of [kick, ban]) {
    expect(await act(moderator, peer)).toBe(OUTRANKED)
    expect(await act(moderator, admin)).toBe(OUTRANKED)
    expect(await act(admin, owner)).toBe(OUTRANKED)
  }
  expect(await ban(admin, admin)).toBe(OUTRANKED)
  expect(await kick(admin, moderator)).toBe('204')
  expect(await kick(moderator, peer)).toBe('404 conversation.not_found')
})
