// Who is who: messages carry ids. Whoever is needed is asked for once, many at a time, and kept on this device, so that names are
// there without a network too.
import { effect, type Signal, signal } from '@preact/signals'
import type { Conversation, User } from '../../src/sdk/client.js'
import { client, conversations, me, phase } from './client.js'
import { gather } from './gather.js'
import { recall, remember } from './remembered.js'

export type Person = Pick<User, 'id' | 'username' | 'display_name' | 'avatar_url' | 'deleted'>

const ASKED_MAX = 100
const KEPT_MAX = 500
const SAVE_MS = 1_000
const KNOWN_MS = 2_000

const known = new Map<string, Signal<Person | undefined>>()
/** Asked for since the page is open. What was kept before may be old: nobody was told meanwhile. */
const fresh = new Set<string>()
let isSaving = false

const want = gather(ASKED_MAX, async (ids) => {
  const { data } = await client.call('GET /users', { query: { ids } })
  if (phase.peek() !== 'in') return
  // Whoever is not answered is not there.
  for (const id of ids) fresh.add(id)
  learn(data)
})

for (const person of readKept()) slot(person.id).value = person

/** Undefined until it is known; reading it asks. */
export function person(id: string): Person | undefined {
  if (!fresh.has(id)) want(id)
  return slot(id).value
}

/** As soon as they are known; but what is said of them must not wait for ever. */
export function untilKnown(id: string): Promise<Person | undefined> {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (person(id)) resolve(slot(id).peek())
    })
    setTimeout(() => {
      stop()
      resolve(slot(id).peek())
    }, KNOWN_MS)
  })
}

/** The other one of a direct conversation. What the conversation says of them is as old as it is itself. */
export function peerOf({ peer }: Conversation): Person | undefined {
  return peer ? (person(peer.id) ?? peer) : undefined
}

/** What was learned by the way. */
export function learn(people: readonly User[]): void {
  for (const { id, username, display_name, avatar_url, deleted } of people) {
    const held = slot(id)
    fresh.add(id)
    const before = held.peek()
    const isSame =
      before?.display_name === display_name && before.avatar_url === avatar_url && before.username === username
    if (!isSame || before?.deleted !== deleted) held.value = { id, username, display_name, avatar_url, deleted }
  }
  if (!isSaving) setTimeout(save, SAVE_MS)
  isSaving = true
}

effect(() => {
  if (me.value) learn([me.value])
  for (const { peer } of conversations.value) {
    const held = peer && slot(peer.id)
    if (held && held.peek() === undefined) held.value = peer
  }
})
effect(() => {
  if (phase.value !== 'out') return
  for (const held of known.values()) held.value = undefined
  fresh.clear()
  remember('people', undefined)
})
addEventListener('pagehide', () => {
  if (isSaving) save()
})
client.on('signal', ({ type, data }) => {
  if (type === 'profile.changed' && known.has(data.user_id)) want(data.user_id)
})

function slot(id: string): Signal<Person | undefined> {
  let held = known.get(id)
  if (!held) {
    held = signal(undefined)
    known.set(id, held)
  }
  return held
}

function save(): void {
  isSaving = false
  const people = [...known.values()].flatMap((held) => held.peek() ?? []).slice(-KEPT_MAX)
  if (phase.peek() === 'in') remember('people', JSON.stringify(people))
}

function readKept(): Person[] {
  try {
    const kept: unknown = JSON.parse(recall('people') ?? '[]')
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.id === 'string') : []
  } catch {
    return []
  }
}
