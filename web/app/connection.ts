// What there is to say about the connection. Nothing, as long as it is as it should be.
import { computed, effect, signal } from '@preact/signals'
import { isLoaded, isOnline, phase, queued, status } from './client.js'
import { t } from './language.js'

const SHOWN_MS = 4_000

/** It was down, and what came meanwhile is here now. */
const isBack = signal(false)
let wasDown = false
let timer: number | undefined

effect(() => {
  const isUp = status.value === 'live'
  if (phase.value !== 'in') wasDown = false
  else if (!isUp && isLoaded.value) wasDown = true
  else if (isUp && wasDown) {
    wasDown = false
    isBack.value = true
    clearTimeout(timer)
    timer = setTimeout(() => {
      isBack.value = false
    }, SHOWN_MS)
  }
})

export type Report = { tone: 'calm' | 'good' | 'bad'; text: string }

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
