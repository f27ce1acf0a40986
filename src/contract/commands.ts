// What a client may say over a socket: {id, type, data}. Each command mirrors a route, with the same checks and results.
import { z } from 'zod'
import { EventFrame } from './events.js'
import { Id, Time } from './fields.js'
import { HARD } from './limits.js'
import { Membership } from './memberships.js'
import { DeleteMessage, EditMessage, Message, SendMessage } from './messages.js'
import { OwnPresence, SetPresence, UserPresence, WatchPresence } from './presence.js'
import { ReportReceipts } from './receipts.js'
import { TypingWhere } from './typing.js'

export const COMMANDS = {
  'message.send': SendMessage.extend({ conversation_id: Id }),
  'message.edit': EditMessage.extend({ message_id: Id }),
  'message.delete': DeleteMessage.extend({ message_id: Id }),
  'receipt.update': ReportReceipts.safeExtend({ conversation_id: Id }),
  'typing.start': TypingWhere,
  'typing.stop': TypingWhere,
  'presence.set': SetPresence,
  'presence.watch': WatchPresence,
  'stream.fetch': z
    .strictObject({
      stream: Id,
      from_seq: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
      to_seq: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
    })
    .refine((range) => range.to_seq >= range.from_seq, { path: ['to_seq'], message: 'must not lie before from_seq' })
    .refine((range) => range.to_seq - range.from_seq < HARD.fetched_events, {
      path: ['to_seq'],
      message: `at most ${HARD.fetched_events} events at a time`,
    })
    .describe('Answered with the beginning of it, up to 64 events and 1 MiB: ask on from there')
    .meta({ examples: [{ stream: '0197a000-0000-7000-8000-000000000000', from_seq: 41, to_seq: 57 }] }),
  'auth.renew': z.strictObject({ token: z.string().min(1).max(2_048) }),
  ping: z.strictObject({}).optional(),
} as const

/** The `data` of a reply, by command. */
export const RESULTS = {
  'message.send': Message,
  'message.edit': Message,
  'message.delete': Message,
  'receipt.update': Membership,
  'typing.start': z.strictObject({}),
  'typing.stop': z.strictObject({}),
  'presence.set': OwnPresence,
  'presence.watch': z.strictObject({ presence: z.array(UserPresence) }),
  'stream.fetch': z.strictObject({ events: z.array(EventFrame) }),
  'auth.renew': z.strictObject({ expires_at: Time }),
  ping: z.strictObject({}),
} as const satisfies Record<keyof typeof COMMANDS, z.ZodType>

export type CommandType = keyof typeof COMMANDS
export type CommandData<T extends CommandType> = z.infer<(typeof COMMANDS)[T]>

export const CommandFrame = z.strictObject({
  id: z.string().min(1).max(64).describe('Comes back in the reply'),
  type: z.string().max(64),
  data: z.unknown().optional(),
})
export type CommandFrame = z.infer<typeof CommandFrame>

export function isCommandType(type: string): type is CommandType {
  return Object.hasOwn(COMMANDS, type)
}
