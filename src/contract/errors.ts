// The one table of what can go wrong: stable code -> HTTP status, whether a repeat may help, one sentence.

type ErrorEntry = { status: number; retry: boolean; title: string }

export const ERRORS = {
  'request.malformed': { status: 400, retry: false, title: 'The body is not JSON in UTF-8' },
  'request.invalid': { status: 422, retry: false, title: 'The request does not have the expected form' },
  'request.too_large': { status: 413, retry: false, title: 'The body is too large' },
  'request.unsupported_media_type': {
    status: 415,
    retry: false,
    title: 'The body has another media type than it should',
  },
  'route.not_found': { status: 404, retry: false, title: 'There is no such route' },
  rate_limited: { status: 429, retry: true, title: 'Too many requests' },
  busy: { status: 503, retry: true, title: 'Somebody else holds what this needs; try again shortly' },
  overloaded: { status: 503, retry: true, title: 'The server has too much to do; try again shortly' },
  unavailable: { status: 503, retry: true, title: 'The database cannot be reached; try again shortly' },
  internal: { status: 500, retry: true, title: 'Something went wrong on our side' },

  'auth.unauthenticated': { status: 401, retry: false, title: 'An access token is needed' },
  'auth.token_invalid': { status: 401, retry: false, title: 'The access token is not valid' },
  'auth.token_expired': { status: 401, retry: false, title: 'The access token has expired; refresh it' },
  'auth.session_ended': { status: 401, retry: false, title: 'The session has ended; sign in again' },
  'auth.invalid_credentials': { status: 401, retry: false, title: 'The login or the password is wrong' },
  'auth.refresh_token_invalid': { status: 401, retry: false, title: 'The refresh token is not valid; sign in again' },
  'auth.refresh_token_reused': {
    status: 401,
    retry: false,
    title: 'The refresh token was used before; its session has ended',
  },
  'account.username_taken': { status: 409, retry: false, title: 'This username is taken' },
  'account.email_taken': { status: 409, retry: false, title: 'This e-mail address has an account' },
  'session.not_found': { status: 404, retry: false, title: 'There is no such session' },
  'user.not_found': { status: 404, retry: false, title: 'There is no such user' },
  'user.blocked': { status: 403, retry: false, title: 'One of you has blocked the other' },
  'block.oneself': { status: 422, retry: false, title: 'Nobody can block themselves' },
  'block.too_many': { status: 409, retry: false, title: 'You have blocked as many people as you can' },

  'conversation.not_found': { status: 404, retry: false, title: 'There is no such conversation' },
  'conversation.forbidden': { status: 403, retry: false, title: 'Your role in this conversation does not allow that' },
  'conversation.name_taken': { status: 409, retry: false, title: 'You have a group of this name' },
  'conversation.with_oneself': { status: 422, retry: false, title: 'A direct conversation needs somebody else' },
  'conversation.not_for_direct': { status: 409, retry: false, title: 'This does not apply to a direct conversation' },
  'conversation.owner_cannot_leave': {
    status: 409,
    retry: false,
    title: 'The last owner cannot leave: transfer it first',
  },
  'conversation.too_many_pinned': {
    status: 409,
    retry: false,
    title: 'You have pinned as many conversations as you can',
  },
  'conversation.metadata_too_large': { status: 422, retry: false, title: 'The metadata is too large' },
  'member.not_found': { status: 404, retry: false, title: 'There is no such member' },
  'member.own_role': { status: 403, retry: false, title: 'Nobody changes their own role' },
  'member.role_above_own': { status: 403, retry: false, title: 'Nobody gives a role above their own' },
  'member.outranks': { status: 403, retry: false, title: 'Only somebody of a higher role may do that to this member' },
  'member.banned': { status: 403, retry: false, title: 'This user is banned from the conversation' },
  'ban.not_found': { status: 404, retry: false, title: 'This user is not banned' },
  'request.time_past': { status: 422, retry: false, title: 'The time must be one to come' },
  'member.too_many': { status: 409, retry: false, title: 'The conversation has as many members as it can' },

  'message.not_found': { status: 404, retry: false, title: 'There is no such message' },
  'message.forbidden': { status: 403, retry: false, title: 'This message is not yours to change' },
  'message.empty': { status: 422, retry: false, title: 'The text is empty' },
  'message.too_long': { status: 422, retry: false, title: 'The text is too long' },
  'message.client_id_reused': { status: 409, retry: false, title: 'This client_id belongs to another message' },
  'message.reply_not_found': {
    status: 422,
    retry: false,
    title: 'The message to reply to is not in this conversation',
  },
  'message.not_editable': { status: 409, retry: false, title: 'Only a text that is not deleted can be edited' },
  'message.edit_window_over': { status: 410, retry: false, title: 'It is too late to edit this message' },
  'message.delete_window_over': {
    status: 410,
    retry: false,
    title: 'It is too late to delete this message for everyone',
  },

  'storage.unavailable': {
    status: 503,
    retry: true,
    title: 'The storage of files cannot be reached, or is full; try again shortly',
  },
  'attachment.not_found': { status: 404, retry: false, title: 'There is no such attachment' },
  'attachment.in_use': { status: 409, retry: false, title: 'This attachment belongs to a message already' },
  'attachment.not_ready': { status: 409, retry: true, title: 'This is still being made; try again shortly' },
  'attachment.too_large': { status: 413, retry: false, title: 'The file is larger than files of its kind may be' },
  'attachment.quota_exceeded': { status: 413, retry: false, title: 'Your files take up as much space as they may' },
  'attachment.type_not_allowed': { status: 415, retry: false, title: 'Files of this type are not taken' },
  'attachment.not_allowed_here': {
    status: 403,
    retry: false,
    title: 'This conversation does not take files of this kind or size',
  },
  'attachment.unreadable': { status: 422, retry: false, title: 'The file is damaged, or not what it claims to be' },
  'attachment.too_many_pixels': { status: 422, retry: false, title: 'The image has more pixels than can be shown' },
  'attachment.metadata_stays': {
    status: 415,
    retry: false,
    title: 'The metadata of such an image cannot be removed; send it with keep_metadata=true, or as another type',
  },
  'attachment.not_an_avatar': { status: 422, retry: false, title: 'An avatar is a JPEG, PNG, GIF or WebP picture' },
  'attachment.range_not_satisfiable': { status: 416, retry: false, title: 'The file has no such range' },
  'attachment.link_invalid': { status: 403, retry: false, title: 'This link is not valid, or no longer' },
  'upload.not_found': { status: 404, retry: false, title: 'There is no such upload' },
  'upload.too_many': { status: 409, retry: false, title: 'You have as many unfinished uploads as you can' },
  'upload.incomplete': { status: 409, retry: false, title: 'Not all of it has arrived yet' },
  'upload.mismatch': { status: 422, retry: false, title: 'What has arrived is not what was announced' },
  'upload.expired': { status: 410, retry: false, title: 'It has taken too long; begin the upload anew' },
  'upload.locked': { status: 423, retry: true, title: 'Another request works on this upload; try again shortly' },
  'upload.offset_conflict': { status: 409, retry: false, title: 'The upload goes on at another offset; HEAD tells it' },
  'upload.too_many_parts': {
    status: 409,
    retry: false,
    title: 'It has come in too many pieces; begin the upload anew',
  },
  'upload.tus_version': { status: 412, retry: false, title: 'Resumable uploads speak tus 1.0.0' },
  'upload.malformed': { status: 400, retry: false, title: 'The form is not what it should be, or ended too early' },
  'upload.stalled': { status: 408, retry: true, title: 'Nothing has arrived for too long' },

  'sync.resync': { status: 410, retry: false, title: 'What was missed is too much or too old: load everything afresh' },
  'stream.not_found': { status: 404, retry: false, title: 'There is no such stretch of a stream for you' },
  'stream.gone': { status: 410, retry: false, title: 'The log has these events no longer: read the history' },
  'auth.other_session': { status: 403, retry: false, title: 'This token belongs to another session' },

  'demo.running': { status: 409, retry: false, title: 'Two people talk to you already' },

  'frame.malformed': { status: 400, retry: false, title: 'The frame is not a JSON command' },
  'command.unknown': { status: 404, retry: false, title: 'There is no such command' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERRORS

/** One finding about one field of the input. */
export type FieldError = { path: string; code: string; message: string }

/** What an answer may say beyond its code. Never holds what the client must not see. */
export type ErrorInfo = { detail?: string; errors?: FieldError[]; retry_after_s?: number }

/** Thrown with a code by whoever knows; answered by http/errors.ts and realtime/commands.ts, who know the transport. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly info: ErrorInfo

  constructor(code: ErrorCode, info: ErrorInfo = {}, options?: ErrorOptions) {
    super(info.detail ?? ERRORS[code].title, options)
    this.code = code
    this.info = info
  }

  get status(): number {
    return ERRORS[this.code].status
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text)
}
