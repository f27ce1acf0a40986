import { z } from 'zod'
import { Attachment, AttachmentIds, AttachmentKind } from './attachments.js'
import { ClientId, Digits, Id, Limit, Metadata, Text, Time } from './fields.js'
import { HARD } from './limits.js'
import { SystemMessage } from './system-messages.js'

/** Stored as given, untrimmed; the configured length is checked by the domain. */
const MessageText = Text

export const SendMessage = z
  .strictObject({
    content: MessageText.default('').describe('May be empty beside attachments'),
    attachment_ids: AttachmentIds.default([]).describe(
      'Of my uploads, in the order in which they are shown; together they decide the type of the message',
    ),
    client_id: ClientId.optional(),
    reply_to_id: Id.optional(),
    metadata: Metadata.default({}),
  })
  .meta({ examples: [{ content: 'Hello, Bob!' }] })
export type SendMessage = z.infer<typeof SendMessage>

export const EditMessage = z.strictObject({ content: MessageText })
export type EditMessage = z.infer<typeof EditMessage>

export const DeleteMessage = z.strictObject({
  reason: Text.max(HARD.delete_reason)
    .meta({ examples: ['Posted by mistake'] })
    .optional(),
})
export type DeleteMessage = z.infer<typeof DeleteMessage>

export const Message = z.object({
  id: Id,
  conversation_id: Id,
  number: z.number().int().describe('1, 2, 3 ... in its conversation'),
  sender_id: Id.nullable().describe('null for system messages'),
  type: z
    .enum(['text', 'system', ...AttachmentKind.options])
    .describe('Of a message with attachments: their kind, or file where they differ'),
  content: z.string().nullable().describe('null for system messages, without a caption, and once deleted'),
  attachments: z.array(Attachment),
  reply_to: z
    .object({ id: Id, number: z.number().int(), sender_id: Id.nullable(), excerpt: z.string().nullable() })
    .nullable(),
  system: SystemMessage.nullable(),
  metadata: z.record(z.string(), z.unknown()),
  client_id: ClientId.nullable(),
  created_at: Time,
  edited_at: Time.nullable(),
  deleted_at: Time.nullable(),
  deleted_by: Id.nullable(),
})
export type Message = z.infer<typeof Message>

const MessageNumber = Digits(0, Number.MAX_SAFE_INTEGER)

/** At most one of before, after and around; without any, the newest. */
export const ListMessages = z
  .strictObject({
    before: MessageNumber.optional(),
    after: MessageNumber.optional(),
    around: MessageNumber.optional(),
    limit: Limit,
  })
  .refine((input) => [input.before, input.after, input.around].filter((number) => number !== undefined).length <= 1, {
    message: 'give only one of before, after and around',
  })
export type ListMessages = z.infer<typeof ListMessages>

/** Always in ascending order of number; page on with before = the first number, or after = the last. */
export const Messages = z.object({ data: z.array(Message), has_before: z.boolean(), has_after: z.boolean() })
export type Messages = z.infer<typeof Messages>
