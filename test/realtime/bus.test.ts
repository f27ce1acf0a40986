// The bell and its net: what happens to those who listen when the bus is cut, and how two nodes hear each other.
import { expect, test } from 'vitest'
import type { Ear } from '../support/ear.js'
import { openRelay } from '../support/relay.js'
import { startWorld } from '../support/world.js'

function numbersHeard(ear: Ear, stream: string): number[] {
  return ear
    .stream(stream)
    .filter((frame) => frame.type === 'message.created')
    .map((frame) => frame.data.number)
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

test('two nodes on one database hear each other', async () => {
  await using world = await startWorld()
  const second = await world.addNode()
  const alice = await world.person('alice')
  const bob = await world.person('bob', second)
  const [alicesEar, bobsEar] = [await alice.connect(), await bob.connect()]
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  await alice.say(id, 'from the first node')
  expect((await bobsEar.next('message.created')).data.content).toBe('from the first node')
  await bob.say(id, 'from the second node')
  expect((await alicesEar.next('message.created', (frame) => frame.data.sender_id === bob.id)).data.content).toBe(
    'from the second node',
  )
})

test('sends to one conversation from two nodes at once are numbered without a gap and heard in order by all', async () => {
  await using world = await startWorld()
  const second = await world.addNode()
  const alice = await world.person('alice')
  const bob = await world.person('bob', second)
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const ears = [await alice.connect(), await bob.connect()]
  const sent = await Promise.all(upTo(60).flatMap((n) => [alice.say(id, `alice ${n}`), bob.say(id, `bob ${n}`)]))
  expect(sent.map((message) => message.number).sort((a, b) => a - b)).toEqual(upTo(120))
  for (const ear of ears) {
    await ear.heard('message.created', 120)
    expect(numbersHeard(ear, id)).toEqual(upTo(120))
  }
})

test('while the listener is killed again and again, nothing is lost and nothing comes twice', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const ear = await bob.connect()
  const psql = await world.session()
  let killed = 0
  const kill = async () => {
    const { rowCount } = await psql.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'earshot-listener-%' and datname = current_database()`,
    )
    killed += rowCount ?? 0
  }
  for (let n = 1; n <= 100; n++) {
    if (n % 10 === 0) await kill()
    // Half of them by a foreign hand, whose bell only the listener hears.
    if (n % 2 === 0) await alice.say(id, `message ${n}`)
    else
      await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
        id,
        alice.id,
        `message ${n}`,
      ])
  }
  await ear.heard('message.created', 100)
  await bob.settled()
  expect(numbersHeard(ear, id)).toEqual(upTo(100))
  expect(killed).toBeGreaterThan(0)
})

test('without any listener the poll alone delivers', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const ear = await bob.connect()
  const psql = await world.session()
  // A writer that claims to ring later, and never does.
  await psql.query(`set earshot.ring = 'after_commit'`)
  await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    id,
    alice.id,
    'unannounced',
  ])
  expect((await ear.next('message.created')).data.content).toBe('unannounced')
})

test('when every connection to the database is cut, the sockets stay and hear what was said meanwhile', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const ear = await bob.connect()
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    id,
    alice.id,
    'said meanwhile',
  ])
  await psql.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await psql.query('commit')
  expect((await ear.next('message.created')).data.content).toBe('said meanwhile')
  expect(ear.isOpen).toBe(true)
})

test('connections that fall silent are replaced, each after one time-out', async () => {
  await using world = await startWorld()
  const relay = await openRelay(world.database.url)
  const settings = { DATABASE_URL: relay.url, DATABASE_POOL_MAX: '2', DATABASE_STATEMENT_TIMEOUT: '1s' }
  const node = await world.addNode(settings)
  const alice = await world.person('alice', node)
  const ear = await alice.connect()
  await alice.settled()
  relay.freeze()
  const statuses: number[] = []
  while (statuses.at(-1) !== 200) statuses.push((await alice.ask('GET', '/users/me')).status)
  // No more than the pool had, and each with the clear answer.
  expect(statuses.length).toBeLessThanOrEqual(3)
  expect(statuses.slice(0, -1).every((status) => status === 503)).toBe(true)
  await alice.settled()
  expect(ear.isOpen).toBe(true)
})

test('a database that was set back to an older state sends everybody to load afresh', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const ear = await bob.connect()
  await alice.patch('/users/me', { bio: 'something that takes an event id' })
  await bob.settled()
  const psql = await world.session()
  // As after a restore: the node has heard of events that the database has not.
  await psql.query(
    `select setval(pg_get_serial_sequence('events', 'id'), 1); delete from events; update log_state set safe = 0`,
  )
  await psql.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'earshot-tail' and datname = current_database()`,
  )
  expect(await ear.next('resync')).toMatchObject({ data: { reason: 'epoch' } })
  expect(await ear.closed).toMatchObject({ code: 4400 })
  expect((await psql.query('select bump from log_state')).rows).toEqual([{ bump: '1' }])
})

test('everybody is told of another history before anything of it is read', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await world.group(alice, bob)
  await alice.say(id, 'something to be recalled')
  const ear = await bob.connect()
  await bob.settled()
  const psql = await world.session()
  // A node that begins here has something to recall.
  await psql.query('update log_state set safe = (select max(id) from events)')
  await psql.query('begin; lock table events in access exclusive mode')
  const other = await world.session()
  await other.query('select raise_epoch()')
  expect(await ear.closed).toMatchObject({ code: 4400 })
  // So no checkpoint of the new history can have been in between.
  expect(ear.frames.at(-1)).toMatchObject({ type: 'resync', data: { reason: 'epoch' } })
  const recalling = `select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%read_events%'`
  await expect.poll(async () => (await other.query(recalling)).rows[0].count).toBe(1)
  await psql.query('rollback')
  const back = await bob.connect()
  await alice.say(id, 'it goes on')
  await back.next('message.created', ({ data }) => data.content === 'it goes on')
})
