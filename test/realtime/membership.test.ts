// Who hears what: not one event before joining, and not one from the removal on.
import { expect, test } from 'vitest'
import { someoneWaits } from '../support/locks.js'
import { startWorld } from '../support/world.js'

test('an added member hears conversation.joined and then everything from that seq on', async () => {
  await using world = await startWorld()
  const [alice, bob, carol] = await world.people('alice', 'bob', 'carol')
  const group = await world.group(alice, bob)
  await alice.say(group.id, 'before carol')
  const ear = await carol.connect()
  await alice.post(`/conversations/${group.id}/members`, { user_ids: [carol.id] })
  const joined = await ear.next('conversation.joined')
  expect(joined.data.conversation).toMatchObject({ id: group.id, me: { role: 'member' }, member_count: 3 })
  await alice.say(group.id, 'after carol')
  await carol.settled()
  const heard = ear.stream(group.id)
  expect(heard.map((frame) => frame.seq)).toEqual([joined.data.seq + 1, joined.data.seq + 2])
  expect(heard.map((frame) => frame.data.system?.kind ?? frame.data.content)).toEqual(['added', 'after carol'])
})

test('a removed member hears conversation.left on every socket, and nothing of the conversation from then on', async () => {
  await using world = await startWorld()
  const second = await world.addNode()
  const [alice, bob] = await world.people('alice', 'bob')
  const phone = await world.device(bob, second)
  const group = await world.group(alice, bob)
  const ears = [await bob.connect(), await phone.connect()]
  await alice.say(group.id, 'last words')
  for (const ear of ears) await ear.next('message.created', (frame) => frame.data.content === 'last words')
  await alice.delete(`/conversations/${group.id}/members/${bob.id}`)
  await alice.say(group.id, 'about bob')
  await bob.settled()
  await phone.settled()
  for (const ear of ears) {
    expect(ear.all('conversation.left').map((frame) => frame.data)).toEqual([
      { conversation_id: group.id, seq: expect.any(Number), reason: 'removed' },
    ])
    const removal = ear.all('conversation.left')[0]?.data.seq
    expect(ear.stream(group.id).every((frame) => (frame.seq ?? 0) < removal)).toBe(true)
    expect(ear.stream(group.id).at(-1)?.data.content).toBe('last words')
  }
  expect(await bob.ask('GET', `/conversations/${group.id}`)).toMatchObject({ status: 404 })
})

test('someone who comes back hears both stays and nothing between', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const ear = await bob.connect()
  await bob.settled()
  const before = ear.stream(group.id).length
  await alice.say(group.id, 'first stay')
  await bob.post(`/conversations/${group.id}/leave`)
  await alice.say(group.id, 'between')
  await alice.post(`/conversations/${group.id}/members`, { user_ids: [bob.id] })
  await alice.say(group.id, 'second stay')
  await bob.settled()
  const contents = ear
    .stream(group.id)
    .slice(before)
    .map((frame) => frame.data.content ?? frame.data.system?.kind)
  expect(contents).toEqual(['first stay', 'added', 'second stay'])
  expect(ear.all('conversation.left')[0]?.data.reason).toBe('left')
  const psql = await world.session()
  const { rows } = await psql.query(
    `select s.from_seq - a.seq as after_added, s.to_seq - r.seq as before_removed
     from member_spans s
     left join events a on a.id = s.from_event_id and a.type = 'member.added'
     left join events r on r.id = s.to_event_id and r.type = 'member.removed'
     where s.conversation_id = $1 and s.user_id = $2 order by s.from_seq`,
    [group.id, bob.id],
  )
  expect(rows).toEqual([
    { after_added: '1', before_removed: '-1' },
    { after_added: '1', before_removed: null },
  ])
})

test('a send that waits for the lock while its sender is removed is refused', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const ear = await alice.connect()
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('delete from members where conversation_id = $1 and user_id = $2', [group.id, bob.id])
  const waiting = bob.ask('POST', `/conversations/${group.id}/messages`, { content: 'am I still here?' })
  const watcher = await world.session()
  await someoneWaits('%send_messages%', watcher)
  await psql.query('commit')
  expect(await waiting).toMatchObject({ status: 404, body: { code: 'conversation.not_found' } })
  await alice.settled()
  expect(ear.all('message.created').filter((frame) => frame.data.type !== 'system')).toEqual([])
})

