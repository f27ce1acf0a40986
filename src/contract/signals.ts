// What is said live and never kept: sent best-effort, without a seq; whatever it tells can be read again at any time.
import { z } from 'zod'
import { Id, Time } from './fields.js'

/** What others may see of somebody: the invisible look offline. */
export const Status = z.enum(['online', 'away', 'busy', 'offline'])
export type Status = z.infer<typeof Status>

/** On the stream of a conversation, to its other members. */
export const CONVERSATION_SIGNALS = {
  'typing.started': z.object({ user_id: Id }),
  'typing.stopped': z.object({ user_id: Id }),
  'receipt.updated': z.object({
    user_id: Id,
    read_number: z.number().int().nullable().describe('null when they do not show it'),
    delivered_number: z.number().int(),
  }),
} as const

/** Without a stream. */
export const USER_SIGNALS = {
  'presence.changed': z.object({ user_id: Id, status: Status, last_seen_at: Time.nullable() }),
  'profile.changed': z.object({ user_id: Id }),
} as const

export const SIGNALS = { ...CONVERSATION_SIGNALS, ...USER_SIGNALS } as const
export type SignalType = keyof typeof SIGNALS

/** What the nodes say to each other. A hint names whom to look at, never how they are: so nothing tells who is invisible. */
export const BUS_SIGNALS = {
  ...CONVERSATION_SIGNALS,
  'presence.hint': z.object({ user_id: Id }),
} as const
export type BusSignalType = keyof typeof BUS_SIGNALS
export type BusSignalData<T extends BusSignalType> = z.infer<(typeof BUS_SIGNALS)[T]>
