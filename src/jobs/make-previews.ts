import { AppError } from '../contract/errors.js'
import { findUnfinished, savePreviews } from '../domain/previews.js'
import { variantKey } from '../media/keys.js'
import { makePreviews, type Previews } from '../media/previews.js'
import type { JobServices } from './worker.js'

/** When it is given up, the file itself stays as good as it was. */
export async function makePreviewsJob(
  { db, media, logger }: JobServices,
  { blob_id }: { blob_id: string },
  last: boolean,
): Promise<void> {
  const blob = await findUnfinished(db, blob_id)
  if (!blob) return
  let previews: Previews | undefined
  try {
    previews = await makePreviews(media, blob)
  } catch (error) {
    // What lies in the file stays so, however often it is tried.
    if (!(error instanceof AppError) && !last) throw error
    logger.warn({ err: error, blob_id }, 'a file has no previews')
  }
  const isSaved = await savePreviews(db, blob_id, previews)
  if (!isSaved) await media.storage.remove((previews?.variants ?? []).map(({ name }) => variantKey(blob_id, name)))
}