test('an edit that is waiting while its author is removed is refused', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const sent = await bob.say(group.id, 'as it was')
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('delete from members where conversation_id = $1 and user_id = $2', [group.id, bob.id])
  const waiting = bob.ask('PATCH', `/messages/${sent.id}`, { content: 'changed' })
  const watcher = await world.session()
  await someoneWaits('%for no key update%', watcher)
  await psql.query('commit')
  expect(await waiting).toMatchObject({ status: 404, body: { code: 'conversation.not_found' } })
  expect((await alice.get(`/messages/${sent.id}`)).content).toBe('as it was')
})

test('what was changed after someone left is not theirs, even in an event of their time', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const psql = await world.session()
  const ear = await bob.connect()
  const stayed = await alice.connect()
  // One transaction, so that the tail reads the message's first event when its row has long been changed.
  await psql.query('begin')
  const { rows } = await psql.query(
    `insert into messages (conversation_id, sender_id, content) values ($1, $2, 'harmless') returning id, number`,
    [group.id, alice.id],
  )
  await psql.query('delete from members where conversation_id = $1 and user_id = $2', [group.id, bob.id])
  await psql.query(`update messages set content = 'secret of the rest', edited_at = now() where id = $1`, [rows[0].id])
  await psql.query('commit')
  await bob.settled()
  await alice.settled()
  expect(JSON.stringify(ear.frames)).not.toContain('secret')
  expect(ear.all('message.created').at(-1)?.data).toEqual({
    id: rows[0].id,
    conversation_id: group.id,
    number: Number(rows[0].number),
    gone: true,
  })
  expect(stayed.all('message.created').at(-1)?.data.content).toBe('secret of the rest')
})

test('neither a later name nor a later edit of what was replied to reaches someone who had left', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const original = await alice.say(group.id, 'original')
  const ear = await bob.connect()
  const psql = await world.session()
  await psql.query('begin')
  await psql.query(`update conversations set name = 'harmless' where id = $1`, [group.id])
  await psql.query(
    `insert into messages (conversation_id, sender_id, content, reply_to_id) values ($1, $2, 'a reply', $3)`,
    [group.id, alice.id, original.id],
  )
  await psql.query('delete from members where conversation_id = $1 and user_id = $2', [group.id, bob.id])
  await psql.query(`update conversations set name = 'secret name' where id = $1`, [group.id])
  await psql.query(`update messages set content = 'secret edit' where id = $1`, [original.id])
  await psql.query('commit')
  await bob.settled()
  expect(JSON.stringify(ear.frames)).not.toContain('secret')
  expect(ear.all('conversation.updated').map((frame) => frame.data)).toEqual([{ id: group.id, gone: true }])
  expect(ear.all('message.created').at(-1)?.data).toMatchObject({ conversation_id: group.id, gone: true })
})

test('a socket that connects while its user is added and removed ends with what the database says', async () => {
  await using world = await startWorld()
  const [alice, bob, carol] = await world.people('alice', 'bob', 'carol')
  const group = await world.group(alice, carol)
  for (let round = 0; round < 15; round++) {
    const [ear] = await Promise.all([
      bob.connect(),
      alice.post(`/conversations/${group.id}/members`, { user_ids: [bob.id] }),
    ])
    const [late] = await Promise.all([bob.connect(), alice.delete(`/conversations/${group.id}/members/${bob.id}`)])
    const before = await alice.say(group.id, `without bob ${round}`)
    await bob.settled()
    for (const one of [ear, late]) expect(one.stream(group.id).some((frame) => frame.data.id === before.id)).toBe(false)
    const [back] = await Promise.all([
      bob.connect(),
      alice.post(`/conversations/${group.id}/members`, { user_ids: [bob.id] }),
    ])
    const after = await alice.say(group.id, `with bob ${round}`)
    await bob.settled()
    for (const one of [ear, late, back])
      expect(one.stream(group.id).some((frame) => frame.data.id === after.id)).toBe(true)
    await alice.delete(`/conversations/${group.id}/members/${bob.id}`)
    await bob.settled()
    bob.disconnect()
    await Promise.all([ear.closed, late.closed, back.closed])
  }
})

test('a deleted conversation is silent for everybody', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const ear = await bob.connect()
  await alice.delete(`/conversations/${group.id}`)
  expect((await ear.next('conversation.deleted')).stream).toBe(group.id)
  const psql = await world.session()
  await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    group.id,
    alice.id,
    'ghost',
  ])
  await bob.settled()
  expect(ear.stream(group.id).at(-1)?.type).toBe('conversation.deleted')
})
