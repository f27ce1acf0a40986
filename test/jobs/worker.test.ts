// The worker of a node when its database goes away, and when it comes back.
import { expect, test } from 'vitest'
import { jpeg } from '../support/pictures.js'
import { openRelay } from '../support/relay.js'
import { startWorld } from '../support/world.js'

test('a database that is away while a job ends ends nothing else, and the job is done when it is back', async () => {
  await using world = await startWorld({ JOBS: '0' })
  const [alice, bob] = await world.people('alice', 'bob')
  const { id: home } = await world.group(alice, bob)
  const psql = await world.session()
  const other = await world.session()
  const file = await alice.upload('photo.jpg', await jpeg())
  await alice.say(home, '', { attachment_ids: [file.id] })
  // The job comes as far as this lock, and no further before its database is gone.
  await other.query('begin')
  await other.query('select from streams where id = $1 for update', [home])
  const relay = await openRelay(world.database.url)
  const node = await world.addNode({ DATABASE_URL: relay.url, JOBS: '1' })
  const isWaiting = async () => {
    const { rows } = await psql.query(
      `select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    )
    return rows[0].waiting
  }
  await expect.poll(isWaiting, { timeout: 20_000 }).toBe(1)
  relay.cut()
  await other.query('rollback')
  await expect.poll(async () => (await fetch(`${node.url}/health`)).status, { timeout: 20_000 }).toBe(503)
  await relay.restore()
  const state = async () => (await bob.get(`/attachments/${file.id}/info`)).state
  await expect.poll(state, { timeout: 25_000 }).toBe('ready')
})
