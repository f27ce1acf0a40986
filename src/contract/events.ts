// What the server says over a socket. Durable events have a stream and a seq; everything else has neither.
import { z } from 'zod'
import { Conversation, ConversationCore } from './conversations.js'
import { Id, Time } from './fields.js'
import { Membership, Role } from './memberships.js'
import { Message } from './messages.js'
import { User } from './users.js'

/** What is left of a message whose content is gone for this reader: purged, or changed after they had left. */
const GoneMessage = z.object({ id: Id, conversation_id: Id, number: z.number().int(), gone: z.literal(true) })
const MessageEvent = z.union([Message, GoneMessage])

/** The same for a conversation. */
const GoneConversation = z.object({ id: Id, gone: z.literal(true) })
const ConversationEvent = z.union([ConversationCore, GoneConversation])
const MemberEvent = z.object({
  user_id: Id,
  role: Role,
  nickname: z.string().nullable(),
  joined_at: Time,
  member_count: z.number().int(),
})
const WhyGone = z.enum(['left', 'removed', 'banned'])

/** On the stream of a conversation. */
export const CONVERSATION_EVENTS = {
  'conversation.created': ConversationEvent,
  'conversation.updated': ConversationEvent,
  'conversation.deleted': ConversationEvent,
  'member.added': MemberEvent,
  'member.updated': MemberEvent,
  'member.removed': z.object({ user_id: Id, reason: WhyGone, member_count: z.number().int() }),
  'member.banned': z.object({ user_id: Id, banned_by: Id.nullable(), banned_until: Time.nullable() }),
  'member.unbanned': z.object({ user_id: Id }),
  'message.created': MessageEvent,
  'message.edited': MessageEvent,
  'message.deleted': MessageEvent,
  'attachment.ready': MessageEvent,
  'attachment.removed': MessageEvent,
} as const

/** On the stream of a user: what concerns only them. */
export const USER_EVENTS = {
  'conversation.joined': z.object({
    conversation_id: Id,
    conversation: Conversation.nullable().describe('null when it was left again since'),
    seq: z.number().int().describe('Of my joining: what is mine of its stream begins after it'),
  }),
  'conversation.left': z.object({
    conversation_id: Id,
    seq: z.number().int().describe('Nothing of the stream from seq on is for this user'),
    reason: WhyGone,
  }),
  'membership.updated': z.object({
    conversation_id: Id,
    me: Membership.nullable().describe('The whole of it as it is now; null when it was left since'),
  }),
  'block.added': z.object({ user_id: Id }),
  'block.removed': z.object({ user_id: Id }),
  'message.hidden': z.object({ conversation_id: Id, message_id: Id, number: z.number().int(), hidden: z.boolean() }),
  'user.updated': User,
  'session.revoked': z.object({ session_id: Id, reason: z.string() }),
} as const

export const EVENTS = { ...CONVERSATION_EVENTS, ...USER_EVENTS } as const
export type EventType = keyof typeof EVENTS
export type EventData<T extends EventType> = z.infer<(typeof EVENTS)[T]>

export const EventFrame = z.object({ type: z.string(), stream: Id, seq: z.number().int(), at: Time, data: z.unknown() })
export type EventFrame = z.infer<typeof EventFrame>

/** First on every socket. */
export const Hello = z.object({
  connection_id: Id,
  user_id: Id,
  session_id: Id,
  protocol: z.literal(1),
  heartbeat_s: z.number(),
  reconnect_within_s: z.number().describe('After a close with 4400, come back at a random moment within it'),
  limits: z.object({ max_frame_bytes: z.number(), max_message_length: z.number(), max_message_bytes: z.number() }),
})
export type Hello = z.infer<typeof Hello>

/** Why what was missed cannot be told event by event. */
export const ResyncReason = z
  .enum(['token', 'epoch', 'window', 'too_much'])
  .describe(
    '`token`: it is not one of mine; `epoch`: the log has begun anew; `window`: it is older than the log; `too_much` was missed',
  )
export type ResyncReason = z.infer<typeof ResyncReason>

/** Everything that this client holds is to be loaded afresh; the socket is live. */
export const Resync = z.object({ reason: ResyncReason })

/** All that was missed has been said; from here on the socket is live. */
export const Resumed = z.object({
  count: z.number().int().describe('Events that were sent for it'),
  limited: z.array(Id).describe('Conversations in which too much came: read them and their history again'),
})

export type Resumed = z.infer<typeof Resumed>

/** Where the client stands once it has applied everything before this frame. */
export const Checkpoint = z.object({ resume: z.string().describe('Replaces the token that was stored') })

/** The server cannot hear what happens just now, so neither can the client; what is missed comes by itself once it can. */
export const Stale = z.object({ since: Time.describe('Nothing later was heard') })

/** It hears again. */
export const Fresh = z.object({})

/** Renew the token on this socket, or it will be closed. */
export const AuthExpiring = z.object({ in_s: z.number().int().describe('Seconds') })

/** Why a command was refused; `code` is one of docs/errors.md. */
export const Failure = z.object({
  code: z.string(),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })).optional(),
  retry_after: z.number().optional().describe('Seconds'),
})
