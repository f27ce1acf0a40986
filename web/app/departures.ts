// How a conversation went, as long as the page is open: whoever is removed is told so where they were reading.
import { effect, signal } from '@preact/signals'
import { client, phase } from './client.js'

type Departure = 'left' | 'removed' | 'banned' | 'deleted'

const went = signal<ReadonlyMap<string, Departure>>(new Map())
const stays = signal<ReadonlyMap<string, number>>(new Map())

/** Undefined for what was never there, or is there again. */
export const departureOf = (id: string): Departure | undefined => went.value.get(id)

/** Another number each time that somebody comes back: what was shown before is over. */
export const stayOf = (id: string): number => stays.value.get(id) ?? 0

client.on('event', ({ type, stream, data }) => {
  if (type === 'conversation.deleted') return tell(stream, 'deleted')
  if (type !== 'conversation.left' && type !== 'conversation.joined') return
  const { conversation_id: id, reason } = data as { conversation_id: string; reason?: Departure }
  if (type === 'conversation.left') return tell(id, went.peek().get(id) ?? reason ?? 'removed')
  if (!went.peek().has(id)) return
  const others = new Map(went.peek())
  others.delete(id)
  went.value = others
  stays.value = new Map(stays.peek()).set(id, stayOf(id) + 1)
})

effect(() => {
  if (phase.value !== 'out') return
  went.value = new Map()
  stays.value = new Map()
})

function tell(id: string, departure: Departure): void {
  went.value = new Map(went.peek()).set(id, departure)
}
