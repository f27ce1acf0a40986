// Times, as the reader writes them.
import { computed } from '@preact/signals'
import { locale } from './language.js'

const DAY_MS = 86_400_000
const clock = computed(() => new Intl.DateTimeFormat(locale.value, { hour: 'numeric', minute: '2-digit' }))
const weekday = computed(() => new Intl.DateTimeFormat(locale.value, { weekday: 'long' }))
const shortWeekday = computed(() => new Intl.DateTimeFormat(locale.value, { weekday: 'short' }))
const date = computed(() => new Intl.DateTimeFormat(locale.value, { day: 'numeric', month: 'short' }))
const longDate = computed(
  () => new Intl.DateTimeFormat(locale.value, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
)
const relative = computed(() => new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' }))
const full = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'full', timeStyle: 'short' }))
const number = computed(() => new Intl.NumberFormat(locale.value))
const list = computed(() => new Intl.ListFormat(locale.value))

/** By the days of the reader: two times are of one day when this is the same. */
export function dayOf(time: string): number {
  const at = new Date(time)
  return Math.round(new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime() / DAY_MS)
}

const daysAgo = (time: string): number => dayOf(new Date().toISOString()) - dayOf(time)

export const timeOfDay = (time: string): string => clock.value.format(new Date(time))
export const fullTime = (time: string): string => full.value.format(new Date(time))
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
