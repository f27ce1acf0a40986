// Who is here: asked for, and heard of, for those alone who are on the screen. A new socket knows nothing of the list of the former.
import { effect, type Signal, signal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'
import type { ClientStatus, Status, UserPresence } from '../../src/sdk/client.js'
import { client, status } from './client.js'

/** What a socket may watch; whoever came last is shown. */
const WATCHED_MAX = 200
/** Whoever scrolls past somebody does not want to know. */
const PAUSE_MS = 300

const counts = new Map<string, number>()
const known = new Map<string, Signal<UserPresence | undefined>>()
let timer: number | undefined

export function presenceOf(id: string): UserPresence | undefined {
  return slot(id).value
}

/** Undefined as long as it is not known. */
export const statusOf = (id: string): Status | undefined => presenceOf(id)?.status

/** @returns a function that ends it */
export function watch(id: string): () => void {
  counts.set(id, (counts.get(id) ?? 0) + 1)
  tellSoon()
  return () => {
    const left = (counts.get(id) ?? 1) - 1
    if (left > 0) counts.set(id, left)
    else {
      counts.delete(id)
      tellSoon()
    }
  }
}

/** As long as the element is on the screen. */
export function useWatched(element: RefObject<Element | null>, id: string | undefined): void {
  useEffect(() => {
    const at = element.current
    if (!at || id === undefined) return undefined
    let end: (() => void) | undefined
    looks.set(at, (isSeen) => {
      if (isSeen) end ??= watch(id)
      else {
        end?.()
        end = undefined
      }
    })
    observer.observe(at)
    return () => {
      observer.unobserve(at)
      end?.()
    }
  }, [id])
}

const looks = new WeakMap<Element, (isSeen: boolean) => void>()
const observer = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) looks.get(target)?.(isIntersecting)
})

/** A server that does not hear what is new still says what it knows. */
const isConnected = (now: ClientStatus): boolean => now === 'live' || now === 'stale'

client.on('signal', (frame) => {
  if (frame.type === 'presence.changed' && counts.has(frame.data.user_id)) slot(frame.data.user_id).value = frame.data
})
effect(() => {
  if (isConnected(status.value) && counts.size > 0) tellSoon()
})

function tellSoon(): void {
  if (timer !== undefined) return
  timer = setTimeout(() => {
    timer = undefined
    tell().catch(reportError)
  }, PAUSE_MS)
}

async function tell(): Promise<void> {
  for (const id of known.keys()) if (!counts.has(id)) known.delete(id)
  if (!isConnected(status.peek())) return
  const user_ids = [...counts.keys()].slice(-WATCHED_MAX)
  // Without a socket there will be another one, and it is told then.
  const answer = await client.command('presence.watch', { user_ids }).catch(() => undefined)
  for (const one of answer?.presence ?? []) slot(one.user_id).value = one
}

function slot(id: string): Signal<UserPresence | undefined> {
  let held = known.get(id)
  if (!held) {
    held = signal(undefined)
    known.set(id, held)
  }
  return held
}
