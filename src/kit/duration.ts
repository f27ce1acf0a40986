const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** '90s', '15m', '24h' or '30d' in seconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})([smhd])$/.exec(text)
  if (!match) return undefined
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
}
