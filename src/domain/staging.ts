// Uploads whose bytes are here before they become an attachment: the row that says so, who works on it, and the objects
// below staging/<upload>/. Those are removed with the row; what a crash leaves without one is found by sweepStaging().
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Db } from '../db/database.js'
import { contentKey, ownerOf, partKey } from '../media/keys.js'
import type { Media } from '../media/media.js'
import type { Key, Storage } from '../media/storage.js'
import { UUID } from './pages.js'

/** A node that takes an upload in says so again and again; one that died is silent for so long. */
export const LEASE_S = 30
/** Objects that sweepStaging() looks up at a time. */
const BATCH = 100

export type StagedUpload = {
  id: string
  method: 'signed' | 'resumable'
  conversation_id: string | null
  filename: string | null
  mime_type: string | null
  size: number
  sha256: Buffer | null
  is_voice: boolean
  keep_metadata: boolean
  /** As the client has spelled it. */
  metadata: string | null
  received: number
  parts: number
  expires_at: Date
}

/** One of the actor's own that is still open. @throws AppError upload.not_found, .expired */
export async function requireUpload(
  db: Db,
  actor: Actor,
  id: string,
  methods: StagedUpload['method'][],
): Promise<StagedUpload> {
  const row = await db.query
    .selectFrom('uploads')
    .select(['id', 'method', 'conversation_id', 'filename', 'mime_type', 'size', 'sha256', 'is_voice', 'keep_metadata'])
    .select(['metadata', 'received', 'parts', 'expires_at', sql<boolean>`expires_at <= now()`.as('is_over')])
    .where('id', '=', id)
    .where('user_id', '=', actor.user_id)
    .where('method', 'in', methods)
    .where('removed_at', 'is', null)
    .$castTo<StagedUpload & { is_over: boolean }>()
    .executeTakeFirst()
  if (!row) throw new AppError('upload.not_found')
  if (row.is_over) throw new AppError('upload.expired')
  return row
}

/**
 * Takes the place of whoever works on it, whose place is answered, but not of one who takes it in. With `lease_s` the new
 * one does that, for so long.
 * @throws AppError upload.locked
 */
export async function claimUpload(db: Db, id: string, lease_s = 0): Promise<{ writer: string; former: string | null }> {
  const writer = randomUUID()
  const claim = sql<{ former: string | null }>`
    update uploads set writer = ${writer}, busy_until = now() + ${lease_s} * interval '1 second'
    from (
      select id, writer from uploads
      where id = ${id} and removed_at is null and coalesce(busy_until, '-infinity') <= now()
      for update
    ) as open
    where uploads.id = open.id
    returning open.writer as former`
  const { rows } = await db.write(null, (tx) => claim.execute(tx))
  if (!rows[0]) throw new AppError('upload.locked', { retry_after_s: 1 })
  return { writer, former: rows[0].former }
}

/** Says again that it is being taken in, or with 0 that it is no longer. */
export async function renewLease(db: Db, id: string, writer: string, lease_s: number): Promise<void> {
  await db.write(null, (tx) =>
    tx
      .updateTable('uploads')
      .set({ busy_until: sql`now() + ${lease_s} * interval '1 second'` })
      .where('id', '=', id)
      .where('writer', '=', writer)
      .execute(),
  )
}

/** True when the part is the next one and its writer is still the one who works on the upload. */
export async function addPart(
  db: Db,
  id: string,
  part: { first_byte: number; size: number; writer: string },
): Promise<boolean> {
  const { first_byte, size, writer } = part
  const add = sql`
    with moved as (
      update uploads set received = received + ${size}, parts = parts + 1
      where id = ${id} and writer = ${writer} and received = ${first_byte} and removed_at is null
      returning id
    )
    insert into upload_parts (upload_id, first_byte, size, writer)
    select id, ${first_byte}, ${size}, ${writer} from moved`
  const { numAffectedRows } = await db.write(null, (tx) => add.execute(tx))
  return numAffectedRows === 1n
}

/** In their order. Bounded by HARD.upload_broken_parts and the size of the upload. */
export async function stagedKeys(db: Db, upload: { id: string; method: string }): Promise<Key[]> {
  if (upload.method !== 'resumable') return [contentKey(upload.id)]
  const parts = await db.query
    .selectFrom('upload_parts')
    .select(['first_byte', 'writer'])
    .where('upload_id', '=', upload.id)
    .orderBy('first_byte')
    .execute()
  return parts.map((part) => partKey(upload.id, part))
}

/** All of it, one object after the other. Whoever stops reading ends it. */
export async function* readStaged(media: Media, keys: Key[]): AsyncGenerator<Uint8Array> {
  for (const key of keys) {
    const stream = await media.storage.get(key)
    if (!stream) throw new AppError('internal', { detail: 'The storage has lost a part of this upload' })
    yield* stream
  }
}

/** The same bytes. @throws AppError upload.mismatch where there are not as many as were announced */
export async function* exactly(upload: StagedUpload, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > upload.size) throw wrongSize(upload)
    yield chunk
  }
  if (size < upload.size) throw wrongSize(upload)
}

export const wrongSize = ({ size }: StagedUpload) =>
  new AppError('upload.mismatch', { detail: `It must have ${size} bytes` })

/**
 * Removes staged objects that no upload has: of a node that died in between, or put by a signed address after its upload
 * was complete. Those younger than `age_ms` may be about to get their row.
 */
export async function sweepStaging(db: Db, storage: Storage, age_ms: number, now = Date.now()): Promise<number> {
  let removed = 0
  let batch: Key[] = []
  const sweep = async () => {
    const orphans = await findOrphans(db, batch)
    await storage.remove(orphans)
    removed += orphans.length
    batch = []
  }
  for await (const { key, modified_at } of storage.list('staging')) {
    if (now - modified_at.getTime() < age_ms || !UUID.test(ownerOf(key))) continue
    batch.push(key)
    if (batch.length === BATCH) await sweep()
  }
  if (batch.length > 0) await sweep()
  return removed
}

async function findOrphans(db: Db, keys: Key[]): Promise<Key[]> {
  const ids = keys.map(ownerOf)
  const { rows } = await sql<{ key: Key }>`
    select o.key from unnest(${keys}::text[], ${ids}::uuid[]) as o (key, id)
    where not exists (select from uploads u where u.id = o.id and u.method = 'signed')
      and not exists (
        select from upload_parts p
        where p.upload_id = o.id
          and o.key = 'staging/' || o.id || '/' || lpad(p.first_byte::text, 20, '0') || '-' || p.writer
      )`.execute(db.query)
  return rows.map((row) => row.key)
}
