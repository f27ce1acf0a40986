import { z } from 'zod'
import { AttachmentKind } from './attachments.js'
import { FileSize } from './fields.js'

/** What those who may change a conversation have decided about it. */
export const ConversationSettings = z.object({
  media_allowed: z.boolean().describe('Whether messages may have attachments'),
  max_file_size: z.number().int().nullable().describe('Bytes of one file; null: as much as the server takes'),
  allowed_file_types: z.array(AttachmentKind).nullable().describe('null: all of them'),
})
export type ConversationSettings = z.infer<typeof ConversationSettings>

export const UpdateSettings = z
  .strictObject({
    media_allowed: z.boolean(),
    max_file_size: FileSize.nullable(),
    allowed_file_types: z.array(AttachmentKind).min(1).max(AttachmentKind.options.length).nullable(),
  })
  .partial()
  .meta({ examples: [{ max_file_size: 10_000_000, allowed_file_types: ['image', 'file'] }] })
export type UpdateSettings = z.infer<typeof UpdateSettings>
