// How files come in: at once, straight to the storage, or in pieces.
import { z } from 'zod'
import { ClientId, Id, Metadata, Text, Time } from './fields.js'
import { HARD } from './limits.js'

const Flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .pipe(z.boolean())
  .meta({ type: 'boolean' })
const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
  .describe('In hexadecimal; checked when given')

/** What is said of a file before its first byte. */
export const UploadOptions = z.strictObject({
  conversation_id: Id.optional().describe('Where it is meant to go: the limits of that conversation hold at once'),
  voice: Flag.default(false).describe('An audio file that is a voice message'),
  keep_metadata: Flag.default(false).describe('Keep what a camera wrote into an image, its place included'),
  sha256: Sha256.optional(),
})
export type UploadOptions = z.infer<typeof UploadOptions>

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
    filename: Text.min(1).max(HARD.filename),
    mime_type: z
      .string()
      .regex(/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/i)
      .max(100),
    size: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).describe('Bytes'),
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
