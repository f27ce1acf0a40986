// How files come in: at once, straight to the storage, or in pieces.
import { z } from 'zod'
import { ClientId, Digits, Filename, FileSize, Id, Metadata, MimeType, Text, Time } from './fields.js'
import { HARD } from './limits.js'

const Flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .pipe(z.boolean())
  .meta({ type: 'boolean' })
const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
  .toLowerCase()
  .describe('Of what is sent, in hexadecimal; checked when given')

/** What is said of a file before its first byte. */
export const UploadOptions = z.strictObject({
  conversation_id: Id.optional().describe('Where it is meant to go: the limits of that conversation hold at once'),
  voice: Flag.default(false).describe('An audio file that is a voice message'),
  keep_metadata: Flag.default(false).describe('Keep what a camera wrote into an image, its place included'),
  sha256: Sha256.optional(),
})
export type UploadOptions = z.infer<typeof UploadOptions>

/** The same of each file of a form with a caption. */
export const CaptionOptions = UploadOptions.pick({ voice: true, keep_metadata: true })
export type CaptionOptions = z.infer<typeof CaptionOptions>

/** The parts of a form beside its files; each may come before or after them. */
export const CaptionFields = z.strictObject({
  content: Text.default(''),
  client_id: ClientId.optional(),
  reply_to_id: Id.optional(),
  metadata: z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' })
        return z.NEVER
      }
    })
    .pipe(Metadata)
    .optional(),
})
export type CaptionFields = z.infer<typeof CaptionFields>

export const SignUpload = z
  .strictObject({
    filename: Filename,
    mime_type: MimeType,
    size: FileSize.describe('Bytes'),
    conversation_id: Id.optional(),
    voice: z.boolean().default(false),
    keep_metadata: z.boolean().default(false),
    sha256: Sha256.optional(),
  })
  .meta({ examples: [{ filename: 'beach.jpg', mime_type: 'image/jpeg', size: 482133 }] })
export type SignUpload = z.infer<typeof SignUpload>

/** Put the bytes there with these headers, then complete the upload. */
export const SignedUpload = z.object({
  attachment_id: Id.describe('Of the upload, and of the attachment once it is complete'),
  method: z.literal('PUT'),
  url: z
    .string()
    .meta({ examples: ['/api/v1/uploads/01890a5d-ac96-774b-bcce-b302099a8057/content?signature=AZxk...'] }),
  headers: z.record(z.string(), z.string()).meta({ examples: [{ 'Content-Type': 'image/jpeg' }] }),
  expires_at: Time,
})
export type SignedUpload = z.infer<typeof SignedUpload>

/** `signature` takes the place of a token. */
export const PutContent = z.strictObject({
  signature: z.string().max(200).optional().describe('From POST /uploads/sign; the address has it'),
})

/** What a client may say in Upload-Metadata; other keys are given back and mean nothing. */
export const TusMetadata = z.object({
  filename: Text.max(HARD.filename).optional(),
  filetype: MimeType.or(z.literal('')).optional(),
  conversation_id: Id.optional(),
  voice: Flag.default(false),
  keep_metadata: Flag.default(false),
  sha256: Sha256.optional(),
})
export type TusMetadata = z.infer<typeof TusMetadata>

/** Digits alone: a lax conversion would read an empty header as 0. */
const Bytes = (min: number) => Digits(min, Number.MAX_SAFE_INTEGER)
const TusVersion = z
  .string()
  .optional()
  .describe('1.0.0')
  .meta({ examples: ['1.0.0'] })

export const TusHeaders = z.object({ 'Tus-Resumable': TusVersion })
export const TusCreation = z.object({
  'Tus-Resumable': TusVersion,
  'Upload-Length': Bytes(1).describe('Bytes of the whole file'),
  'Upload-Metadata': z
    .string()
    .max(HARD.upload_metadata)
    .optional()
    .describe('filename, filetype, conversation_id, voice, keep_metadata, sha256: each with its value in Base64')
    .meta({ examples: ['filename YmVhY2guanBn,filetype aW1hZ2UvanBlZw=='] }),
})
export const TusAppend = z.object({
  'Tus-Resumable': TusVersion,
  'Upload-Offset': Bytes(0).describe('Where these bytes begin: where the upload stands'),
})
