// What events say about messages that are held.
import type { EventFrame, Message, Unsent } from '../../src/sdk/client.js'

export type Change = { kind: 'changed'; message: Message } | { kind: 'gone'; id: string }

const EXCERPT_LENGTH = 140
const OF_MESSAGES = new Set(['message.edited', 'message.deleted', 'attachment.ready', 'attachment.removed'])

export const isStored = (message: Message | Unsent): message is Message => 'number' in message

/** Undefined for what changes no message of this conversation. */
export function changeOf({ type, stream, data }: EventFrame, conversationId: string): Change | undefined {
  if (type === 'message.hidden') {
    const { conversation_id, message_id, hidden } = data as Record<string, unknown>
    return conversation_id === conversationId && hidden ? { kind: 'gone', id: String(message_id) } : undefined
  }
  if (stream !== conversationId || !OF_MESSAGES.has(type)) return undefined
  const message = data as Message & { gone?: true }
  return message.gone ? { kind: 'gone', id: message.id } : { kind: 'changed', message }
}

/** The same list if it says nothing about what is in it. */
export function alter(messages: readonly Message[], change: Change): readonly Message[] {
  if (change.kind === 'gone') {
    const left = messages.filter(({ id }) => id !== change.id)
    return left.length < messages.length ? left : messages
  }
  const { message } = change
  if (!messages.some(({ id, reply_to }) => id === message.id || reply_to?.id === message.id)) return messages
  const excerpt = message.content === null ? null : [...message.content].slice(0, EXCERPT_LENGTH).join('')
  return messages.map((one) => {
    if (one.id === message.id) return message
    return one.reply_to?.id === message.id ? { ...one, reply_to: { ...one.reply_to, excerpt } } : one
  })
}
