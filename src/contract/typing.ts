import { z } from 'zod'
import { Id } from './fields.js'

/** Said again each few seconds while it goes on: it expires by itself, and ends with the message. */
export const SetTyping = z.strictObject({ typing: z.boolean() })
export type SetTyping = z.infer<typeof SetTyping>

/** The same over a socket: typing.start and typing.stop. */
export const TypingWhere = z.strictObject({ conversation_id: Id })

export const Typists = z.object({ data: z.array(Id).describe('Who types now, as far as I may see it; never myself') })
