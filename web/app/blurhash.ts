// A blur of a picture, of some thirty characters (blurha.sh): its colours as a few waves, drawn small and scaled by the browser.
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~'
const SIDE = 24

export const BLUR_SIDE = SIDE

type Colour = [number, number, number]

/** Nothing if it is no blurhash. */
export function drawBlurhash(hash: string, canvas: HTMLCanvasElement): void {
  const context = canvas.getContext('2d')
  const pixels = decode(hash)
  if (context && pixels) context.putImageData(new ImageData(pixels, SIDE, SIDE), 0, 0)
}

export function decode(hash: string): Uint8ClampedArray<ArrayBuffer> | undefined {
  const size = numberOf(hash.slice(0, 1))
  const [across, down] = [(size % 9) + 1, Math.floor(size / 9) + 1]
  if (hash.length !== 4 + 2 * across * down) return undefined
  const waves = wavesOf(hash, across * down)
  const pixels = new Uint8ClampedArray(SIDE * SIDE * 4)
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const sum: Colour = [0, 0, 0]
      for (let j = 0; j < down; j++) {
        for (let i = 0; i < across; i++) {
          const basis = Math.cos((Math.PI * x * i) / SIDE) * Math.cos((Math.PI * y * j) / SIDE)
          const [red, green, blue] = waves[i + j * across] ?? [0, 0, 0]
          sum[0] += red * basis
          sum[1] += green * basis
          sum[2] += blue * basis
        }
      }
      pixels.set([...sum.map(toByte), 255], 4 * (x + y * SIDE))
    }
  }
  return pixels
}

/** The first is the average; of the others each is so strong as the loudest says. */
function wavesOf(hash: string, count: number): Colour[] {
  const most = (numberOf(hash.slice(1, 2)) + 1) / 166
  const average = numberOf(hash.slice(2, 6))
  const waves: Colour[] = [[toLinear(average >> 16), toLinear((average >> 8) & 255), toLinear(average & 255)]]
  for (let at = 1; at < count; at++) {
    const value = numberOf(hash.slice(4 + at * 2, 6 + at * 2))
    const part = (digit: number) => Math.sign(digit - 9) * ((digit - 9) / 9) ** 2 * most
    waves.push([part(Math.floor(value / 361)), part(Math.floor(value / 19) % 19), part(value % 19)])
  }
  return waves
}

function numberOf(digits: string): number {
  let value = 0
  for (const digit of digits) value = value * 83 + Math.max(0, DIGITS.indexOf(digit))
  return value
}

function toLinear(byte: number): number {
  const value = byte / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

function toByte(linear: number): number {
  const value = Math.min(1, Math.max(0, linear))
  return Math.round(255 * (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055))
}
