// A file of a message: what is known of it, and where it is to be had. How files come in is in uploads.ts.
import { z } from 'zod'
import { Cursor, Filename, FileSize, Id, Limit, MimeType, page, Text, Time } from './fields.js'
import { HARD } from './limits.js'

export const AttachmentKind = z.enum(['image', 'video', 'audio', 'voice', 'file'])
export type AttachmentKind = z.infer<typeof AttachmentKind>

export const VariantName = z
  .enum(['thumbnail', 'preview', 'large'])
  .describe('As WebP within 150, 640 or 1280 pixels; of a video, its poster frame')
export type VariantName = z.infer<typeof VariantName>

export const Variant = z.object({
  name: VariantName,
  mime_type: z.string().meta({ examples: ['image/webp'] }),
  width: z.number().int(),
  height: z.number().int(),
  size: z.number().int().describe('Bytes'),
})
export type Variant = z.infer<typeof Variant>

/** How far another media service has come with a file that it keeps. */
export const UploadStatus = z.enum(['pending', 'uploaded', 'failed'])
export type UploadStatus = z.infer<typeof UploadStatus>

export const Attachment = z.object({
  id: Id,
  user_id: Id.describe('Who uploaded it'),
  conversation_id: Id.nullable().describe('null until a message has it'),
  message_id: Id.nullable(),
  kind: AttachmentKind,
  mime_type: z
    .string()
    .describe('Found in the bytes')
    .meta({ examples: ['image/jpeg'] }),
  filename: z.string().meta({ examples: ['beach.jpg'] }),
  size: z.number().int().describe('Bytes'),
  sha256: z
    .string()
    .nullable()
    .describe('Of what is kept, in hexadecimal: an image is made anew')
    .meta({ examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'] }),
  state: z
    .enum(['processing', 'ready', 'failed', 'removed', 'external'])
    .describe('processing: previews are being made; failed: there are none; external: kept by another service'),
  width: z.number().int().nullable().describe('Pixels, as shown'),
  height: z.number().int().nullable(),
  duration_ms: z.number().int().nullable(),
  is_animated: z.boolean(),
  blurhash: z.string().nullable().describe('A blur of the picture in a few characters (blurha.sh)'),
  waveform: z
    .array(z.number().int())
    .nullable()
    .describe('Loudness of a voice message over its time, 64 values of 0 to 100'),
  variants: z.array(Variant),
  url: z
    .string()
    .nullable()
    .describe('Path of the bytes, for whoever may see the message; null when removed or external')
    .meta({ examples: ['/api/v1/attachments/01890a5d-ac96-774b-bcce-b302099a8057'] }),
  external: z
    .object({ media_id: z.string(), upload_status: UploadStatus })
    .nullable()
    .describe('Where another media service keeps it'),
  created_at: Time,
})
export type Attachment = z.infer<typeof Attachment>

/** Newest first. */
export const ListAttachments = z.strictObject({
  kind: AttachmentKind.optional(),
  limit: Limit,
  cursor: Cursor.optional(),
})
export type ListAttachments = z.infer<typeof ListAttachments>
export const Attachments = page(Attachment)

/** The files of one message. */
export const AttachmentIds = z
  .array(Id)
  .max(HARD.attachments)
  .refine((ids) => new Set(ids).size === ids.length, 'must not name one twice')

/** More files for a message that has some. */
export const LinkAttachments = z.strictObject({
  attachment_ids: AttachmentIds.min(1).describe('Of my uploads; they are shown after those that the message has'),
})
export type LinkAttachments = z.infer<typeof LinkAttachments>

/** A file that another media service keeps, as its uploader says it is: nothing of it is looked at here. */
export const AddExternal = z
  .strictObject({
    media_id: Text.min(1).max(HARD.media_id).describe('What that service calls it'),
    kind: AttachmentKind,
    mime_type: MimeType,
    filename: Filename,
    size: FileSize.describe('Bytes'),
    upload_status: UploadStatus,
  })
  .meta({
    examples: [
      {
        media_id: 'talk-2026-01.mp4',
        kind: 'video',
        mime_type: 'video/mp4',
        filename: 'talk.mp4',
        size: 7340032,
        upload_status: 'pending',
      },
    ],
  })
export type AddExternal = z.infer<typeof AddExternal>

export const UpdateExternal = z.strictObject({ upload_status: UploadStatus })
export type UpdateExternal = z.infer<typeof UpdateExternal>

/** `signature` takes the place of a token, for what cannot send one: an image of a page, a player. */
export const ReadAttachment = z.strictObject({
  variant: VariantName.or(z.literal('original'))
    .optional()
    .describe('Without it the original; with the header Save-Data: on, the preview of an image'),
  signature: z.string().max(200).optional().describe('From POST /attachments/urls'),
})
export type ReadAttachment = z.infer<typeof ReadAttachment>

export const SignUrls = z.strictObject({ attachment_ids: z.array(Id).min(1).max(HARD.ids) })
export type SignUrls = z.infer<typeof SignUrls>

/** Those that the actor may see; what is not among them is not there for them. */
export const SignedUrls = z.object({
  data: z.array(
    z.object({
      attachment_id: Id,
      url: z
        .string()
        .describe('Takes ?variant too; works for its maker alone, as long as they may see the file')
        .meta({ examples: ['/api/v1/attachments/01890a5d-ac96-774b-bcce-b302099a8057?signature=AZxk...'] }),
    }),
  ),
  expires_at: Time,
})
export type SignedUrls = z.infer<typeof SignedUrls>
