import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchJson } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'
import { listen } from './listen.js'
import { outcome, outcomes } from './request.js'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

test('a deleted account is signed out everywhere, at once and on every node', async () => {
  const second = await world.addNode()
  const [alice, bob] = await world.people('alice', 'bob')
  const phone = await world.device(alice, second)
  const [laptopsEar, phonesEar, bobsEar] = [await alice.connect(), await phone.connect(), await bob.connect()]

  expect(await outcome(alice.ask('DELETE', '/users/me'))).toBe('204')
  expect((await laptopsEar.closed).code).toBe(4502)
  expect((await phonesEar.closed).code).toBe(4502)
  for (const device of [alice, phone]) {
    expect(await outcome(device.ask('GET', '/users/me'))).toBe('401 auth.session_ended')
    const refresh = fetchJson(device.url, 'POST', '/auth/refresh', { body: { refresh_token: device.refreshToken } })
    expect(await outcome(refresh)).toBe('401 auth.refresh_token_invalid')
  }
  expect(await outcome(alice.ask('DELETE', '/users/me'))).toBe('401 auth.session_ended')
  for (const login of ['alice', 'alice@example.com']) {
    const answer = fetchJson(alice.url, 'POST', '/auth/login', { body: { login, password: PASSWORD } })
    expect(await outcome(answer)).toBe('401 auth.invalid_credentials')
  }
  await bob.settled()
  expect(bobsEar.isOpen).toBe(true)
  expect(await outcome(bob.ask('GET', '/users/me'))).toBe('200')
})

test('others see a deleted account without a name, and what it wrote stays', async () => {
  const [alice, bob] = await world.people('isolde', 'ben')
  await alice.patch('/users/me', { bio: 'isolde was here', status_text: 'isolde is here' })
  const direct = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const said = await alice.say(direct.id, 'remember me')
  const unknown = await world.person('cleo')
  await alice.delete('/users/me')

  expect(await outcome(bob.ask('GET', `/users/${alice.id}`))).toBe('404 user.not_found')
  const { data } = await bob.get(`/users?ids=${alice.id},${bob.id}`)
  const ghost = data.find((user: { id: string }) => user.id === alice.id)
  expect(ghost).toEqual({
    id: alice.id,
    username: `deleted-${alice.id.replaceAll('-', '')}`,
    display_name: null,
    bio: '',
    status_text: '',
    avatar_url: `/api/v1/avatars/default/${alice.id}`,
    created_at: expect.any(String),
    deleted: true,
  })
  expect(data.find((user: { id: string }) => user.id === bob.id)).toMatchObject({ username: 'ben', deleted: false })
  expect((await bob.get(`/conversations/${direct.id}`)).peer).toEqual(ghost)
  expect(await bob.get(`/messages/${said.id}`)).toEqual(said)
  for (const query of ['isolde', 'deleted']) expect(await unknown.get(`/users?query=${query}`)).toEqual({ data: [] })

  expect(await outcome(bob.ask('POST', '/conversations', { type: 'direct', user_ids: [alice.id] }))).toBe(
    '404 user.not_found',
  )
  const psql = await world.session()
  const { rows } = await psql.query(
    `select email, password_hash, ip, user_agent, ended_at is not null as ended, end_reason
     from users join sessions on sessions.user_id = users.id where users.id = $1`,
    [alice.id],
  )
  const nothing = { email: null, password_hash: null, ip: '', user_agent: '' }
  expect(rows).toEqual([{ ...nothing, ended: true, end_reason: 'account_deleted' }])
})

test('the name and the address of a deleted account are free again, for another account', async () => {
  const alice = await world.person('gudrun')
  await alice.delete('/users/me')
  const again = await world.person('Gudrun')
  expect(again.id).not.toBe(alice.id)
  expect(await again.get('/users/me')).toMatchObject({ username: 'Gudrun', email: 'Gudrun@example.com' })
  expect(await again.get('/conversations')).toEqual({ data: [], next_cursor: null, has_more: false })
})

