// What a conversation is to one of its members: their role, how far they have read, and how they want to have it.
import { z } from 'zod'
import { Moment, Name, Time } from './fields.js'
import { HARD } from './limits.js'
import { SystemCategory } from './system-messages.js'

/** From the one who may do everything down to the one who may only read. */
export const Role = z.enum(['owner', 'admin', 'moderator', 'member', 'viewer'])
export type Role = z.infer<typeof Role>

/** How the member wants to have this conversation: theirs alone, on all their devices. */
const Preferences = z.object({
  alias: z.string().nullable().describe('What I call this conversation'),
  notifications: z.enum(['all', 'mentions', 'none']),
  notification_sound: z.boolean(),
  desktop_notifications: z.boolean(),
  mobile_notifications: z.boolean(),
  show_read_receipts: z.boolean().describe('Whether others see how far I have read'),
  show_typing: z.boolean().describe('Whether others see that I type'),
  priority: z.enum(['low', 'normal', 'high']),
  hidden_system_categories: z.array(SystemCategory).describe('System messages that my clients fold away'),
})

export const Membership = Preferences.extend({
  role: Role,
  nickname: z.string().nullable().describe('What all call me here'),
  joined_at: Time,
  read_number: z.number().int().describe('Read up to this message; only grows'),
  delivered_number: z
    .number()
    .int()
    .describe('Received up to this message; only grows. That it did is told only together with something else'),
  unread_from: z.number().int().nullable().describe('Marked as unread from this message on'),
  unread_count: z.number().int().describe('message_number - (unread_from - 1, if set, else read_number)'),
  pinned_at: Time.nullable(),
  archived_at: Time.nullable().describe('A new message ends it, unless it came before muted_until'),
  muted_until: Time.nullable(),
})
export type Membership = z.infer<typeof Membership>

export const UpdateMembership = z
  .strictObject({
    ...Preferences.shape,
    alias: Name(HARD.conversation_name).nullable(),
    hidden_system_categories: z.array(SystemCategory).max(SystemCategory.options.length),
    pinned: z.boolean(),
    archived: z.boolean(),
    muted_until: Moment.nullable().describe('A time to come; null to unmute'),
  })
  .partial()
  .meta({ examples: [{ pinned: true, notifications: 'mentions', muted_until: '2099-01-31T12:00:00.000Z' }] })
export type UpdateMembership = z.infer<typeof UpdateMembership>
