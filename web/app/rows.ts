// Messages as they are drawn: parted by days, and those of one author that follow each other closely under one name.
import type { Message, Unsent } from '../../src/sdk/client.js'
import { dayOf, daySpan } from './days.js'

export type Row =
  | { kind: 'day'; key: string; time: string }
  | { kind: 'new'; key: string }
  | { kind: 'system'; key: string; message: Message }
  | { kind: 'message'; key: string; message: Message | Unsent; authorId: string; isFirst: boolean; isLast: boolean }

type MessageRow = Extract<Row, { message: unknown }>

const TOGETHER_MS = 5 * 60_000
/** The row that was made of a message last. */
const made = new WeakMap<Message | Unsent, MessageRow>()

/**
 * `newFrom`: the number above which a line says that it begins there what is new. A message that is drawn as before has the same row
 * as before, so that it is not drawn again.
 */
export function rowsOf(messages: readonly (Message | Unsent)[], myId: string, newFrom?: number): Row[] {
  const rows: Row[] = []
  let before: Message | Unsent | undefined
  let [lastAt, dayFrom, dayTo] = [0, 0, 0]
  for (const message of messages) {
    const at = Date.parse(message.created_at)
    if (!before || at < dayFrom || at >= dayTo) {
      const key = `day ${dayOf(message.created_at)} ${keyOf(message, myId)}`
      rows.push({ kind: 'day', key, time: message.created_at })
      ;[dayFrom, dayTo] = daySpan(at)
    }
    if (newFrom !== undefined && isBetween(before, newFrom, message)) rows.push({ kind: 'new', key: 'new' })
    const last = rows.at(-1)
    if ('system' in message && message.system) rows.push({ kind: 'system', key: keyOf(message, myId), message })
    else {
      const authorId = authorOf(message, myId)
      const isFirst = last?.kind !== 'message' || last.authorId !== authorId || at - lastAt > TOGETHER_MS
      if (!isFirst) last.isLast = false
      rows.push({ kind: 'message', key: keyOf(message, myId), message, authorId, isFirst, isLast: true })
    }
    before = message
    lastAt = at
  }
  return rows.map(asBefore)
}

function asBefore(row: Row): Row {
  if (!('message' in row)) return row
  const held = made.get(row.message)
  if (held && isSame(held, row)) return held
  made.set(row.message, row)
  return row
}

function isSame(one: MessageRow, other: MessageRow): boolean {
  if (one.kind === 'system' || other.kind === 'system') return one.kind === other.kind
  return one.authorId === other.authorId && one.isFirst === other.isFirst && one.isLast === other.isLast
}

/**
 * Of mine the same before and after it is sent, so that it is not drawn anew. What others have named theirs says nothing: it may be
 * the name of another one.
 */
export function keyOf(message: Message | Unsent, myId: string): string {
  if (!('id' in message)) return message.client_id
  return message.sender_id === myId ? (message.client_id ?? message.id) : message.id
}

/** Not where a stretch begins behind it: then it is further up. */
function isBetween(before: Message | Unsent | undefined, number: number, after: Message | Unsent): boolean {
  if (!('number' in after) || after.number < number) return false
  return before === undefined ? after.number === number : 'number' in before && before.number < number
}

const authorOf = (message: Message | Unsent, myId: string): string =>
  'sender_id' in message ? (message.sender_id ?? '') : myId
