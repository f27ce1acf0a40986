// What time it is: as it goes on, for what is shown of it, and at the server, whose clock counts where something ends.
import { computed, signal } from '@preact/signals'
import { client, status } from './client.js'
import { dayOf } from './days.js'

const MINUTE_MS = 60_000

/** How much the server's clock is ahead of the one here, as the last event has told. */
let ahead = 0

export const serverNow = (): number => Date.now() + ahead

const tick = signal(0)

/** Of the server, each minute another one: whoever reads it is drawn again. */
export const minute = computed(() => {
  tick.value
  return serverNow()
})
/** As dayOf() counts them. */
export const today = computed(() => {
  tick.value
  return dayOf(new Date().toISOString())
})

client.on('event', ({ at }) => {
  // What is told after a while without a connection is not of now.
  const time = Date.parse(at)
  if (status.peek() === 'live' && !Number.isNaN(time)) ahead = time - Date.now()
})

function go(): void {
  tick.value++
  setTimeout(go, MINUTE_MS - (Date.now() % MINUTE_MS))
}
go()
// A hidden page is not woken each minute, and a computer that slept not at all.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') tick.value++
})
