// What there is to say about the connection. Nothing, as long as it is as it should be.
import { computed, effect, signal } from '@preact/signals'
import { isLoaded, isOnline, phase, queued, status } from './client.js'
import { t } from './language.js'

const SHOWN_MS = 4_000
/** As long as the banner waits before it shows (overlays.css): what nobody saw go need not be said to be back. */
const UNSEEN_MS = 1_000

/** It was down, and what came meanwhile is here now. */
const isBack = signal(false)
let downAt: number | undefined
let timer: number | undefined

effect(() => {
  const isUp = status.value === 'live'
  if (phase.value !== 'in') downAt = undefined
  else if (!isUp && isLoaded.value) downAt ??= performance.now()
  else if (isUp && downAt !== undefined) {
    isBack.value = performance.now() - downAt > UNSEEN_MS
    downAt = undefined
    clearTimeout(timer)
    timer = setTimeout(() => {
      isBack.value = false
    }, SHOWN_MS)
  }
})

type Report = { tone: 'calm' | 'good' | 'bad'; text: string }

export const report = computed<Report | undefined>(() => {
  const say = t().connection
  const isCut = !isOnline.value && (status.value !== 'live' || queued.value > 0)
  const waiting = queued.value > 0 ? ` ${say.queued(queued.value)}` : ''
  // A socket that is there proves more than what the browser believes, unless nothing gets through.
  if (isCut && status.value !== 'signed out') return { tone: 'bad', text: say.offline + waiting }
  switch (status.value) {
    case 'live':
      return isBack.value ? { tone: 'good', text: say.back } : undefined
    case 'catching up':
      return { tone: 'calm', text: say.catchingUp + waiting }
    case 'stale':
      return { tone: 'bad', text: say.stale }
    case 'signed out':
      return undefined
    default:
      return { tone: 'calm', text: say.reconnecting + waiting }
  }
})
