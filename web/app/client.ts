// The one client of this page, and what it holds as signals: each is another value exactly when it has changed.
import { batch, computed, effect, type Signal, signal } from '@preact/signals'
import {
  type ClientStatus,
  type Conversation,
  Earshot,
  EarshotError,
  type Me,
  type Unsent,
} from '../../src/sdk/client.js'
import { oncePerFrame } from './frames.js'
import { openStorage } from './storage.js'

/** Where somebody stands; `starting` only until it is known whether a session was kept. */
type Phase = 'starting' | 'out' | 'in'

export const client = new Earshot({ url: location.origin, storage: openStorage() })
export const phase = signal<Phase>('starting')
export const status = signal<ClientStatus>(client.status)
export const me = signal<Me | undefined>(undefined)
export const conversations = signal<readonly Conversation[]>([])
/** As far as they were loaded: the list asks for them when they are wanted. */
export const archived = signal<readonly Conversation[]>([])
export const outbox = signal<readonly Unsent[]>([])
/** Whether everything was loaded at least once: until then an empty list means nothing. */
export const isLoaded = signal(false)
/** Why somebody who was signed in is not any more. */
export const hasEnded = signal(false)
/** What the browser says: it knows of a cable that is out before any socket does. */
export const isOnline = signal(navigator.onLine)
export const queued = computed(() => outbox.value.filter(({ state }) => state === 'waiting').length)

for (const name of ['online', 'offline']) {
  addEventListener(name, () => {
    isOnline.value = navigator.onLine
  })
}

client.on('change', oncePerFrame(look))
client.on('status', (now) => {
  batch(() => {
    status.value = now
    if (now === 'signed out') {
      hasEnded.value = phase.value === 'in' && !isLeaving
      phase.value = 'out'
      isLoaded.value = false
    } else if (now !== 'offline') phase.value = 'in'
    if (now === 'live') isLoaded.value = true
    look()
  })
})
if (IS_DEV) client.on('error', (error) => reportError(error))

function look(): void {
  batch(() => {
    me.value = client.me
    put(conversations, client.conversations)
    put(archived, client.archived)
    put(outbox, client.outbox)
    // What was kept is as good as loaded.
    if (client.me && client.conversations.length > 0) isLoaded.value = true
  })
}

/** The client makes a list each time that it is asked; what is drawn from one is not drawn again for the same. */
function put<T>(held: Signal<readonly T[]>, now: readonly T[]): void {
  const before = held.peek()
  if (before.length !== now.length || now.some((one, index) => one !== before[index])) held.value = now
}

/** Goes on with the session that was kept. Whether there was one is told by `phase`. */
export function start(): void {
  client.start().catch((error) => {
    // `aborted`: another start follows.
    if (error instanceof EarshotError && error.code === 'aborted') return
    if (phase.value === 'starting') phase.value = 'out'
  })
}

/** @throws EarshotError */
export async function enter(ask: () => Promise<void>): Promise<void> {
  await ask()
  hasEnded.value = false
  start()
}

let isLeaving = false
export async function leave(): Promise<void> {
  isLeaving = true
  await client.signOut().finally(() => {
    isLeaving = false
  })
}

/** Resolves when everything is up to date. */
export function untilLive(): Promise<void> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (status.value !== 'live') return
      resolve()
      queueMicrotask(() => stop())
    })
  })
}
