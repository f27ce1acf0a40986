// Times, as the reader writes them.
import { computed } from '@preact/signals'
import { minute, today } from './clock.js'
import { dayOf } from './days.js'
import { locale } from './language.js'

const clock = computed(() => new Intl.DateTimeFormat(locale.value, { hour: 'numeric', minute: '2-digit' }))
const weekday = computed(() => new Intl.DateTimeFormat(locale.value, { weekday: 'long' }))
const shortWeekday = computed(() => new Intl.DateTimeFormat(locale.value, { weekday: 'short' }))
const date = computed(() => new Intl.DateTimeFormat(locale.value, { day: 'numeric', month: 'short' }))
const longDate = computed(
  () => new Intl.DateTimeFormat(locale.value, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
)
const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]
const relative = computed(() => new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' }))
const full = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'full', timeStyle: 'short' }))
const short = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short' }))
const day = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'long' }))
const number = computed(() => new Intl.NumberFormat(locale.value))
const list = computed(() => new Intl.ListFormat(locale.value))

const daysAgo = (time: string): number => today.value - dayOf(time)

export const timeOfDay = (time: string): string => clock.value.format(new Date(time))
export const fullTime = (time: string): string => full.value.format(new Date(time))
export const dateAndTime = (time: string): string => short.value.format(new Date(time))
export const dateOf = (time: string): string => day.value.format(new Date(time))
export const numberOf = (value: number): string => number.value.format(value)
export const listOf = (names: string[]): string => list.value.format(names)

/** In little room: the time of today, the day of this week, or the date. */
export function shortTime(time: string): string {
  const days = daysAgo(time)
  if (days <= 0) return timeOfDay(time)
  return (days < 7 ? shortWeekday : date).value.format(new Date(time))
}

/** Above the messages of a day. */
export function dayTitle(time: string): string {
  const days = daysAgo(time)
  if (days >= 0 && days < 2) return capital(relative.value.format(-days, 'day'))
  return (days >= 0 && days < 7 ? weekday : longDate).value.format(new Date(time))
}

const capital = (text: string): string => text.charAt(0).toLocaleUpperCase(locale.value) + text.slice(1)

/** How long ago, to the minute. */
export function ago(time: string): string {
  const seconds = Math.max(0, (minute.value - Date.parse(time)) / 1_000)
  for (const [unit, length] of STEPS) {
    if (seconds >= length) return relative.value.format(-Math.floor(seconds / length), unit)
  }
  return relative.value.format(0, 'minute')
}
