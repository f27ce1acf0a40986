// What each event of my own stream does: what comes to me, what goes, and what is mine in it. Each says what is, so one that is
// applied a second time does no harm.
import { applyMembership } from './rules.js'
import { fits, isConversation, isMe, isMembership } from './shapes.js'
import type { State } from './state.js'
import type { EventFrame } from './types.js'

/** To be read again: my profile; everything. Whatever else is to be read is the id of a conversation. */
export const ME = 'me'
export const EVERYTHING = '*'

const OF_CONVERSATION = new Set(['conversation.joined', 'conversation.left', 'membership.updated', 'message.hidden'])

/** @returns what has to be read again for it */
export function applyOwn(state: State, { type, data, at }: EventFrame): string[] {
  if (type === 'user.updated') {
    if (state.me && isMe(data) && data.id === state.me.id) state.setMe({ ...state.me, ...data })
    // The address is only in one's own view.
    return [ME]
  }
  if (!OF_CONVERSATION.has(type)) return []
  if (!fits(data, { conversation_id: 'text' })) return [EVERYTHING]
  const id = data.conversation_id as string
  const held = state.conversation(id)
  switch (type) {
    case 'conversation.joined': {
      const { conversation } = data
      // It was left again since.
      if (conversation === null) return []
      if (!isConversation(conversation) || conversation.id !== id) return [id]
      return state.adopt(conversation) && state.isOpen(id) ? [id] : []
    }
    case 'conversation.left':
      if (!fits(data, { seq: 'count' })) return [id]
      // What is held may be of a later stay.
      if (held && held.seq < (data.seq as number)) state.remove(id)
      return []
    case 'membership.updated': {
      const { me } = data
      if (me === null) return []
      if (!isMembership(me)) return [id]
      // An archived one that is not held may come back by this.
      if (!held) return me.archived_at === null ? [id] : []
      state.put(applyMembership(held, me, at))
      return []
    }
    default: {
      if (!fits(data, { message_id: 'text', number: 'count', hidden: 'flag' })) return [id]
      const { message_id, number, hidden } = data as { message_id: string; number: number; hidden: boolean }
      return state.hide(id, { id: message_id, number, hidden }) ? [] : [id]
    }
  }
}
