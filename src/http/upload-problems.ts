// Why a file may be refused, by what looks at it.
import type { ErrorCode } from '../contract/errors.js'

/** Where it is meant to go: readGoal(). */
const GOAL = ['conversation.not_found', 'conversation.forbidden', 'user.blocked'] as const satisfies ErrorCode[]

/** What is said of it before its bytes: beginAnnounced(). */
export const ANNOUNCED_PROBLEMS = [
  'upload.too_many',
  'attachment.type_not_allowed',
  'attachment.too_large',
  'attachment.quota_exceeded',
  'attachment.not_allowed_here',
  ...GOAL,
] as const satisfies ErrorCode[]

/** Its form: readForm(). */
export const FORM_PROBLEMS = [
  'upload.malformed',
  'upload.stalled',
  'request.too_large',
  'request.unsupported_media_type',
] as const satisfies ErrorCode[]

/** The file itself, on its way to its goal: makeAttachment(). */
export const FILE_PROBLEMS = [
  'upload.not_found',
  'upload.mismatch',
  'attachment.too_large',
  'attachment.quota_exceeded',
  'attachment.type_not_allowed',
  'attachment.not_allowed_here',
  'attachment.unreadable',
  'attachment.too_many_pixels',
  'attachment.metadata_stays',
  'overloaded',
  ...GOAL,
] as const satisfies ErrorCode[]
