// The log's partitions: made ahead, dropped when old, and never in the way of a writer.
import type pg from 'pg'
import { expect, test } from 'vitest'
import { startWorld } from '../support/world.js'

async function partitions(session: pg.Client): Promise<string[]> {
  return (await session.query('select name from event_partitions()')).rows.map((row) => row.name)
}
const jumpTo = (session: pg.Client, id: number) =>
  session.query(`select setval(pg_get_serial_sequence('events', 'id'), $1)`, [id])

test('two empty partitions are kept ahead, while writers are at work', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const ear = await bob.connect()
  const [keeper, writer] = [await world.session(), await world.session()]
  expect(await partitions(keeper)).toEqual(['events_from_0', 'events_from_10000000', 'events_from_20000000'])
  expect((await keeper.query('select add_event_partitions() as added')).rows).toEqual([{ added: 0 }])

  await jumpTo(keeper, 9_999_999)
  await writer.query('begin')
  await writer.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    group.id,
    alice.id,
    'held',
  ])
  expect((await keeper.query('select add_event_partitions() as added')).rows).toEqual([{ added: 1 }])
  await writer.query('commit')
  expect((await ear.next('message.created', (frame) => frame.data.content === 'held')).seq).toBeGreaterThan(0)
  expect((await partitions(keeper)).at(-1)).toBe('events_from_30000000')
  await alice.say(group.id, 'in the next partition')
  expect((await ear.next('message.created')).data.content).toBe('in the next partition')
})

test('the oldest goes once its newest event is past the window, and the floor rises with it', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const group = await world.group(alice, bob)
  const [keeper, writer] = [await world.session(), await world.session()]
  const drop = async () => (await keeper.query(`select drop_event_partitions('14 days') as dropped`)).rows[0].dropped
  expect(await drop()).toBe(0)
  await jumpTo(keeper, 10_000_000)
  await alice.say(group.id, 'in the second partition')
  // Old enough only when the newest is.
  await keeper.query(`update events set created_at = now() - interval '15 days' where id < 10000000`)
  await keeper.query(
    `update events set created_at = now() - interval '13 days' where id = (select max(id) from events_from_0)`,
  )
  expect(await drop()).toBe(0)
  await keeper.query(`update events set created_at = now() - interval '15 days' where id < 10000000`)

  await writer.query('begin')
  await writer.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    group.id,
    alice.id,
    'open',
  ])
  // A writer is at work: it gives up at once, and tries again another time.
  expect(await drop()).toBe(0)
  await writer.query('rollback')
  expect(await drop()).toBe(1)
  expect((await partitions(keeper))[0]).toBe('events_from_10000000')
  expect((await keeper.query('select floor from log_state')).rows).toEqual([{ floor: '9999999' }])
  expect(await drop()).toBe(0)
  expect(await alice.say(group.id, 'and on it goes')).toMatchObject({ content: 'and on it goes' })
})
