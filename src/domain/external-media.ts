// Files that another media service keeps. No byte of them comes here and nothing is fetched: what is known is what their
// uploader says.
import { sql } from 'kysely'
import type { Actor } from '../auth/actor.js'
import type { AddExternal, Attachment, UploadStatus } from '../contract/attachments.js'
import { AppError } from '../contract/errors.js'
import { HARD } from '../contract/limits.js'
import type { Db } from '../db/database.js'
import { typeOfMime } from '../media/file-types.js'
import { extensionOf, safeFilename } from '../media/filenames.js'
import { readAttachment, visibleFiles } from './attachments.js'
import { lockMembership } from './membership.js'
import { lockUsage } from './uploads.js'

/** @throws AppError upload.too_many */
export async function addExternal(db: Db, actor: Actor, input: AddExternal): Promise<Attachment> {
  const { media_id, upload_status, mime_type, filename, ...known } = input
  const extension = typeOfMime(mime_type)?.extension ?? (extensionOf(filename) || 'bin')
  const id = await db.write(actor.user_id, async (tx) => {
    await lockUsage(tx, actor)
    const { total } = await tx
      .selectFrom('attachments')
      .select(sql<number>`count(*)::int`.as('total'))
      .where('user_id', '=', actor.user_id)
      .where('external', 'is not', null)
      .where('message_id', 'is', null)
      .where('removed_at', 'is', null)
      .executeTakeFirstOrThrow()
    if (total >= HARD.open_uploads) throw new AppError('upload.too_many')
    const row = await tx
      .insertInto('attachments')
      .values({
        ...known,
        id: sql`uuidv7()`,
        user_id: actor.user_id,
        mime_type,
        filename: safeFilename(filename, extension),
        external: JSON.stringify({ media_id, upload_status }),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return row.id
  })
  return readAttachment(db, actor, id)
}

/**
 * How far that service has come; told to those who see the file.
 * @throws AppError attachment.not_found, conversation.not_found, message.forbidden
 */
export async function updateExternal(db: Db, actor: Actor, id: string, status: UploadStatus): Promise<Attachment> {
  await db.write(actor.user_id, async (tx) => {
    const file = await visibleFiles(tx, actor)
      .select(['a.user_id', 'a.external', 'a.conversation_id'])
      .where('a.id', '=', id)
      .executeTakeFirst()
    if (!file) throw new AppError('attachment.not_found')
    if (file.user_id !== actor.user_id) throw new AppError('message.forbidden')
    if (!file.external) throw new AppError('attachment.not_found', { detail: 'It is kept here' })
    if (file.conversation_id) await lockMembership(tx, actor, file.conversation_id)
    await tx
      .updateTable('attachments')
      .set({ external: sql`jsonb_set(external, '{upload_status}', to_jsonb(${status}::text))` })
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .where(sql<boolean>`external ->> 'upload_status' <> ${status}`)
      .execute()
  })
  return readAttachment(db, actor, id)
}
