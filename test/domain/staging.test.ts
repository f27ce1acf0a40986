// What is staged and has no upload any more.
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Database } from '../../src/db/database.js'
import { Doorbell } from '../../src/db/doorbell.js'
import { dropUpload } from '../../src/domain/ended-uploads.js'
import { sweepStaging } from '../../src/domain/staging.js'
import { DiskStorage } from '../../src/media/disk-storage.js'
import type { Media } from '../../src/media/media.js'
import type { Key } from '../../src/media/storage.js'
import { createLogger } from '../../src/observe.js'
import type { Person } from '../support/person.js'
import { append, begun, filesIn } from '../support/uploading.js'
import { startWorld, type World } from '../support/world.js'

let world: World
let alice: Person
let pool: pg.Pool
let db: Database
let media: Media
beforeAll(async () => {
  world = await startWorld()
  alice = await world.person('alice')
  pool = new pg.Pool({ connectionString: world.database.url, max: 2 })
  db = new Database(pool, new Doorbell(pool, createLogger('silent'), () => undefined))
  media = { storage: new DiskStorage({ dir: world.uploads }) } as unknown as Media
})
afterAll(async () => {
  await pool.end()
  await world[Symbol.asyncDispose]()
})

const stage = (key: Key) =>
  media.storage.put(
    key,
    (async function* () {
      yield Buffer.from('left')
    })(),
    { mime_type: 'text/plain' },
  )

test('what no upload has any more is swept, once it is old enough, and nothing else', async () => {
  const id = await begun(alice, 8)
  await append(alice, id, 0, 'half')
  const signed = await alice.post('/uploads/sign', { filename: 'a.txt', mime_type: 'text/plain', size: 4 })
  const { url, headers } = signed
  expect((await alice.ask('PUT', url, 'four', headers)).status).toBe(204)
  const kept = await filesIn(world, 'staging')
  expect(kept).toHaveLength(2)
  const orphans: Key[] = [
    `staging/${randomUUID()}/content`,
    `staging/${randomUUID()}/${'0'.repeat(20)}-${randomUUID()}`,
    // Of one who was overtaken, beside a part of the same upload.
    `staging/${id}/${'0'.repeat(20)}-${randomUUID()}`,
  ]
  for (const key of orphans) await stage(key)
  await stage('staging/not-ours/content')
  expect(await sweepStaging(db, media.storage, 60_000)).toBe(0)
  expect(await sweepStaging(db, media.storage, 60_000, Date.now() + 120_000)).toBe(3)
  expect((await filesIn(world, 'staging')).sort()).toEqual([...kept, expect.stringContaining('not-ours')].sort())
  await media.storage.remove(['staging/not-ours/content'])
  for (const upload of [id, signed.attachment_id]) await dropUpload(db, media.storage, upload)
  expect(await filesIn(world, 'staging')).toEqual([])
  const { rows } = await pool.query('select from uploads')
  expect(rows).toEqual([])
})
