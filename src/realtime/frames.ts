// An event as it is said to one reader. Without the content when the row was changed after the reader had left.
import { encodeEvent } from '../protocols/native.js'
import type { LogEvent } from './log.js'

export function frameFor(event: LogEvent, userId: string): Buffer {
  return encodeEvent(isWithheld(event, userId) ? withoutContent(event) : event)
}

export function isWithheld(event: LogEvent, userId: string): boolean {
  return event.withheld_from?.includes(userId) ?? false
}

/** Only what says where something was. No schema here: what cannot be read must not stop those who hear it after. */
export function withoutContent(event: LogEvent): LogEvent {
  const { id, conversation_id, number } = JSON.parse(event.data)
  return { ...event, data: JSON.stringify({ id, conversation_id, number, gone: true }) }
}
