// What nobody needs any more goes, what somebody needs stays; also when both happen at the same time.
import type pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readConfig } from '../../src/config.js'
import { Database } from '../../src/db/database.js'
import { Doorbell } from '../../src/db/doorbell.js'
import { createPool, type Pool } from '../../src/db/pool.js'
import { removeFilesOf } from '../../src/domain/attachment-removal.js'
import { takeIn } from '../../src/domain/form-uploads.js'
import { type SweptMedia, sweepMedia } from '../../src/domain/media-sweep.js'
import { beginUpload } from '../../src/domain/uploads.js'
import { DiskStorage } from '../../src/media/disk-storage.js'
import { partKey } from '../../src/media/keys.js'
import type { Media } from '../../src/media/media.js'
import type { Key } from '../../src/media/storage.js'
import { createLogger } from '../../src/observe.js'
import type { Person } from '../support/person.js'
import { databaseConfig } from '../support/test-server.js'
import { startWorld, type World } from '../support/world.js'

const logger = createLogger('fatal')
const { limits } = readConfig({})

let world: World
let psql: pg.Client
let pool: Pool
let db: Database
let media: SweptMedia
let alice: Person
let bob: Person
let home: string
beforeAll(async () => {
  // No jobs: the sweep is what these tests call.
  world = await startWorld({ JOBS: '0' })
  psql = await world.session()
  pool = createPool(databaseConfig(world.database.url), logger)
  db = new Database(pool, new Doorbell(pool, logger, () => undefined))
  media = { storage: new DiskStorage({ dir: world.uploads }), uploadTtlS: 86_400, graceS: 604_800 }
  ;[alice, bob] = await world.people('alice', 'bob')
  home = (await world.group(alice, bob)).id
})
afterAll(async () => {
  await pool.end()
  await world[Symbol.asyncDispose]()
})

const original = (id: string): Key => `media/${id}/original`
const isStored = async (id: string) => (await media.storage.size(original(id))) !== undefined
const sweep = () => sweepMedia(db, media)
/** As if it had been removed long ago. */
const ageRemoval = (id: string, age = '8 days') =>
  psql.query(`update attachments set removed_at = now() - $2::interval where id = $1`, [id, age])
const rowsOf = async (id: string) => {
  const { rows } = await psql.query(
    `select (select count(*)::int from attachments where id = $1) as attachments,
       (select count(*)::int from blobs where id = $1) as blobs, (select count(*)::int from uploads where id = $1) as uploads`,
    [id],
  )
  return rows[0]
}
const bytesUsedBy = async ({ id }: Person) => {
  const { rows } = await psql.query('select bytes::int from media_usage where user_id = $1', [id])
  return rows[0]?.bytes
}
const isWaiting = (count: number) =>
  vi.waitFor(async () => {
    const { rows } = await psql.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    expect(rows[0].n).toBe(count)
  })
const actor = () => ({ user_id: alice.id, session_id: alice.sessionId })
const upload = { method: 'multipart', conversation_id: null, is_voice: false, keep_metadata: false } as const
/** The media of a node, as far as a text needs it. */
const nodeMedia = () => media as Media
const arriving = (id: string, bytes: AsyncIterable<Uint8Array>) =>
  takeIn(
    db,
    nodeMedia(),
    actor(),
    { id, filename: 'notes.txt', bytes, is_voice: false, keep_metadata: false },
    { limits, settings: undefined, bytes_left: 1_000_000 },
  )
async function* chunks(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}

test('a file that no message takes goes after a day, and its bytes count no longer; a younger or linked one stays', async () => {
  const before = await bytesUsedBy(alice)
  const [old, young, linked] = [
    await alice.upload('old.txt', 'old'),
    await alice.upload('young.txt', 'young'),
    await alice.upload('linked.txt', 'linked'),
  ]
  await alice.say(home, '', { attachment_ids: [linked.id] })
  await psql.query(`update attachments set created_at = now() - interval '25 hours' where id = any($1)`, [
    [old.id, linked.id],
  ])
  await psql.query(`update attachments set created_at = now() - interval '23 hours' where id = $1`, [young.id])
  expect(await sweep()).toMatchObject({ unlinked: 1, attachments: 0, blobs: 0 })
  expect((await alice.download(old.url)).problem?.code).toBe('attachment.not_found')
  expect((await alice.download(young.url)).status).toBe(200)
  expect((await bob.download(linked.url)).status).toBe(200)
  expect(await bytesUsedBy(alice)).toBe((before ?? 0) + 'young'.length + 'linked'.length)
  expect(await isStored(old.id)).toBe(true)
})

