// Files of mine that no message has yet: a message in the outbox knows but their ids.
import { effect, type Signal, signal } from '@preact/signals'
import type { Attachment } from '../../src/sdk/client.js'
import { client, phase } from './client.js'

const KEPT_MAX = 100

const known = new Map<string, Signal<Attachment | undefined>>()

effect(() => {
  if (phase.value === 'out') known.clear()
})

export function hold(attachment: Attachment): void {
  slot(attachment.id).value = attachment
}

/** Undefined until it is known; reading it asks, once. */
export function ownFile(id: string): Attachment | undefined {
  const found = known.get(id)
  if (found) return found.value
  client
    .call('GET /attachments/{id}/info', { path: { id } })
    .then(hold)
    .catch(() => undefined)
  return slot(id).value
}

function slot(id: string): Signal<Attachment | undefined> {
  let held = known.get(id)
  if (!held) {
    held = signal(undefined)
    known.set(id, held)
    const [oldest] = known.keys()
    if (known.size > KEPT_MAX && oldest !== undefined) known.delete(oldest)
  }
  return held
}
