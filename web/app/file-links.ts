// Addresses of files for what cannot send a token: an image, a player, a link. Signed by the server, many at a time, and good
// for some minutes; what has begun to load may go on afterwards.
import { effect, type Signal, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { client, phase } from './client.js'
import { gather } from './gather.js'

const ASKED_MAX = 100
const KEPT_MAX = 1_000
/** An address that ends so soon is not begun with any more. */
const EARLY_MS = 60_000
/** So long one is used at most, whatever the clock here says of its end: it may be wrong by an hour. */
const USED_MS = 600_000
/** One that does not work may have ended; to ask for another one at once, and again, would go on for ever. */
const PAUSE_MS = 30_000

/** By the clock here: until when it is begun with, and since when it is there. */
type Link = { url: string; until: number; at: number }

const known = new Map<string, Signal<Link | undefined>>()

effect(() => {
  if (phase.value !== 'out') return
  for (const held of known.values()) held.value = undefined
  known.clear()
})

/** For a component that shows the file: undefined until there is an address. It stays while it is shown, unless it does not work. */
export function useFileLink(id: string): string | undefined {
  const held = slot(id)
  useEffect(() => {
    const link = held.peek()
    if (!link || link.until < Date.now()) want(id)
    // Another one when this one had to make room.
  }, [id, held])
  return held.value?.url
}

/** It could not be loaded: perhaps the address has ended, or the connection. @returns false where it is too new for that */
export function renewLink(id: string): boolean {
  const link = slot(id).peek()
  if (link && Date.now() - link.at <= PAUSE_MS) return false
  want(id)
  return true
}

/** Hands it to the browser, by an address that works. */
export async function download(id: string, filename: string): Promise<void> {
  const anchor = document.createElement('a')
  anchor.href = await freshLink(id)
  anchor.download = filename
  anchor.click()
}

function freshLink(id: string): Promise<string> {
  const held = slot(id)
  const isGood = (link: Link | undefined): link is Link => link !== undefined && link.until > Date.now()
  if (!isGood(held.peek())) want(id)
  return new Promise((resolve) => {
    const stop = effect(() => {
      const link = held.value
      if (!isGood(link)) return
      resolve(link.url)
      queueMicrotask(() => stop())
    })
  })
}

/** A name that can be put behind any address: it has a query already. */
export const variantOf = (url: string, name: 'thumbnail' | 'preview' | 'large'): string => `${url}&variant=${name}`

function slot(id: string): Signal<Link | undefined> {
  let held = known.get(id)
  if (!held) {
    held = signal(undefined)
    known.set(id, held)
    const [oldest] = known.keys()
    if (known.size > KEPT_MAX && oldest !== undefined) known.delete(oldest)
  }
  return held
}

const want = gather(ASKED_MAX, async (ids) => {
  const { data, expires_at } = await client.call('POST /attachments/urls', { body: { attachment_ids: ids } })
  if (phase.peek() !== 'in') return
  const at = Date.now()
  const left = Date.parse(expires_at) - at - EARLY_MS
  const until = at + (left > 0 ? Math.min(left, USED_MS) : USED_MS)
  for (const { attachment_id, url } of data) slot(attachment_id).value = { url, until, at }
})