test('the bytes of a removed file are kept for the grace, then only its name is left in the message', async () => {
  const file = await alice.upload('plans.txt', 'the plans')
  const { id } = await alice.say(home, 'see', { attachment_ids: [file.id] })
  await alice.delete(`/attachments/${file.id}`)
  await ageRemoval(file.id, '6 days')
  expect(await sweep()).toMatchObject({ attachments: 0, blobs: 0 })
  expect(await isStored(file.id)).toBe(true)

  await ageRemoval(file.id)
  expect(await sweep()).toMatchObject({ attachments: 1, blobs: 1 })
  expect(await isStored(file.id)).toBe(false)
  expect(await rowsOf(file.id)).toEqual({ attachments: 1, blobs: 0, uploads: 0 })
  const { attachments } = await bob.get(`/messages/${id}`)
  expect(attachments).toMatchObject([{ filename: 'plans.txt', state: 'removed', url: null, sha256: null }])
  expect(await sweep()).toMatchObject({ attachments: 0, blobs: 0 })

  await alice.delete(`/messages/${id}`)
  expect(await rowsOf(file.id)).toEqual({ attachments: 0, blobs: 0, uploads: 0 })
})

test('of a deleted message nothing is left after the grace', async () => {
  const file = await alice.upload('secret.txt', 'the secret')
  const { id } = await alice.say(home, '', { attachment_ids: [file.id] })
  await alice.delete(`/messages/${id}`)
  await sweep()
  expect(await isStored(file.id)).toBe(true)
  await ageRemoval(file.id)
  await sweep()
  expect(await isStored(file.id)).toBe(false)
  expect(await rowsOf(file.id)).toEqual({ attachments: 0, blobs: 0, uploads: 0 })
})

test('a message that is being changed keeps its removed files until the next sweep', async () => {
  const file = await alice.upload('held.txt', 'held')
  const { id } = await alice.say(home, '', { attachment_ids: [file.id] })
  await alice.delete(`/attachments/${file.id}`)
  await ageRemoval(file.id)
  const other = await world.session()
  await other.query('begin')
  await other.query('select from messages where id = $1 for update', [id])
  expect(await sweep()).toMatchObject({ attachments: 0 })
  await other.query('rollback')
  expect(await sweep()).toMatchObject({ attachments: 1 })
})

test('bytes that another file has too stay until that one goes as well', async () => {
  const first = await alice.upload('one.txt', 'the same')
  const second = await alice.upload('two.txt', 'the same')
  const psqlBlobs = await psql.query('select distinct blob_id from attachments where id = any($1)', [
    [first.id, second.id],
  ])
  expect(psqlBlobs.rows).toEqual([{ blob_id: first.id }])
  await alice.delete(`/attachments/${first.id}`)
  await ageRemoval(first.id)
  expect(await sweep()).toMatchObject({ attachments: 1, blobs: 0 })
  expect((await alice.download(second.url)).bytes.toString()).toBe('the same')
  await alice.delete(`/attachments/${second.id}`)
  await ageRemoval(second.id)
  expect(await sweep()).toMatchObject({ attachments: 1, blobs: 1 })
  expect(await isStored(first.id)).toBe(false)
})

test('previews that may still come are waited for, but not for ever', async () => {
  const file = await alice.upload('slow.txt', 'slow')
  await psql.query(`update blobs set state = 'processing' where id = $1`, [file.id])
  await alice.delete(`/attachments/${file.id}`)
  await ageRemoval(file.id)
  expect(await sweep()).toMatchObject({ attachments: 1, blobs: 0 })
  expect(await isStored(file.id)).toBe(true)
  await psql.query(`update blobs set removed_at = now() - interval '25 hours' where id = $1`, [file.id])
  expect(await sweep()).toMatchObject({ blobs: 1 })
  expect(await isStored(file.id)).toBe(false)
})

test('an upload that has expired goes with everything that had arrived, and no other does', async () => {
  const [old, fresh] = await Promise.all([1, 2].map(() => beginUpload(db, nodeMedia(), actor(), upload, limits)))
  const put = (key: Key) => media.storage.put(key, chunks('part'), { mime_type: 'text/plain' })
  for (const { id } of [old, fresh] as { id: string }[]) {
    await put(original(id))
    for (const first_byte of [0, 4]) {
      const part = { first_byte, writer: crypto.randomUUID() }
      await put(partKey(id, part))
      await psql.query('insert into upload_parts (upload_id, first_byte, size, writer) values ($1, $2, 4, $3)', [
        id,
        first_byte,
        part.writer,
      ])
    }
  }
  await psql.query(`update uploads set expires_at = now() - interval '1 second' where id = $1`, [old?.id])
  expect(await sweep()).toMatchObject({ ended: 1, uploads: 1 })
  const left: string[] = []
  for (const area of ['media', 'staging']) for await (const { key } of media.storage.list(area)) left.push(key)
  expect(left.filter((key) => key.includes(old?.id ?? '-'))).toEqual([])
  expect(left.filter((key) => key.includes(fresh?.id ?? '-'))).toHaveLength(3)
  expect((await rowsOf(old?.id ?? '')).uploads).toBe(0)
  expect((await rowsOf(fresh?.id ?? '')).uploads).toBe(1)
})

