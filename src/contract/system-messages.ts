// What the server itself says in a conversation: a kind with its facts and no sentence, for clients speak their own language.
import { z } from 'zod'

/** kind -> category. Clients group neighbours of one category, and fold away what their user does not want to see. */
export const SYSTEM_KINDS = {
  created: 'details',
  renamed: 'details',
  described: 'details',
  visibility_changed: 'details',
  photo_changed: 'details',
  photo_removed: 'details',
  settings_changed: 'details',
  added: 'membership',
  removed: 'membership',
  left: 'membership',
  role_changed: 'roles',
  ownership_transferred: 'roles',
  nickname_changed: 'membership',
  banned: 'moderation',
  unbanned: 'moderation',
  message_deleted: 'moderation',
} as const

export type SystemKind = keyof typeof SYSTEM_KINDS

export const SystemCategory = z.enum(['details', 'membership', 'roles', 'moderation'])
export type SystemCategory = z.infer<typeof SystemCategory>

export const SystemMessage = z.object({
  kind: z.enum(Object.keys(SYSTEM_KINDS) as [SystemKind, ...SystemKind[]]),
  params: z
    .record(z.string(), z.unknown())
    .describe('Who did it (`actor_id`), to whom (`user_id`, `user_ids`), and what'),
})
export type SystemMessage = z.infer<typeof SystemMessage>
