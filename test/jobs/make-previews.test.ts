// The job of previews when it is done twice at once, or ends with its node each time.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { Doorbell } from '../../src/db/doorbell.js'
import { createPool, type Pool } from '../../src/db/pool.js'
import { settleGivenUp } from '../../src/jobs/given-up.js'
import { makePreviewsJob } from '../../src/jobs/make-previews.js'
import { DiskStorage } from '../../src/media/disk-storage.js'
import type { Media } from '../../src/media/media.js'
import type { Storage } from '../../src/media/storage.js'
import { createLogger } from '../../src/observe.js'
import type { Person } from '../support/person.js'
import { jpeg } from '../support/pictures.js'
import { databaseConfig } from '../support/test-server.js'
import { startWorld, type World } from '../support/world.js'

const logger = createLogger('fatal')

let world: World
let pool: Pool
let db: Database
let alice: Person
let bob: Person
let home: string
beforeAll(async () => {
  // No jobs but those that these tests do.
  world = await startWorld({ JOBS: '0' })
  pool = createPool(databaseConfig(world.database.url), logger)
  db = new Database(pool, new Doorbell(pool, logger, () => undefined))
  ;[alice, bob] = await world.people('alice', 'bob')
  home = (await world.group(alice, bob)).id
})
afterAll(async () => {
  await pool.end()
  await world[Symbol.asyncDispose]()
})

/** A storage where nobody writes before `count` want to. */
function meeting(count: number): Storage {
  const storage = new DiskStorage({ dir: world.uploads })
  let arrived = 0
  let open = () => {}
  const all = new Promise<void>((resolve) => {
    open = resolve
  })
  const put = storage.put.bind(storage)
  storage.put = async (...args) => {
    if (++arrived >= count) open()
    await all
    return put(...args)
  }
  return storage
}
const services = (storage: Storage) => ({
  db,
  logger,
  media: { storage, dir: world.uploads, programs: {} } as unknown as Media,
})

test('previews that two make at the same time are there when both are done', async () => {
  const photo = await alice.upload('photo.jpg', await jpeg())
  const job = services(meeting(2))
  await Promise.all([1, 2].map(() => makePreviewsJob(job, { blob_id: photo.id }, false)))
  const { attachments } = await alice.say(home, '', { attachment_ids: [photo.id] })
  const { state, variants } = attachments[0]
  expect(state).toBe('ready')
  expect(variants.map(({ name }: { name: string }) => name)).toContain('thumbnail')
  for (const { name } of variants) {
    expect((await alice.download(`${photo.url}?variant=${name}`)).status).toBe(200)
  }
})

test('a file whose job was given up with its node has failed for everyone; one whose job is still to come waits', async () => {
  const psql = await world.session()
  const [lost, working, waiting] = [
    await alice.upload('lost.jpg', await jpeg()),
    await alice.upload('working.jpg', await jpeg()),
    await alice.upload('waiting.jpg', await jpeg()),
  ]
  const { id } = await alice.say(home, '', { attachment_ids: [lost.id, working.id, waiting.id] })
  const ear = await bob.connect()
  const at = (file: { id: string }, left: number, lockedBy: string | null) =>
    psql.query(
      `update graphile_worker._private_jobs set attempts = max_attempts - $2, locked_by = $3, locked_at = case when $3::text is not null then now() end
       where payload ->> 'blob_id' = $1`,
      [file.id, left, lockedBy],
    )
  await at(lost, 0, null)
  await at(working, 0, 'somebody')
  await at(waiting, 1, null)
  expect(await settleGivenUp(db)).toBe(1)
  const [heard] = await ear.heard('attachment.ready', 1)
  const states = (attachments: { state: string }[]) => attachments.map(({ state }) => state)
  expect(states(heard?.data.attachments)).toEqual(['failed', 'processing', 'processing'])
  expect(states((await bob.get(`/messages/${id}`)).attachments)).toEqual(['failed', 'processing', 'processing'])
  expect(await settleGivenUp(db)).toBe(0)
  const { rows } = await psql.query(`select from graphile_worker._private_jobs where payload ->> 'blob_id' = any($1)`, [
    [lost.id, working.id, waiting.id],
  ])
  expect(rows).toHaveLength(2)
})