test('an upload that expires while it arrives fails and leaves nothing, whether the sweep was done or only begun', async () => {
  const done = await beginUpload(db, nodeMedia(), actor(), upload, limits)
  const late = arriving(
    done.id,
    (async function* () {
      yield Buffer.from('some ')
      await psql.query(`update uploads set expires_at = now() - interval '1 second' where id = $1`, [done.id])
      expect(await sweep()).toMatchObject({ uploads: 1 })
      yield Buffer.from('more')
    })(),
  )
  await expect(late).rejects.toMatchObject({ code: 'upload.not_found' })
  expect(await isStored(done.id)).toBe(false)

  const begun = await beginUpload(db, nodeMedia(), actor(), upload, limits)
  await psql.query('update uploads set removed_at = now() where id = $1', [begun.id])
  await expect(arriving(begun.id, chunks('a text'))).rejects.toMatchObject({ code: 'upload.not_found' })
  expect(await isStored(begun.id)).toBe(false)
  for (const { id } of [done, begun]) expect(await rowsOf(id)).toEqual({ attachments: 0, blobs: 0, uploads: 0 })
})

test('the same file again, just before its bytes would go, keeps them', async () => {
  const first = await alice.upload('kept.txt', 'wanted again')
  await alice.delete(`/attachments/${first.id}`)
  await ageRemoval(first.id)
  const again = await beginUpload(db, nodeMedia(), actor(), upload, limits)
  const other = await world.session()
  await other.query('begin')
  await other.query('select from media_usage where user_id = $1 for update', [alice.id])
  // It has found the blob and holds it, and waits for its place in the quota.
  const arrival = arriving(again.id, chunks('wanted again'))
  await isWaiting(1)
  const swept = sweep()
  await isWaiting(2)
  await other.query('rollback')
  await arrival
  expect(await swept).toMatchObject({ attachments: 1, blobs: 0 })
  await sweep()
  expect((await alice.download(`/attachments/${again.id}`)).bytes.toString()).toBe('wanted again')
  expect((await rowsOf(first.id)).blobs).toBe(1)
})

test('the same file again, just after its bytes were given up, has bytes of its own', async () => {
  const first = await alice.upload('gone.txt', 'too late')
  const second = await alice.upload('stall.txt', 'what stalls the sweep')
  for (const { id } of [first, second]) {
    await alice.delete(`/attachments/${id}`)
    await ageRemoval(id)
  }
  const again = await beginUpload(db, nodeMedia(), actor(), upload, limits)
  const other = await world.session()
  await other.query('begin')
  await other.query('select from blobs where id = $1 for share', [second.id])
  // It holds the first blob, and waits for the second.
  const swept = sweep()
  await isWaiting(1)
  const arrival = arriving(again.id, chunks('too late'))
  await isWaiting(2)
  await other.query('rollback')
  expect(await swept).toMatchObject({ attachments: 2, blobs: 2 })
  await arrival
  await sweep()
  expect(await isStored(first.id)).toBe(false)
  expect((await alice.download(`/attachments/${again.id}`)).bytes.toString()).toBe('too late')
  expect(await rowsOf(again.id)).toEqual({ attachments: 1, blobs: 1, uploads: 0 })
})

test('a storage that fails keeps the rows, and the next sweep ends what was begun', async () => {
  const file = await alice.upload('stuck.txt', 'stuck')
  await alice.delete(`/attachments/${file.id}`)
  await ageRemoval(file.id)
  const broken = Object.assign(new DiskStorage({ dir: world.uploads }), {
    remove: () => Promise.reject(new Error('no disk')),
  })
  await expect(sweepMedia(db, { ...media, storage: broken })).rejects.toThrow('no disk')
  expect(await rowsOf(file.id)).toMatchObject({ attachments: 0, blobs: 1 })
  expect(await isStored(file.id)).toBe(true)
  expect(await sweep()).toMatchObject({ blobs: 1 })
  expect(await isStored(file.id)).toBe(false)
})

test('more than one transaction takes goes in several', async () => {
  const [carol, dave] = await world.people('carol', 'dave')
  for (const { id } of [carol, dave]) {
    await psql.query(
      `insert into attachments (id, external, user_id, kind, mime_type, filename, size, created_at)
       select gen_random_uuid(), '{"media_id": "m", "upload_status": "pending"}', $1, 'file', 'text/plain', 'a.txt', 1,
         now() - interval '2 days'
       from generate_series(1, 1100)`,
      [id],
    )
  }
  const left = async () => {
    const { rows } = await psql.query(
      `select count(*) filter (where user_id = $1)::int as carol, count(*) filter (where user_id = $2)::int as dave
       from attachments where removed_at is null`,
      [carol.id, dave.id],
    )
    return rows[0]
  }
  await removeFilesOf(db, carol.id)
  expect(await left()).toEqual({ carol: 0, dave: 1100 })
  expect(await sweep()).toMatchObject({ unlinked: 1100, attachments: 0 })
  expect(await left()).toEqual({ carol: 0, dave: 0 })
  await psql.query(`update attachments set removed_at = now() - interval '8 days' where user_id = any($1)`, [
    [carol.id, dave.id],
  ])
  expect(await sweep()).toMatchObject({ unlinked: 0, attachments: 2200 })
})
