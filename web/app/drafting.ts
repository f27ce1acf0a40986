// What the composer is at, beside a new message: an answer to one, or one that is written anew.
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Message } from '../../src/sdk/client.js'
import { client, phase, status } from './client.js'
import { changeOf } from './history-changes.js'

export type Drafting = { kind: 'reply' | 'edit'; message: Message }

export const drafting = signal<Drafting | undefined>(undefined)

/** What was begun, by conversation, for as long as the page is open and its writer signed in. */
export const drafts = new Map<string, string>()

export function draftingIn(conversationId: string): Drafting | undefined {
  const now = drafting.value
  return now?.message.conversation_id === conversationId ? now : undefined
}

/** Those that are answered, until the answer is stored and tells itself what it quotes. */
const answered = new Map<string, Message>()
const ANSWERED_MAX = 50

export function reply(message: Message): void {
  answered.set(message.id, message)
  for (const oldest of [...answered.keys()].slice(0, -ANSWERED_MAX)) answered.delete(oldest)
  drafting.value = { kind: 'reply', message }
}

export const answeredBy = (id: string | undefined): Message | undefined =>
  id === undefined ? undefined : answered.get(id)

client.on('event', (event) => {
  const now = drafting.peek()
  const change = now && changeOf(event, now.message.conversation_id)
  if (!change) return
  const isGone = change.kind === 'gone' ? change.id : change.message.deleted_at !== null && change.message.id
  // What was taken back is not held up by whoever wanted to answer it. Of an edit nothing is lost: the server says what is the matter.
  if (isGone === now.message.id && now.kind === 'reply') drafting.value = undefined
})

phase.subscribe((now) => {
  if (now !== 'out') return
  drafting.value = undefined
  drafts.clear()
  answered.clear()
})

/** The server forgets it after 10 s. */
const AGAIN_MS = 4_000

/** Tells the others that I type, while I do. */
export function useTyping(conversationId: string): { typed: (text: string) => void; stopped: () => void } {
  const toldAt = useRef<number | undefined>(undefined)
  const tell = (type: 'typing.start' | 'typing.stop') => {
    // Nothing depends on it.
    client.command(type, { conversation_id: conversationId }).catch(() => undefined)
  }
  const stopped = () => {
    if (toldAt.current !== undefined && status.peek() === 'live') tell('typing.stop')
    toldAt.current = undefined
  }
  useEffect(() => stopped, [conversationId])
  return {
    stopped,
    typed: (text) => {
      if (text.trim() === '') return stopped()
      const now = performance.now()
      if (status.peek() !== 'live' || now - (toldAt.current ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return
      toldAt.current = now
      tell('typing.start')
    },
  }
}
