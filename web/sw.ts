// Keeps the page itself, so that it opens without a network. What people write is kept by the SDK, never here.
// The types of a worker and those of a page do not go together: these few are all that is used.
type Waiting = { waitUntil(work: Promise<unknown>): void }
type Fetching = { request: Request; respondWith(answer: Promise<Response>): void }
type Window = { url: string; focus(): Promise<unknown>; postMessage(message: unknown): void }
type Clicking = Waiting & { notification: { data: { path?: string } | null; close(): void } }
type Worker = {
  location: Location
  clients: {
    claim(): Promise<void>
    matchAll(options: { type: 'window' }): Promise<Window[]>
    openWindow(url: string): Promise<unknown>
  }
  addEventListener(type: 'install' | 'activate', listener: (event: Waiting) => void): void
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void
  addEventListener(type: 'notificationclick', listener: (event: Clicking) => void): void
}

/** Put in by the build: the page, and whatever it may load. */
declare const KEPT: string[]

const worker = globalThis as unknown as Worker
const PREFIX = 'page:'
/** Names change with their contents, so the list is a version. */
const CACHE = PREFIX + KEPT.join()
const FIXED = new Set(KEPT)
/** Pages of the server's own, which are no part of the app. */
const OTHERS = /^\/(api|docs|swagger|health|metrics|ws|\.well-known)(\/|$)/

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(KEPT)))
})

worker.addEventListener('activate', (event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name)
    await worker.clients.claim()
  }
  event.waitUntil(clean())
})

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== worker.location.origin) return
  if (request.mode === 'navigate') {
    // The newest page wherever there is a network: the one that is kept may be of an older server.
    if (!OTHERS.test(url.pathname)) event.respondWith(newest(request))
  } else if (FIXED.has(url.pathname)) event.respondWith(kept(url.pathname, request))
})

// Where the conversation is that it tells of: in the page that is open, or in a new one.
worker.addEventListener('notificationclick', (event) => {
  const { notification } = event
  const path = notification.data?.path ?? '/'
  notification.close()
  const show = async () => {
    const all = await worker.clients.matchAll({ type: 'window' })
    const open = all.find(({ url }) => !OTHERS.test(new URL(url).pathname))
    if (!open) return worker.clients.openWindow(path)
    open.postMessage({ path })
    return open.focus()
  }
  event.waitUntil(show())
})

/** A proxy whose server is just being started anew says so by one of these; the page knows how to wait. */
const NOT_THERE = new Set([502, 503, 504])

async function newest(request: Request): Promise<Response> {
  const answer = await fetch(request).catch(() => undefined)
  return answer && !NOT_THERE.has(answer.status) ? answer : kept('/', request)
}

/** Whoever asks for it, and however packed it came: it is the same. */
async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  return (await cache.match(path, { ignoreVary: true })) ?? fetch(request)
}
