// Uploads that will never be attachments. Such a row is marked first: from then on saveFile() refuses it, so that nobody begins
// to use the bytes while they are taken away.
import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import { originalKey } from '../media/previews.js'
import type { Key, Storage } from '../media/storage.js'

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
export async function removeEndedUploads(db: Db, storage: Storage, limit: number): Promise<number> {
  const { rows } = await sql<{ id: string; parts: number[] }>`
    select u.id, array(select p.first_byte from upload_parts p where p.upload_id = u.id) as parts
    from uploads u
    where u.removed_at is not null
    order by u.removed_at limit ${limit}`.execute(db.query)
  if (rows.length === 0) return 0
  const staged = rows.flatMap(({ id, parts }) => parts.map((first): Key => `staging/${id}/${first}`))
  await storage.remove([...rows.map(({ id }) => originalKey(id)), ...staged])
  await sql`delete from uploads where id = any(${rows.map(({ id }) => id)}::uuid[]) and removed_at is not null`.execute(
    db.query,
  )
  return rows.length
}
