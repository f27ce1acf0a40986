// Which parts of what somebody wrote lead somewhere: addresses of the web that are written out, and no others.
export type Part = string | { href: string; text: string }

/** Up to a blank, or a mark that would turn the line: what is shown is what is opened. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu
const LENGTH_MAX = 2_000
/** Of the sentence rather than of the address. */
const AFTER = /[.,;:!?'’”»*_~\u060c\u061b\u061f]$/u
const PAIRS: Record<string, string> = { ')': '(', ']': '[', '}': '{' }

export function partsOf(text: string): Part[] {
  if (!text.includes('://')) return [text]
  const parts: Part[] = []
  let from = 0
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = trimmed(found)
    if (!leadsSomewhere(address)) continue
    if (index > from) parts.push(text.slice(from, index))
    parts.push({ href: address, text: address })
    from = index + address.length
  }
  if (from < text.length) parts.push(text.slice(from))
  return parts
}

function trimmed(found: string): string {
  let end = Math.min(found.length, LENGTH_MAX + 1)
  for (;;) {
    const address = found.slice(0, end)
    const last = address.at(-1) ?? ''
    const open = PAIRS[last]
    const isLonely = open !== undefined && address.split(last).length > address.split(open).length
    if (!isLonely && !AFTER.test(address)) return address
    end--
  }
}

/** What stands before an `@` looks like a place, and is none. */
function leadsSomewhere(address: string): boolean {
  if (address.length > LENGTH_MAX || !URL.canParse(address)) return false
  const { protocol, username, password, hostname } = new URL(address)
  return /^https?:$/.test(protocol) && username === '' && password === '' && hostname !== ''
}
