// As much XML as S3 answers with: elements without attributes that matter, text, the five entities and numbered ones.

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The text of the first element of that name; undefined when there is none. */
export function readElement(xml: string, name: string): string | undefined {
  const [content] = readElements(xml, name)
  return content === undefined ? undefined : decode(content)
}

/** What is between the tags of each element of that name, as it stands. They must not lie in each other. */
export function readElements(xml: string, name: string): string[] {
  const found: string[] = []
  const close = `</${name}>`
  // Searched for by hand: a pattern with a lazy middle takes quadratic time on text that never closes.
  for (let at = xml.indexOf(`<${name}`); at !== -1; at = xml.indexOf(`<${name}`, at + 1)) {
    const after = at + name.length + 1
    if (!/[\s>]/.test(xml[after] ?? '')) continue
    const start = xml.indexOf('>', after) + 1
    const end = xml.indexOf(close, start)
    if (start === 0 || end === -1) break
    found.push(xml.slice(start, end))
    at = end
  }
  return found
}

export function encodeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,4}));/gi, (whole, hex, decimal, name) => {
    if (name) return ENTITIES[name] ?? whole
    const point = hex ? Number.parseInt(hex, 16) : Number(decimal)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}
