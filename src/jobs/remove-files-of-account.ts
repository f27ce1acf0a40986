import { removeFilesOf } from '../domain/attachment-removal.js'
import type { JobServices } from './worker.js'

export async function removeFilesOfAccountJob({ db }: JobServices, { user_id }: { user_id: string }): Promise<void> {
  await removeFilesOf(db, user_id)
}
