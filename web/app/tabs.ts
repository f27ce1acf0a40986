// One tab at a time: a storage belongs to one client (two would use up each other's tokens). The one that was opened last may
// take over; the other one then says so and does nothing.
import { signal } from '@preact/signals'
import { recall, remember } from './remembered.js'

export const isElsewhere = signal(false)

const NAME = 'earshot'

const TAKING = 'taking'

/** `onMine` when this tab may begin, `onLost` when another one has taken over. */
export function claimTab(onMine: () => void, onLost: () => void): void {
  // Only where the origin is a secure one; elsewhere it is for people not to open two.
  if (!('locks' in navigator)) return onMine()
  const isTaking = recall(TAKING) !== undefined
  remember(TAKING, undefined)
  navigator.locks
    .request(NAME, isTaking ? { steal: true } : { ifAvailable: true }, (lock) => {
      isElsewhere.value = lock === null
      if (lock === null) return undefined
      onMine()
      // Held until the tab is closed, or robbed.
      return new Promise(() => undefined)
    })
    .catch(() => {
      isElsewhere.value = true
      onLost()
    })
}

/** Begins anew: what this tab remembers of the storage, the other one has changed since. */
export function takeOver(): void {
  remember(TAKING, '1')
  location.reload()
}
