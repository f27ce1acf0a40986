// Uploads that will never be attachments. Such a row is marked first: from then on nobody adds to it or makes anything of it,
// so that nobody begins to use the bytes while they are taken away. The bytes go before the row: what is left when one of the
// two fails is found again.
import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import { contentKey, originalKey, partKey } from '../media/keys.js'
import type { Key, Storage } from '../media/storage.js'

/** Removes one with all that it has brought, also while somebody works on it; unless it has become an attachment. */
export async function dropUpload(db: Db, storage: Storage, id: string): Promise<void> {
  await db.write(null, (tx) => tx.updateTable('uploads').set({ removed_at: sql`now()` }).where('id', '=', id).execute())
  await removeMarked(db, storage, sql`u.id = ${id}`, 1)
}

/** When `work` fails, the upload is gone with all that it has brought. @throws whatever `work` throws */
export async function orDropUpload<T>(db: Db, storage: Storage, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // Where that fails too, the sweep finds the row.
    await dropUpload(db, storage, id).catch(() => undefined)
    throw error
  }
}

/** Marks those whose time is over. */
export async function endUploads(db: Db, limit: number): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    update uploads set removed_at = now()
    where id in (
      select id from uploads where removed_at is null and expires_at < now()
      order by expires_at limit ${limit} for update skip locked)`.execute(db.query)
  return Number(numAffectedRows)
}

/** Marks all of one user; those are few. */
export async function endUploadsOf(db: Db, userId: string): Promise<void> {
  await sql`update uploads set removed_at = now() where user_id = ${userId} and removed_at is null`.execute(db.query)
}

/** Takes away what has arrived of the marked ones, and then their rows. */
export function removeEndedUploads(db: Db, storage: Storage, limit: number): Promise<number> {
  return removeMarked(db, storage, sql`true`, limit)
}

type Ended = { id: string; method: string; writer: string | null; parts: { first_byte: number; writer: string }[] }

async function removeMarked(db: Db, storage: Storage, which: ReturnType<typeof sql>, limit: number): Promise<number> {
  const { rows } = await sql<Ended>`
    select u.id, u.method, u.writer,
           (select coalesce(json_agg(json_build_object('first_byte', p.first_byte, 'writer', p.writer)), '[]')
            from upload_parts p where p.upload_id = u.id) as parts
    from uploads u
    where u.removed_at is not null and ${which}
    order by u.removed_at limit ${limit}`.execute(db.query)
  if (rows.length === 0) return 0
  await storage.remove(rows.flatMap(objectsOf))
  const ids = rows.map(({ id }) => id)
  const forget = sql`delete from uploads where id = any(${ids}::uuid[]) and removed_at is not null`
  await db.write(null, (tx) => forget.execute(tx))
  return rows.length
}

function objectsOf({ id, method, writer, parts }: Ended): Key[] {
  return [
    originalKey(id),
    ...(writer === null ? [] : [originalKey(writer)]),
    ...(method === 'signed' ? [contentKey(id)] : []),
    ...parts.map((part) => partKey(id, part)),
  ]
}
