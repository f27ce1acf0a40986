// Which screen an address means. The server answers each of them with the same page (src/http/routes/web.ts).
import { computed, signal } from '@preact/signals'
import { closeTop } from './layers.js'

export type Place =
  | { name: 'home' | 'sign-in' | 'sign-up' | 'nowhere' }
  | { name: 'conversation'; id: string; message?: number; hasDetails?: boolean }
  | { name: 'settings'; part?: string }

const path = signal(location.pathname)
addEventListener('popstate', () => {
  // A step back, one forward: the history is as it was.
  if (closeTop()) history.pushState(null, '', path.peek())
  else path.value = location.pathname
})

export const place = computed<Place>(() => placeOf(path.value))

export function placeOf(path: string): Place {
  if (path === '/') return { name: 'home' }
  if (path === '/sign-in' || path === '/sign-up') return { name: path === '/sign-in' ? 'sign-in' : 'sign-up' }
  const settings = /^\/settings(?:\/([a-z]+))?$/.exec(path)
  if (settings) return { name: 'settings', part: settings[1] }
  const details = /^\/c\/([0-9a-f-]{36})\/details$/.exec(path)?.[1]
  if (details) return { name: 'conversation', id: details, hasDetails: true }
  const [, id, number] = /^\/c\/([0-9a-f-]{36})(?:\/m\/(\d{1,9}))?$/.exec(path) ?? []
  if (id === undefined) return { name: 'nowhere' }
  return { name: 'conversation', id, ...(number !== undefined && { message: Number(number) }) }
}

export function go(to: string, { replace = false } = {}): void {
  if (to === location.pathname) return
  if (replace) history.replaceState(null, '', to)
  else history.pushState(null, '', to)
  path.value = to
}
