// What each event of a conversation's stream does to the conversation. Nothing is changed in place: whoever holds the former value may
// compare.
import { fits, isCore, isGone, isMessage } from './shapes.js'
import type { Conversation, EventFrame, Membership, Message } from './types.js'
import { type MessageChange, requote } from './window.js'

/** `unclear`: it cannot be applied, so the conversation has to be read again. */
export type Outcome = { conversation: Conversation; change?: MessageChange } | 'deleted' | 'unclear'

/** The event is the next of this conversation; its `seq` is counted in any case. */
export function applyToConversation(held: Conversation, event: EventFrame, myId: string): Outcome {
  const { type, data } = event
  const conversation = { ...held, seq: event.seq }
  switch (type) {
    case 'conversation.deleted':
      return 'deleted'
    case 'conversation.created':
    case 'conversation.updated': {
      if (isGone(data)) return { conversation }
      if (!isCore(data, held.id)) return 'unclear'
      const { seq, message_number, last_activity_at, last_message, peer, me } = conversation
      // Whatever else such an event may bring one day, these are not its to say.
      const kept = { seq, message_number, last_activity_at, last_message, peer, me }
      return { conversation: { ...conversation, ...data, ...kept } }
    }
    case 'member.added':
    case 'member.updated':
    case 'member.removed':
      return applyMember(conversation, event, myId)
    case 'message.created':
      return applyCreated(conversation, event, myId)
    case 'message.edited':
    case 'message.deleted':
    case 'attachment.ready':
    case 'attachment.removed':
      return applyChanged(conversation, data)
    default:
      return { conversation }
  }
}

/** What is mine in a conversation, as it is now, with what is left to read. */
export function withMembership(conversation: Conversation, me: Membership): Conversation {
  const read = me.unread_from === null ? me.read_number : me.unread_from - 1
  return { ...conversation, me: { ...me, unread_count: conversation.message_number - read } }
}

/**
 * What `membership.updated` says, at that time. Between two streams there is no order: what is held may be newer, of a later
 * stay, or have a message that has brought the conversation back since. What `member.updated` says is left to that.
 */
export function applyMembership(held: Conversation, news: Membership, at: string): Conversation {
  if (news.joined_at !== held.me.joined_at || news.read_number < held.me.read_number) return held
  const { role, nickname } = held.me
  const delivered_number = Math.max(news.delivered_number, held.me.delivered_number)
  const me = { ...news, role, nickname, delivered_number }
  if (held.last_activity_at > at) endArchive(me, held.last_activity_at)
  return withMembership(held, me)
}

/** A message that came at this time brings the conversation back. */
function endArchive(me: Membership, at: string): void {
  if (me.archived_at !== null && at > me.archived_at && (me.muted_until === null || at > me.muted_until))
    me.archived_at = null
}

/** Pinned ones first, then the most recently active. */
export function byActivity(a: Conversation, b: Conversation): number {
  const pinned = Number(b.me.pinned_at !== null) - Number(a.me.pinned_at !== null)
  return pinned || compare(b.last_activity_at, a.last_activity_at) || compare(b.id, a.id)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function applyMember(conversation: Conversation, { type, data }: EventFrame, myId: string): Outcome {
  if (!fits(data, { user_id: 'text', member_count: 'count' })) return 'unclear'
  const counted = { ...conversation, member_count: data.member_count as number }
  if (data.user_id !== myId || type === 'member.removed') return { conversation: counted }
  if (!fits(data, { role: 'text', nickname: 'text?' })) return 'unclear'
  const { role, nickname } = data as Pick<Membership, 'role' | 'nickname'>
  return { conversation: { ...counted, me: { ...conversation.me, role, nickname } } }
}

function applyCreated(conversation: Conversation, { data, at }: EventFrame, myId: string): Outcome {
  const message = isMessage(data, conversation.id) ? data : undefined
  const number = message?.number ?? (isGone(data) ? data.number : undefined)
  // Numbers have no gaps: another one than the next means that something was missed.
  if (number !== conversation.message_number + 1) return 'unclear'
  const me = { ...conversation.me }
  if (message?.sender_id === myId && number > me.read_number) {
    me.read_number = number
    me.delivered_number = number
    me.unread_from = null
  }
  endArchive(me, at)
  const last_message = message ?? conversation.last_message
  const next = withMembership({ ...conversation, message_number: number, last_activity_at: at, last_message }, me)
  return { conversation: next, ...(message && { change: { kind: 'created', message } }) }
}

function applyChanged(conversation: Conversation, data: unknown): Outcome {
  const last = conversation.last_message
  if (isGone(data)) {
    if (last?.id === data.id) return 'unclear'
    return { conversation, change: { kind: 'gone', id: data.id } }
  }
  if (!isMessage(data, conversation.id)) return 'unclear'
  const last_message = changed(last, data)
  return { conversation: { ...conversation, last_message }, change: { kind: 'changed', message: data } }
}

function changed(last: Message | null, message: Message): Message | null {
  if (last === null || last.id === message.id) return last && message
  return requote([last], message)[0] ?? last
}
