// Sizes and lengths, as the reader writes them.
import { computed } from '@preact/signals'
import { locale } from './language.js'

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
const STEP = 1_000

const formats = computed(() =>
  UNITS.map(
    (unit) =>
      new Intl.NumberFormat(locale.value, {
        style: 'unit',
        unit,
        unitDisplay: unit === 'byte' ? 'long' : 'short',
        maximumFractionDigits: 1,
      }),
  ),
)
const twoDigits = computed(() => new Intl.NumberFormat(locale.value, { minimumIntegerDigits: 2 }))
const oneDigit = computed(() => new Intl.NumberFormat(locale.value))
const percent = computed(() => new Intl.NumberFormat(locale.value, { style: 'percent' }))

export function bytesOf(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
  return formats.value[step]?.format(bytes / STEP ** step) ?? ''
}

/** 1:05, or 1:01:05. */
export function lengthOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(whole / 3_600)
  const minutes = Math.floor(whole / 60) % 60
  const tail = twoDigits.value.format(whole % 60)
  if (hours === 0) return `${oneDigit.value.format(minutes)}:${tail}`
  return `${oneDigit.value.format(hours)}:${twoDigits.value.format(minutes)}:${tail}`
}

export const percentOf = (part: number): string => percent.value.format(part)
