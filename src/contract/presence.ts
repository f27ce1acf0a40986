import { z } from 'zod'
import { Id, IdList, Time } from './fields.js'
import { HARD } from './limits.js'
import { Status } from './signals.js'

/** What people set. `online` leaves it to what they do: after a while without it they are away, then offline. */
export const ChosenStatus = z.enum(['online', 'away', 'busy', 'invisible'])
export type ChosenStatus = z.infer<typeof ChosenStatus>

export const SetPresence = z
  .strictObject({
    status: ChosenStatus,
    invisible_until: z.iso
      .datetime({ offset: true })
      .nullable()
      .default(null)
      .describe('A time to come, within a year; then it is online again. null: until I change it'),
  })
  .refine((input) => input.invisible_until === null || input.status === 'invisible', {
    path: ['invisible_until'],
    message: 'is only for invisible',
  })
export type SetPresence = z.infer<typeof SetPresence>

/** As I have set it: others see the invisible as offline. */
export const OwnPresence = z.object({
  user_id: Id,
  status: ChosenStatus,
  invisible_until: Time.nullable(),
  last_seen_at: Time.nullable(),
})
export type OwnPresence = z.infer<typeof OwnPresence>

/** As others may see it: offline and null for whoever shares no conversation, as for somebody who was never here. */
export const UserPresence = z.object({
  user_id: Id,
  status: Status,
  last_seen_at: Time.nullable().describe('When they were last seen going; null if never'),
})
export type UserPresence = z.infer<typeof UserPresence>

export const FindPresence = z.strictObject({
  ids: IdList,
})
export const FoundPresence = z.object({ data: z.array(UserPresence) })

export const ConversationPresence = z.object({
  member_count: z.number().int(),
  online_count: z.number().int().describe('Those who are not offline'),
  online: z.array(Id).describe(`The first ${HARD.online_shown} of them`),
})
export type ConversationPresence = z.infer<typeof ConversationPresence>

/** Whose changes this socket wants to hear, instead of those before; nobody's, with an empty list. */
export const WatchPresence = z.strictObject({ user_ids: z.array(Id).max(HARD.watched_users) })
