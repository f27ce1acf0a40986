import type { JobServices } from './worker.js'
export async function makePreviews({ db }: JobServices, { blob_id }: { blob_id: string }): Promise<void> {
  await db.query.updateTable('blobs').set({ state: 'ready' }).where('id', '=', blob_id).execute()
}
