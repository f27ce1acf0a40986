// Files that come in a form, each made an attachment while it arrives.
import type { Actor } from '../auth/actor.js'
import type { Attachment } from '../contract/attachments.js'
import { AppError } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import type { CaptionFields, CaptionOptions, UploadOptions } from '../contract/uploads.js'
import type { Db } from '../db/database.js'
import type { Media } from '../media/media.js'
import type { FormFile, TakeFile } from '../media/multipart.js'
import { discardAttachments, readAttachment } from './attachments.js'
import { orDropUpload } from './ended-uploads.js'
import type { Sends, Sent } from './sends.js'
import { beginUpload, type Incoming, makeAttachment, type Room, readGoal } from './uploads.js'

/** Hands over each file of a form, and answers what was written beside them. */
type ReadForm<Fields> = (take: TakeFile) => Promise<Fields>

/**
 * Files and their caption as one message. It is all or nothing: when one file is refused, none of them stays.
 * @throws AppError those of uploadFile() and Sends.send()
 */
export async function sendFiles(
  db: Db,
  sends: Sends,
  media: Media,
  actor: Actor,
  conversationId: string,
  given: CaptionOptions,
  readForm: ReadForm<CaptionFields>,
  limits: Limits,
): Promise<Sent> {
  const ids: string[] = []
  const options = { ...given, conversation_id: conversationId }
  let sent: Sent | undefined
  try {
    const caption = await readForm(async (file) => {
      const { id } = await uploadFile(db, media, actor, file, options, limits)
      ids.push(id)
    })
    const { metadata = {}, ...rest } = caption
    sent = await sends.send(actor, conversationId, { ...rest, metadata, attachment_ids: ids })
    return sent
  } finally {
    // Of a repeat, too: the first message has files of its own.
    if (!sent?.created && ids.length > 0) await db.write(actor.user_id, (tx) => discardAttachments(tx, actor, ids))
  }
}

/**
 * The one file of a form that is read to its end.
 * @throws AppError those of uploadFile() and of the form
 */
export async function uploadForm(
  db: Db,
  media: Media,
  actor: Actor,
  options: UploadOptions,
  readForm: ReadForm<unknown>,
  limits: Limits,
): Promise<Attachment> {
  const stored: Attachment[] = []
  let isWhole = false
  try {
    await readForm(async (file) => {
      stored.push(await uploadFile(db, media, actor, file, options, limits))
    })
    isWhole = true
  } finally {
    const ids = stored.map(({ id }) => id)
    if (!isWhole && ids.length > 0) await db.write(actor.user_id, (tx) => discardAttachments(tx, actor, ids))
  }
  const [attachment] = stored
  if (!attachment) throw new AppError('upload.malformed')
  return attachment
}

/**
 * One file, stored while it arrives.
 * @throws AppError those of readGoal(), beginUpload() and takeIn()
 */
async function uploadFile(
  db: Db,
  media: Media,
  actor: Actor,
  file: FormFile,
  options: UploadOptions,
  limits: Limits,
): Promise<Attachment> {
  const { conversation_id = null, voice, keep_metadata, sha256 } = options
  const settings = await readGoal(db, actor, conversation_id)
  const upload = { conversation_id, is_voice: voice, keep_metadata }
  const { id, bytes_left } = await beginUpload(db, media, actor, { method: 'multipart', ...upload }, limits)
  return takeIn(db, media, actor, { id, sha256, ...upload, ...file }, { limits, settings, bytes_left })
}

/**
 * Makes an attachment of what arrives. When that fails, the upload is gone with all that it had brought.
 * @throws AppError those of makeAttachment()
 */
export async function takeIn(db: Db, media: Media, actor: Actor, incoming: Incoming, room: Room): Promise<Attachment> {
  await orDropUpload(db, media.storage, incoming.id, () => makeAttachment(db, media, actor, incoming, room))
  return readAttachment(db, actor, incoming.id)
}
