// The picture of whoever has not chosen one. It depends on an id alone, so it needs no storage and holds no words of
// users; the same id looks the same on every device and after every restart.
import { createHash } from 'node:crypto'

const CELLS = 5
const CELL = 14
const MARGIN = (100 - CELLS * CELL) / 2
/** Of the white shape against each colour: WCAG asks 3 of graphics, and 4.5 of text. */
const MIN_CONTRAST = 4.5

/** A square SVG without scripts, links or text. */
export function drawAvatar(seed: string): string {
  const bytes = createHash('sha256').update(seed).digest()
  const hue = (bytes.readUInt16BE(0) / 65_536) * 360
  const [first, second] = [darkEnough(hue), darkEnough((hue + 40 + (bytes[2] ?? 0) / 4) % 360)]
  // Several may stand in one page, where the same id twice would give all of them one gradient.
  const id = `a${bytes.toString('hex', 3, 9)}`
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="256" height="256">',
    `<defs><linearGradient id="${id}" x1="0" y1="0" x2="1" y2="1">`,
    `<stop offset="0" stop-color="${first}"/><stop offset="1" stop-color="${second}"/></linearGradient></defs>`,
    `<rect width="100" height="100" fill="url(#${id})"/><g fill="#fff">${shape(bytes.readUInt32BE(12))}</g></svg>`,
  ].join('')
}

/** Cells of the left half and the middle column, mirrored. */
function shape(bits: number): string {
  const squares: string[] = []
  const half = Math.ceil(CELLS / 2)
  for (let index = 0; index < half * CELLS; index++) {
    const [column, row] = [index % half, Math.floor(index / half)]
    const isMiddle = index === Math.floor(CELLS / 2) * half + half - 1
    // The middle always shows: no shape is empty.
    if (!isMiddle && ((bits >> index) & 1) === 0) continue
    for (const x of new Set([column, CELLS - 1 - column])) {
      squares.push(
        `<rect x="${MARGIN + x * CELL}" y="${MARGIN + row * CELL}" width="${CELL}" height="${CELL}" rx="3"/>`,
      )
    }
  }
  return squares.join('')
}

/** The lightest of this hue on which white can be seen. */
function darkEnough(hue: number): string {
  for (let lightness = 0.6; ; lightness -= 0.02) {
    const rgb = [0, 8, 4].map((n) => channel(n, hue, 0.6, lightness))
    if (1.05 / (luminance(rgb) + 0.05) >= MIN_CONTRAST) {
      return `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`
    }
  }
}

/** HSL to one of red (0), green (8), blue (4), as CSS defines it. */
function channel(n: number, hue: number, saturation: number, lightness: number): number {
  const k = (n + hue / 30) % 12
  const spread = saturation * Math.min(lightness, 1 - lightness)
  return Math.round(255 * (lightness - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
}

/** Relative luminance, as WCAG defines it. */
function luminance(rgb: number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb
    .map((value) => value / 255)
    .map((value) => (value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
