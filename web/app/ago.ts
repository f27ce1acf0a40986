// How long ago, or until when, in the words of the reader.
import { computed } from '@preact/signals'
import { locale } from './language.js'

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
const relative = computed(() => new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' }))
const short = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short' }))
const day = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'long' }))

export function ago(time: string): string {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1_000)
  for (const [unit, length] of STEPS) {
    if (seconds >= length) return relative.value.format(-Math.floor(seconds / length), unit)
  }
  return relative.value.format(0, 'minute')
}

export const dateAndTime = (time: string): string => short.value.format(new Date(time))
export const dateOf = (time: string): string => day.value.format(new Date(time))
