import { expect, test } from 'vitest'
import { Clock } from '../support/clock.js'
import { startWorld } from '../support/world.js'

test('whoever shares a conversation hears once that a profile has changed, on every node; nobody else does', async () => {
  const clock = new Clock()
  await using world = await startWorld({}, clock)
  const second = await world.addNode()
  const [alice, bob, carol, outsider, removed, blocked] = await world.people(
    'alice',
    'bob',
    'carol',
    'outsider',
    'removed',
    'blocked',
  )
  const group = await world.group(alice, bob, removed, blocked)
  await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  await alice.post('/conversations', { type: 'direct', user_ids: [carol.id] })
  await alice.delete(`/conversations/${group.id}/members/${removed.id}`)
  const psql = await world.session()
  await psql.query('insert into blocks (blocker_id, blocked_id) values ($1, $2)', [blocked.id, alice.id])

  const own = await alice.connect()
  const bobsEar = await bob.connect()
  const carolsEar = await carol.connect(second.url)
  const others = [await outsider.connect(), await removed.connect(), await blocked.connect()]
  await alice.patch('/users/me', { bio: 'one' })
  for (const ear of [bobsEar, carolsEar]) {
    expect(await ear.next('profile.changed')).toEqual({ type: 'profile.changed', data: { user_id: alice.id } })
  }

  // Within a second of the last time nobody is told; then once, however often it changed.
  await alice.patch('/users/me', { bio: 'two' })
  await alice.patch('/users/me', { bio: 'three' })
  await own.seen((frame) => frame.type === 'user.updated' && frame.data.bio === 'three')
  expect(bobsEar.all('profile.changed')).toHaveLength(1)
  clock.pass(1)
  await bobsEar.next('profile.changed')
  await carolsEar.next('profile.changed')
  clock.pass(1)
  await Promise.all([outsider, removed, blocked, bob].map((person) => person.settled()))
  expect(bobsEar.all('profile.changed').filter((frame) => frame.data.user_id === alice.id)).toHaveLength(2)
  for (const ear of [own, ...others]) {
    expect(ear.all('profile.changed').filter((frame) => frame.data.user_id === alice.id)).toEqual([])
  }
})
