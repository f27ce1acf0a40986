import { sql } from 'kysely'
import type { Db } from '../db/database.js'
import type { Previews } from '../media/previews.js'
import { lockConversations } from './streams.js'

type Unfinished = { id: string; mime_type: string }

/** A file whose previews are still to be made; undefined when they are, or it is gone. */
export function findUnfinished(db: Db, blobId: string): Promise<Unfinished | undefined> {
  return db.query
    .selectFrom('blobs')
    .select(['id', 'mime_type'])
    .where('id', '=', blobId)
    .where('state', '=', 'processing')
    .where('removed_at', 'is', null)
    .executeTakeFirst()
}

/**
 * `undefined`: there can be none. Whoever shows the file hears of it. False when nobody needs them: the file is gone
 * meanwhile, or was given up.
 */
export function savePreviews(db: Db, blobId: string, previews: Previews | undefined): Promise<boolean> {
  return db.write(null, async (tx) => {
    // Before the blob: a send holds its stream when it waits for the blob.
    const shown = await tx
      .selectFrom('attachments')
      .select('conversation_id')
      .distinct()
      .where('blob_id', '=', blobId)
      .where('conversation_id', 'is not', null)
      .where('removed_at', 'is', null)
      .$narrowType<{ conversation_id: string }>()
      .execute()
    await lockConversations(
      tx,
      shown.map((row) => row.conversation_id),
    )
    const { waveform, variants = [], ...facts } = previews ?? {}
    const { numUpdatedRows } = await tx
      .updateTable('blobs')
      .set({
        state: previews ? 'ready' : 'failed',
        ...facts,
        ...(waveform && { waveform }),
        variants: sql`${JSON.stringify(variants)}::jsonb`,
      })
      .where('id', '=', blobId)
      .where('state', '=', 'processing')
      .where('removed_at', 'is', null)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows > 0n) return true
    // Whoever did the same at the same time has saved them, in the same places.
    const saved = await tx
      .selectFrom('blobs')
      .select('id')
      .where('id', '=', blobId)
      .where('state', '=', 'ready')
      .where('removed_at', 'is', null)
      .executeTakeFirst()
    return saved !== undefined
  })
}
