const UNITS: Record<string, number> = { '': 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 }

/** `512`, `64kB`, `100MB`, `1GiB` in bytes; undefined for anything else. */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = UNITS[unit?.toLowerCase() ?? '-']
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor
}
