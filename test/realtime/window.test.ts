// Sleeping past what the log still holds: never a silent part of an answer, always the whole afresh.
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import { expect, test } from 'vitest'
import type { Db } from '../../src/db/database.js'
import { createPool } from '../../src/db/pool.js'
import type { DB } from '../../src/db/tables.js'
import { createLogger } from '../../src/observe.js'
import { MissedEvents } from '../../src/realtime/missed.js'
import type { Positions } from '../../src/realtime/positions.js'
import type { Person } from '../support/person.js'
import { Replica } from '../support/replica.js'
import { databaseConfig } from '../support/test-server.js'
import { startWorld, type World } from '../support/world.js'

const BY_LOG = { EVENT_CACHE: '1kB' }

/** The log goes on in the next partition, and what stands in the first is old enough to go. */
async function age(psql: pg.Client): Promise<void> {
  await psql.query(`select setval(pg_get_serial_sequence('events', 'id'), 10000000)`)
  await psql.query(`update events set created_at = now() - interval '15 days' where id < 10000000`)
}
const drop = async (psql: pg.Client) =>
  (await psql.query(`select drop_event_partitions('14 days') as dropped`)).rows[0].dropped

async function twoInAGroup(world: World): Promise<{ ann: Person; ben: Person; id: string; psql: pg.Client }> {
  const [ann, ben] = await world.people('ann', 'ben')
  const { id } = await world.group(ann, ben)
  return { ann, ben, id, psql: await world.session() }
}

test('whoever slept past the window loads afresh, and holds then what the others hold', async () => {
  await using world = await startWorld(BY_LOG)
  const { ann, ben, id, psql } = await twoInAGroup(world)
  const replica = await Replica.load(ben)
  const { resume } = replica
  await ann.say(id, 'in the first partition')
  await age(psql)
  await ann.say(id, 'in the second')
  const young = await ben.position()
  expect(await drop(psql)).toBe(1)
  // A node that begins now has never seen what is gone.
  const other = await world.addNode()

  const ear = await ben.resume(resume, other.url)
  expect(ear.frames.slice(0, 2)).toMatchObject([{ type: 'hello' }, { type: 'resync', data: { reason: 'window' } }])
  await ann.say(id, 'after it')
  await ben.settled()
  for (const frame of ear.frames) await replica.apply(frame)
  expect(replica.picture()).toEqual((await Replica.load(ben)).picture())
  const { token } = ben
  const polled = await fetch(`${other.url}/api/v1/sync?since=${resume}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(polled.status).toBe(410)

  const awake = await ben.resume(young, other.url)
  expect(awake.all('resync')).toEqual([])
  expect(awake.stream(id).flatMap(({ data }) => (data.content ? [data.content] : []))).toEqual(['after it'])
})

test('a stretch that the log has dropped is said to be gone, to those whose it was, and to nobody else', async () => {
  await using world = await startWorld()
  const { ann, ben, id, psql } = await twoInAGroup(world)
  const eve = await world.person('eve')
  const { seq } = await ben.get(`/conversations/${id}`)
  await age(psql)
  await ann.say(id, 'in the second partition')
  expect(await drop(psql)).toBe(1)
  const fetch = async (who: Person) =>
    (await who.connect()).command('stream.fetch', { stream: id, from_seq: seq, to_seq: seq + 1 })
  expect(await fetch(ben)).toMatchObject({ ok: false, error: { code: 'stream.gone' } })
  expect(await fetch(eve)).toMatchObject({ ok: false, error: { code: 'stream.not_found' } })
})

test('a partition that goes while somebody waits for the log costs them a load, never an event', async () => {
  await using world = await startWorld(BY_LOG)
  const { ann, ben, id, psql } = await twoInAGroup(world)
  const token = await ben.position()
  await ann.say(id, 'in the first partition')
  await age(psql)
  await ann.say(id, 'in the second')
  await ben.position()
  await psql.query('begin')
  await psql.query('lock table events in access exclusive mode')
  const back = ben.resume(token)
  const other = await world.session()
  const waits = `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%missed_events%' and datname = current_database()`
  while ((await other.query(waits)).rowCount === 0);
  expect(await drop(psql)).toBe(1)
  await psql.query('commit')
  expect((await back).all('resync')[0]?.data).toEqual({ reason: 'window' })
})

test('a partition that goes while somebody is slow to take what they missed costs them a load, never an event', async () => {
  await using world = await startWorld()
  const { ann, id, psql } = await twoInAGroup(world)
  await psql.query(
    'insert into messages (conversation_id, sender_id, content) select $1, $2, n from generate_series(1, 100) n',
    [id, ann.id],
  )
  const { rows } = await psql.query('select id::int from events where stream_id = $1 order by id', [id])
  await using query = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: createPool(databaseConfig(world.database.url), createLogger('silent')) }),
  })
  const chunks = new MissedEvents({ query } as Db, {} as Positions, 1, 1).read(
    ann.id,
    rows.map((row) => row.id),
  )
  expect((await chunks.next()).value).toHaveLength(64)
  await age(psql)
  await ann.say(id, 'in the second partition')
  expect(await drop(psql)).toBe(1)
  expect(await chunks.next()).toEqual({ done: false, value: 'window' })
})
