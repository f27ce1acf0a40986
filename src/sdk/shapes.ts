// What is taken from the network, or out of a storage, must look like what it should be: one wrong value would spoil the state for good.
// Only what this client works with is looked at. A trailing ? stands for null.
import type { Conversation, ConversationCore, EventFrame, Me, Membership, Message, SignedIn } from './types.js'

export type Loose = Record<string, unknown>
type Kind = 'text' | 'text?' | 'count' | 'count?' | 'object' | 'object?' | 'list' | 'flag'
type Shape = Record<string, Kind>

const CHECKS: Record<string, (value: unknown) => boolean> = {
  text: (value) => typeof value === 'string',
  count: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  object: isObject,
  list: Array.isArray,
  flag: (value) => typeof value === 'boolean',
}

const MESSAGE: Shape = {
  id: 'text',
  conversation_id: 'text',
  number: 'count',
  sender_id: 'text?',
  type: 'text',
  content: 'text?',
  attachments: 'list',
  reply_to: 'object?',
  system: 'object?',
  metadata: 'object',
  client_id: 'text?',
  created_at: 'text',
}
const CORE: Shape = {
  id: 'text',
  type: 'text',
  name: 'text?',
  settings: 'object',
  metadata: 'object',
  member_count: 'count',
}
const MEMBERSHIP: Shape = {
  role: 'text',
  nickname: 'text?',
  read_number: 'count',
  delivered_number: 'count',
  unread_from: 'count?',
  pinned_at: 'text?',
  archived_at: 'text?',
  muted_until: 'text?',
}
const CONVERSATION: Shape = {
  ...CORE,
  last_activity_at: 'text',
  seq: 'count',
  message_number: 'count',
  peer: 'object?',
}

/** Something with fields; not a list. */
export function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fits(value: unknown, shape: Shape): value is Loose {
  return (
    isObject(value) &&
    Object.entries(shape).every(([name, kind]) => {
      const given = value[name]
      return kind.endsWith('?') && given === null ? true : CHECKS[kind.replace('?', '')]?.(given)
    })
  )
}

export function isMessage(value: unknown, conversationId: string): value is Message {
  return fits(value, MESSAGE) && value.conversation_id === conversationId && value.number !== 0
}

/** What is left of a message, or of a conversation, whose content this reader may not see. */
export function isGone(value: unknown): value is { id: string; number: number; gone: true } {
  return fits(value, { id: 'text', gone: 'flag' })
}

export function isCore(value: unknown, id: string): value is ConversationCore & Loose {
  return fits(value, CORE) && value.id === id
}

export function isMembership(value: unknown): value is Membership & Loose {
  return fits(value, MEMBERSHIP)
}

export function isConversation(value: unknown): value is Conversation & Loose {
  if (!fits(value, CONVERSATION) || !isMembership(value.me)) return false
  return value.last_message === null || isMessage(value.last_message, value.id as string)
}

export function isMe(value: unknown): value is Me {
  return fits(value, { id: 'text', username: 'text' })
}

export function isSignedIn(value: unknown): value is SignedIn {
  const isWhole = fits(value, { access_token: 'text', refresh_token: 'text', expires_in: 'count', user: 'object' })
  return isWhole && isMe(value.user)
}

export function isEvent(value: unknown): value is EventFrame {
  return fits(value, { type: 'text', stream: 'text', seq: 'count', at: 'text' }) && value.seq !== 0 && 'data' in value
}
