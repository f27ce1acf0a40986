// Who types where, for the list of conversations. The server says it only to those who may know.
import { effect, type Signal, signal } from '@preact/signals'
import { client, me, phase } from './client.js'

/** It ends so long after it was heard last, should nobody say so. */
const LASTS_MS = 13_000

const typing = new Map<string, Signal<readonly string[]>>()
const timers = new Map<string, number>()

/** Those who type there now, whoever began first before the others; never oneself. */
export function typistsIn(conversationId: string): readonly string[] {
  return slot(conversationId).value
}

client.on('signal', ({ type, stream, data }) => {
  if (stream === undefined || data.user_id === me.peek()?.id) return
  if (type === 'typing.started') started(stream, data.user_id)
  else if (type === 'typing.stopped') stopped(stream, data.user_id)
})
// What somebody typed is there now.
client.on('event', ({ type, stream, data }) => {
  const author = (data as { sender_id?: string | null }).sender_id
  if (type === 'message.created' && author) stopped(stream, author)
})

effect(() => {
  if (phase.value !== 'out') return
  for (const timer of timers.values()) clearTimeout(timer)
  timers.clear()
  typing.clear()
})

function started(stream: string, userId: string): void {
  const key = `${stream} ${userId}`
  const held = slot(stream)
  if (!held.peek().includes(userId)) held.value = [...held.peek(), userId]
  clearTimeout(timers.get(key))
  timers.set(
    key,
    setTimeout(() => stopped(stream, userId), LASTS_MS),
  )
}

function stopped(stream: string, userId: string): void {
  const key = `${stream} ${userId}`
  clearTimeout(timers.get(key))
  timers.delete(key)
  const held = typing.get(stream)
  if (held?.peek().includes(userId)) held.value = held.peek().filter((one) => one !== userId)
}

function slot(conversationId: string): Signal<readonly string[]> {
  let held = typing.get(conversationId)
  if (!held) {
    held = signal([])
    typing.set(conversationId, held)
  }
  return held
}
