// Messages as they are drawn: parted by days, and those of one author that follow each other closely under one name.
import type { Message, Unsent } from '../../src/sdk/client.js'
import { dayOf } from './format.js'

export type Row =
  | { kind: 'day'; key: string; time: string }
  | { kind: 'system'; key: string; message: Message }
  | { kind: 'message'; key: string; message: Message | Unsent; authorId: string; isFirst: boolean; isLast: boolean }

const TOGETHER_MS = 5 * 60_000

export function rowsOf(messages: readonly (Message | Unsent)[], myId: string): Row[] {
  const rows: Row[] = []
  let before: Message | Unsent | undefined
  for (const message of messages) {
    if (!before || dayOf(before.created_at) !== dayOf(message.created_at)) {
      rows.push({ kind: 'day', key: `day ${dayOf(message.created_at)} ${keyOf(message)}`, time: message.created_at })
    }
    const last = rows.at(-1)
    if ('system' in message && message.system) rows.push({ kind: 'system', key: keyOf(message), message })
    else {
      const authorId = authorOf(message, myId)
      const isFirst = last?.kind !== 'message' || last.authorId !== authorId || isApart(last.message, message)
      if (!isFirst) last.isLast = false
      rows.push({ kind: 'message', key: keyOf(message), message, authorId, isFirst, isLast: true })
    }
    before = message
  }
  return rows
}

/** The same before and after it is sent, so that it is not drawn anew. */
function keyOf(message: Message | Unsent): string {
  return message.client_id ?? ('id' in message ? message.id : '')
}

const authorOf = (message: Message | Unsent, myId: string): string =>
  'sender_id' in message ? (message.sender_id ?? '') : myId

const isApart = (one: Message | Unsent, other: Message | Unsent): boolean =>
  Date.parse(other.created_at) - Date.parse(one.created_at) > TOGETHER_MS