test('a group passes to its longest member, who hears it and may do what an owner may', async () => {
  const [alice, bob, carol] = await world.people('ann', 'bert', 'cora')
  const home = await world.group(alice, carol)
  await alice.post(`/conversations/${home.id}/members`, { user_ids: [bob.id] })
  const ear = await listen(bob)
  expect(await outcome(carol.ask('PATCH', `/conversations/${home.id}`, { name: 'ours' }))).toBe(
    '403 conversation.forbidden',
  )

  await alice.delete('/users/me')
  expect((await ear.next('member.updated')).data).toMatchObject({ user_id: carol.id, role: 'owner' })
  expect((await ear.next('member.removed')).data).toEqual({ user_id: alice.id, reason: 'left', member_count: 2 })
  const { data } = await ear.next('message.created')
  expect(data).toMatchObject({ type: 'system', system: { kind: 'left', params: { user_id: alice.id } } })

  expect(await carol.patch(`/conversations/${home.id}`, { name: 'ours' })).toMatchObject({
    name: 'ours',
    me: { role: 'owner' },
    member_count: 2,
  })
  expect(await outcome(bob.ask('PATCH', `/conversations/${home.id}`, { name: 'his' }))).toBe(
    '403 conversation.forbidden',
  )
  const members = await bob.get(`/conversations/${home.id}/members`)
  expect(members.data.map((member: { user: { id: string } }) => member.user.id).sort()).toEqual(
    [bob.id, carol.id].sort(),
  )
})

test('a group whose owner stays keeps its owner when a member deletes their account', async () => {
  const [alice, bob, carol] = await world.people('anton', 'bella', 'cecil')
  const home = await world.group(carol, alice, bob)
  const ear = await listen(bob)
  await alice.delete('/users/me')
  await bob.settled()
  expect(ear.stream(home.id).map((event) => event.type)).toEqual(['member.removed', 'message.created'])
  expect(await carol.get(`/conversations/${home.id}`)).toMatchObject({ me: { role: 'owner' }, member_count: 2 })
})

test('a group without anybody left disappears', async () => {
  const [alice, bob] = await world.people('arne', 'birgit')
  const [empty, shared] = [await world.group(alice, bob), await world.group(alice, bob)]
  await bob.post(`/conversations/${empty.id}/leave`)
  await alice.delete('/users/me')
  const psql = await world.session()
  const { rows } = await psql.query(
    'select id, deleted_at is not null as deleted, member_count as members from conversations where id = any($1) order by id',
    [[empty.id, shared.id]],
  )
  expect(rows).toEqual([
    { id: empty.id, deleted: true, members: 0 },
    { id: shared.id, deleted: false, members: 1 },
  ])
})

test('two requests to delete the same account end it once', async () => {
  const [alice, bob] = await world.people('agnes', 'boris')
  const home = await world.group(alice, bob)
  const phone = await world.device(alice)
  const ear = await listen(bob)
  const ends = await outcomes([alice, phone, alice, phone].map((device) => device.ask('DELETE', '/users/me')))
  expect(ends[0]).toBe('204')
  expect(['204', '401 auth.session_ended']).toEqual(expect.arrayContaining(ends))
  await bob.settled()
  expect(ear.stream(home.id).map((event) => event.type)).toEqual([
    'member.updated',
    'member.removed',
    'message.created',
    'message.created',
  ])
})

test('what somebody does while their account is deleted does not outlive it', async () => {
  const [anna, paul] = await world.people('anna', 'paul')
  const home = await world.group(paul, anna)
  const psql = await world.session()
  for (let round = 1; round <= 4; round++) {
    const gone = await world.person(`gone${round}`)
    await Promise.all([
      gone.ask('DELETE', '/users/me'),
      gone.ask('POST', '/conversations', { type: 'group', name: 'mine', user_ids: [anna.id] }),
      gone.ask('POST', '/conversations', { type: 'direct', user_ids: [anna.id] }),
      paul.ask('POST', '/conversations', { type: 'direct', user_ids: [gone.id] }),
      paul.ask('POST', `/conversations/${home.id}/members`, { user_ids: [gone.id] }),
    ])
    const { rows } = await psql.query('select role, conversation_id from members where user_id = $1', [gone.id])
    expect(rows).toEqual([])
    const open = await psql.query('select from sessions where user_id = $1 and ended_at is null', [gone.id])
    expect(open.rowCount).toBe(0)
  }
})
