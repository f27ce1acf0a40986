// What is said of a file before its bytes, held against the limits at once: nobody should send 100 MB to be refused then.
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { Limits } from '../contract/limits.js'
import type { Db } from '../db/database.js'
import { typeOfMime } from '../media/file-types.js'
import type { Media } from '../media/media.js'
import { requireNothingAgainst, whyNotAttach } from './access.js'
import { beginUpload, kindOf, type NewUpload, readGoal } from './uploads.js'

/** What is known of a file whose bytes come later. */
export type Announced = {
  filename?: string | undefined
  mime_type?: string | undefined
  size: number
  conversation_id?: string | undefined
  voice: boolean
  keep_metadata: boolean
  sha256?: string | undefined
  /** As the client has spelled it. */
  metadata?: string | undefined
}

/** The most bytes that any file may have. */
export function largestFile(limits: Limits): number {
  return Math.max(...Object.values(limits.file_bytes))
}

/**
 * @throws AppError attachment.type_not_allowed, .too_large, .not_allowed_here, .quota_exceeded, upload.too_many,
 *   conversation.not_found, .forbidden, user.blocked
 */
export async function beginAnnounced(
  db: Db,
  media: Media,
  actor: Actor,
  method: NewUpload['method'],
  announced: Announced,
  limits: Limits,
): Promise<{ id: string; expires_at: Date }> {
  const { conversation_id = null, filename, size, mime_type, voice, keep_metadata, sha256, metadata } = announced
  const type = mime_type === undefined ? undefined : typeOfMime(mime_type.toLowerCase())
  if (mime_type !== undefined && !type) throw new AppError('attachment.type_not_allowed')
  const kind = type && kindOf(type, voice)
  const limit = type ? limits.file_bytes[type.class] : largestFile(limits)
  if (size > limit) throw new AppError('attachment.too_large', { detail: `At most ${limit} bytes` })
  const settings = await readGoal(db, actor, conversation_id)
  if (settings) {
    // Without a type only its size can be judged yet.
    const rules = kind ? settings : { ...settings, allowed_file_types: null }
    requireNothingAgainst(whyNotAttach(rules, { kind: kind ?? 'file', size }))
  }
  return beginUpload(
    db,
    media,
    actor,
    {
      method,
      conversation_id,
      is_voice: voice,
      keep_metadata,
      size,
      ...(filename !== undefined && { filename }),
      ...(type && { mime_type: type.mime_type }),
      ...(sha256 !== undefined && { sha256: Buffer.from(sha256, 'hex') }),
      ...(metadata !== undefined && { metadata }),
    },
    limits,
  )
}
