// Takes away what nobody needs any more. Each step may be interrupted anywhere and is simply done again: rows say what has to
// go before it goes, and leave after it has gone. Nothing is locked while the storage is asked.
import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import { keysOfBlob } from '../media/keys.js'
import type { Media } from '../media/media.js'
import { endUploads, removeEndedUploads } from './ended-uploads.js'
import { sweepStaging } from './staging.js'

/** Rows that one transaction takes. */
const BATCH = 500
/** Blobs, each of which is several objects, between two looks at the database. */
const OBJECTS_BATCH = 100
/** What is left then is for the next sweep. */
const ROUNDS = 50

export type SweptMedia = Pick<Media, 'storage' | 'uploadTtlS' | 'graceS'>
export type Swept = {
  unlinked: number
  ended: number
  uploads: number
  staged: number
  attachments: number
  blobs: number
}

/** How much of each has gone. What fails in one step does not keep the others from theirs. @throws whatever failed first */
export async function sweepMedia(db: Db, media: SweptMedia): Promise<Swept> {
  const failures: unknown[] = []
  const repeat = async (step: () => Promise<number>, rounds = ROUNDS): Promise<number> => {
    let total = 0
    try {
      for (let round = 0; round < rounds; round++) {
        const count = await step()
        if (count === 0) break
        total += count
      }
    } catch (error) {
      failures.push(error)
    }
    return total
  }
  const swept = {
    unlinked: await repeat(() => removeUnlinked(db, media.uploadTtlS)),
    ended: await repeat(() => endUploads(db, BATCH)),
    uploads: await repeat(() => removeEndedUploads(db, media.storage, OBJECTS_BATCH)),
    staged: await repeat(() => sweepStaging(db, media.storage, media.uploadTtlS * 1_000), 1),
    attachments: await repeat(() => purgeAttachments(db, media.graceS)),
    blobs: await repeat(() => purgeBlobs(db, media)),
  }
  if (failures.length > 0) throw failures[0]
  return swept
}

/** Files that no message has taken for as long as they may wait. */
function removeUnlinked(db: Db, ttlS: number): Promise<number> {
  return db.write(null, async (tx) => {
    const { numAffectedRows = 0n } = await sql`
      update attachments set removed_at = now()
      where id in (
        select id from attachments
        where message_id is null and removed_at is null and purpose = 'message'
          and created_at < now() - ${ttlS} * interval '1 second'
        order by created_at limit ${BATCH} for update skip locked)`.execute(tx)
    return Number(numAffectedRows)
  })
}

/**
 * Parts removed attachments from their bytes: whose message is still there leaves its name in it, all others go. Bytes that
 * nothing else uses are then as good as gone.
 */
function purgeAttachments(db: Db, graceS: number): Promise<number> {
  return db.write(null, async (tx) => {
    const { rows: due } = await sql<{ id: string; message_id: string | null }>`
      select a.id, (select m.id from messages m where m.id = a.message_id) as message_id
      from attachments a
      where a.removed_at is not null and (a.blob_id is not null or a.external is not null)
        and a.removed_at < now() - ${graceS} * interval '1 second'
      order by a.removed_at limit ${BATCH}`.execute(tx)
    const messageIds = due.flatMap(({ message_id }) => message_id ?? [])
    // Messages before attachments, as whoever deletes one does. One that is being changed just now is for the next time.
    const { rows: messages } = await sql<{ id: string; deleted: boolean }>`
      select id, deleted_at is not null as deleted from messages where id = any(${messageIds}::uuid[])
      order by id for share skip locked`.execute(tx)
    const isDeleted = new Map(messages.map((message) => [message.id, message.deleted]))
    const named = due.filter(({ message_id }) => message_id !== null && isDeleted.get(message_id) === false)
    const gone = due.filter(({ message_id }) => message_id === null || isDeleted.get(message_id) === true)
    const purged = await sql<{ id: string; blob_id: string | null }>`
      select id, blob_id from attachments
      where id = any(${[...named, ...gone].map(({ id }) => id)}::uuid[]) and (blob_id is not null or external is not null)
      order by id for update`.execute(tx)
    await sql`update attachments set blob_id = null, external = null
      where id = any(${named.map(({ id }) => id)}::uuid[])`.execute(tx)
    await sql`delete from attachments where id = any(${gone.map(({ id }) => id)}::uuid[])`.execute(tx)
    // Whoever is about to use these bytes once more holds them: waited for here, and looked for by the next statement, which
    // sees what has come of it. Whoever comes later waits for us and finds them removed.
    const blobIds = [...new Set(purged.rows.flatMap(({ blob_id }) => blob_id ?? []))]
    await sql`select from blobs where id = any(${blobIds}::uuid[]) order by id for update`.execute(tx)
    await sql`update blobs b set removed_at = now()
      where b.id = any(${blobIds}::uuid[]) and b.removed_at is null
        and not exists (select from attachments a where a.blob_id = b.id offset 0)`.execute(tx)
    return purged.rows.length
  })
}

/** While previews of a file are being made, they could come after its end; so that is waited for, but not for ever. */
async function purgeBlobs(db: Db, { storage, uploadTtlS }: SweptMedia): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select id from blobs
    where removed_at is not null
      and (state <> 'processing' or removed_at < now() - ${uploadTtlS} * interval '1 second')
    order by removed_at limit ${OBJECTS_BATCH}`.execute(db.query)
  if (rows.length === 0) return 0
  const ids = rows.map(({ id }) => id)
  await storage.remove(ids.flatMap(keysOfBlob))
  await sql`delete from blobs where id = any(${ids}::uuid[]) and removed_at is not null`.execute(db.query)
  return rows.length
}
