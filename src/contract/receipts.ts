// How far each member has read and received, and what is left to read.
import { z } from 'zod'
import { Cursor, Id, Limit, page, Time } from './fields.js'
import { HARD } from './limits.js'

/** Beyond the last message it means the last message: nobody has read what was not yet said. */
const Position = z.int().min(0)

export const ReportReceipts = z
  .strictObject({
    read_number: Position.describe('I have read up to here, and so received it').optional(),
    delivered_number: Position.describe('My device has applied everything up to here').optional(),
  })
  .refine((input) => input.read_number !== undefined || input.delivered_number !== undefined, {
    message: 'give read_number, delivered_number or both',
  })
export type ReportReceipts = z.infer<typeof ReportReceipts>

export const MarkUnread = z.strictObject({ from_number: z.int().min(1) })
export type MarkUnread = z.infer<typeof MarkUnread>

export const ReadConversations = z.strictObject({
  conversation_ids: z.array(Id).min(1).max(HARD.ids).optional().describe('All of mine, if it is left out'),
})
export type ReadConversations = z.infer<typeof ReadConversations>

export const ReadOutcome = z.object({
  successful: z.number().int(),
  failed: z.number().int(),
  total: z.number().int(),
  errors: z.array(z.object({ conversation_id: Id, code: z.literal('conversation.not_found') })),
})
export type ReadOutcome = z.infer<typeof ReadOutcome>

export const ListReceipts = z.strictObject({ limit: Limit, cursor: Cursor.optional() })
export type ListReceipts = z.infer<typeof ListReceipts>

export const Receipt = z.object({
  user_id: Id,
  read_number: z.number().int().nullable().describe('null when they do not show it'),
  delivered_number: z.number().int(),
})
export type Receipt = z.infer<typeof Receipt>
export const Receipts = page(Receipt)

const MessageReceipt = z.object({
  user_id: Id,
  delivered_at: Time.nullable(),
  read_at: Time.nullable().describe('null too when they do not show it'),
})

/** Of the members who were there when it was said, without the sender and those across a block. */
export const MessageReceipts = page(MessageReceipt).extend({
  member_count: z.number().int(),
  delivered_count: z.number().int(),
  read_count: z.number().int(),
  status: z
    .enum(['sent', 'delivered', 'read'])
    .meta({ examples: ['read'] })
    .describe('What holds for every one of them'),
})
export type MessageReceipts = z.infer<typeof MessageReceipts>

/** The most recently active first; those without anything unread are left out. */
export const UnreadCounts = page(
  z.object({ conversation_id: Id, unread_count: z.number().int(), muted_until: Time.nullable() }),
).extend({
  total_unread_count: z.number().int().describe('In all my conversations, muted ones too'),
  unread_conversation_count: z.number().int(),
})
export type UnreadCounts = z.infer<typeof UnreadCounts>
