// How far the others have received and read the conversation that is on the screen. They tell it one by one; a message of mine
// is as far as the one who is least far.
import { effect, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Conversation, Receipt } from '../../src/sdk/client.js'
import { client, me, status } from './client.js'

/** Of a larger conversation nobody is told. */
const MEMBERS_MAX = 100
const GATHER_MS = 500
const NOWHERE = { read: 0, delivered: 0 }

type Reach = typeof NOWHERE

/** All others have read, and received, up to these numbers. */
export const reach = signal<Reach>(NOWHERE)

/** For the one component that shows the conversation. */
export function useReach(conversation: Conversation | undefined): void {
  const { id, member_count = 0 } = conversation ?? {}
  const isTold = member_count <= MEMBERS_MAX
  useEffect(() => (id !== undefined && isTold ? follow(id) : undefined), [id, isTold])
}

function follow(id: string): () => void {
  const positions = new Map<string, Receipt>()
  let isOver = false
  /** Until all are known, nobody is the one who is least far. */
  let isComplete = false
  const put = (heard: Receipt) => {
    if (heard.user_id === me.peek()?.id) return
    const held = positions.get(heard.user_id)
    positions.set(heard.user_id, held ? larger(held, heard) : heard)
  }
  const tell = () => {
    if (isComplete) reach.value = leastOf([...positions.values()])
  }
  const load = async () => {
    let cursor: string | null = null
    do {
      const query: { limit: number; cursor?: string } = { limit: MEMBERS_MAX, ...(cursor !== null && { cursor }) }
      const page = await client.call('GET /conversations/{id}/receipts', { path: { id }, query })
      if (isOver) return
      for (const one of page.data) put(one)
      cursor = page.next_cursor
    } while (cursor !== null)
    isComplete = true
    tell()
  }
  let timer: number | undefined
  const again = () => {
    timer = undefined
    load().catch(() => undefined)
  }
  const stops = [
    // What was told meanwhile was not heard.
    effect(() => {
      if (status.value === 'live') again()
    }),
    client.on('signal', ({ type, stream, data }) => {
      if (type !== 'receipt.updated' || stream !== id) return
      put(data)
      tell()
    }),
    client.on('event', ({ type, stream, data }) => {
      if (stream !== id) return
      if (type === 'member.removed' && positions.delete((data as { user_id: string }).user_id)) tell()
      // Many may come at once.
      if (type === 'member.added') timer ??= setTimeout(again, GATHER_MS)
    }),
    // Whoever says something has read what was there; nobody is told.
    client.on('event', ({ type, stream, data }) => {
      const { sender_id, number } = data as { sender_id?: string | null; number: number }
      if (type !== 'message.created' || stream !== id || !sender_id || !positions.has(sender_id)) return
      put({ user_id: sender_id, read_number: number, delivered_number: number })
      tell()
    }),
  ]
  return () => {
    isOver = true
    clearTimeout(timer)
    reach.value = NOWHERE
    for (const stop of stops) stop()
  }
}

/** Who does not show what they read does not show it by writing either. */
function larger(held: Receipt, heard: Receipt): Receipt {
  const isHidden = held.read_number === null || heard.read_number === null
  return {
    user_id: held.user_id,
    read_number: isHidden ? null : Math.max(held.read_number ?? 0, heard.read_number ?? 0),
    delivered_number: Math.max(held.delivered_number, heard.delivered_number),
  }
}

function leastOf(others: readonly Receipt[]): Reach {
  if (others.length === 0) return NOWHERE
  return {
    read: Math.min(...others.map(({ read_number }) => read_number ?? 0)),
    delivered: Math.min(...others.map(({ delivered_number }) => delivered_number)),
  }
}
