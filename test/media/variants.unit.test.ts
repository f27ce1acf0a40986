import { readFileSync } from 'node:fs'
import { decode, isBlurhashValid } from 'blurhash'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { drawAvatar } from '../../src/media/drawn-avatar.js'
import { makeVariants, squareAvatar } from '../../src/media/variants.js'
import { blackPng, heic } from './bytes.js'
import { type Folder, makeFolder } from './folder.js'

const plain = (width: number, height: number, background = '#c00') =>
  sharp({ create: { width, height, channels: 3, background } })

async function variantsOf(folder: Folder, bytes: Buffer) {
  const made = await makeVariants(folder.write('from', bytes), (name) => folder.path(`${name}.webp`))
  const read = await Promise.all(made.variants.map(({ name }) => sharp(folder.path(`${name}.webp`)).metadata()))
  for (const [index, variant] of made.variants.entries()) {
    expect(read[index]).toMatchObject({ format: 'webp', width: variant.width, height: variant.height })
    expect(readFileSync(folder.path(`${variant.name}.webp`)).length).toBe(variant.size)
  }
  return { ...made, sizes: made.variants.map(({ name, width, height }) => [name, width, height]), read }
}

test('three smaller pictures fit in their squares, upright and without metadata', async () => {
  using folder = makeFolder()
  const turned = await plain(2_000, 1_000)
    .withExif({ IFD0: { Copyright: 'SECRET' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer()
  const { sizes, read } = await variantsOf(folder, turned)
  expect(sizes).toEqual([
    ['large', 640, 1_280],
    ['preview', 320, 640],
    ['thumbnail', 75, 150],
  ])
  expect(read.map(({ exif, icc, xmp, orientation }) => ({ exif, icc, xmp, orientation }))).toEqual([{}, {}, {}])
})

test('none is larger than the image, and what would not be smaller is left out but for the thumbnail', async () => {
  using folder = makeFolder()
  const names = async (width: number, height: number) =>
    (await variantsOf(folder, await plain(width, height).png().toBuffer())).sizes
  expect(await names(1_281, 10)).toEqual([
    ['large', 1_280, 10],
    ['preview', 640, 5],
    ['thumbnail', 150, 1],
  ])
  expect(await names(1_280, 960)).toEqual([
    ['preview', 640, 480],
    ['thumbnail', 150, 113],
  ])
  expect(await names(640, 480)).toEqual([['thumbnail', 150, 113]])
  expect(await names(100, 40)).toEqual([['thumbnail', 100, 40]])
  expect(await names(1, 1)).toEqual([['thumbnail', 1, 1]])
  expect(await names(5_000, 1)).toEqual([
    ['large', 1_280, 1],
    ['preview', 640, 1],
    ['thumbnail', 150, 1],
  ])
})

test('a preview moves as the image does; the others show its first frame', async () => {
  using folder = makeFolder()
  const frames = await Promise.all(['#f00', '#00f'].map((colour) => plain(1_400, 700, colour).png().toBuffer()))
  const gif = await sharp(frames, { join: { animated: true } })
    .gif({ delay: [100, 700] })
    .toBuffer()
  const { read, sizes } = await variantsOf(folder, gif)
  expect(sizes).toMatchObject([
    ['large', 1_280, 640],
    ['preview', 640, 320],
    ['thumbnail', 150, 75],
  ])
  expect(read.map(({ pages }) => pages)).toEqual([undefined, 2, undefined])
  expect(read[1]?.delay).toEqual([100, 700])
  const [red = 0, , blue = 0] = await sharp(folder.path('thumbnail.webp')).raw().toBuffer()
  expect([red > 200, blue < 50]).toEqual([true, true])
})

test('the blurhash is a blur of the picture, finer along its longer side', async () => {
  using folder = makeFolder()
  const components = async (width: number, height: number) => {
    const { blurhash } = await variantsOf(folder, await plain(width, height).png().toBuffer())
    expect(isBlurhashValid(blurhash)).toEqual({ result: true })
    const flag = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~'.indexOf(
      blurhash[0] ?? '',
    )
    return [(flag % 9) + 1, Math.floor(flag / 9) + 1]
  }
  expect(await components(400, 300)).toEqual([4, 3])
  expect(await components(300, 400)).toEqual([3, 4])
  expect(await components(300, 300)).toEqual([4, 4])
  expect(await components(3_000, 10)).toEqual([9, 1])

  const right = await plain(100, 200, '#00f').png().toBuffer()
  const both = await plain(200, 200, '#f00')
    .composite([{ input: right, left: 100, top: 0 }])
    .png()
    .toBuffer()
  const pixels = decode((await variantsOf(folder, both)).blurhash, 8, 8)
  const redOverBlue = (x: number) => (pixels[x * 4] ?? 0) - (pixels[x * 4 + 2] ?? 0)
  expect(redOverBlue(0)).toBeGreaterThan(60)
  expect(redOverBlue(7)).toBeLessThan(-60)
})

test('grey, deep, transparent and CMYK images have variants', async () => {
  using folder = makeFolder()
  for (const bytes of [
    await plain(200, 200).toColourspace('b-w').jpeg().toBuffer(),
    await plain(200, 200).toColourspace('rgb16').png().toBuffer(),
    await plain(200, 200).toColourspace('cmyk').jpeg().toBuffer(),
    blackPng(200, 200),
    await plain(200, 200).avif({ effort: 0 }).toBuffer(),
  ]) {
    expect((await variantsOf(folder, bytes)).sizes).toEqual([['thumbnail', 150, 150]])
  }
  const clear = sharp({ create: { width: 200, height: 200, channels: 4, background: '#0000' } })
  const { read } = await variantsOf(folder, await clear.png().toBuffer())
  expect(read[0]?.hasAlpha).toBe(true)
})

test('no variants of what is damaged, too large, or cannot be decoded', async () => {
  using folder = makeFolder()
  const jpeg = await plain(900, 900).jpeg().toBuffer()
  const refused = (bytes: Buffer) => makeVariants(folder.write('from', bytes), (name) => folder.path(name))
  await expect(refused(jpeg.subarray(0, 1_000))).rejects.toMatchObject({ code: 'attachment.unreadable' })
  await expect(refused(heic(60, 40))).rejects.toMatchObject({ code: 'attachment.unreadable' })
  await expect(refused(blackPng(30_000, 30_000))).rejects.toMatchObject({ code: 'attachment.too_many_pixels' })
})

test('an avatar is the middle square, upright, of 512 at most, and nothing else of the file', async () => {
  using folder = makeFolder()
  const left = await plain(300, 600, '#00f').png().toBuffer()
  // Blue at both ends, red in the middle.
  const bands = plain(1_200, 600, '#f00').composite([
    { input: left, left: 0, top: 0 },
    { input: left, left: 900, top: 0 },
  ])
  const secret = bands
    .clone()
    .withExif({ IFD0: { Copyright: 'SECRET' } })
    .withMetadata({ orientation: 6 })
  for (const format of ['jpeg', 'png', 'webp'] as const) {
    const from = folder.write('from', await secret.clone().toFormat(format).toBuffer())
    const made = await squareAvatar(from, folder.path('to'))
    expect(made).toMatchObject({ mime_type: 'image/webp', width: 512, height: 512 })
    const bytes = readFileSync(folder.path('to'))
    expect([bytes.length, bytes.includes('SECRET')]).toEqual([made.size, false])
    const { dominant } = await sharp(bytes).stats()
    expect([dominant.r > 200, dominant.b < 60]).toEqual([true, true])
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 512, height: 512, format: 'webp' })
  }
  const small = await squareAvatar(folder.write('from', await plain(90, 70).gif().toBuffer()), folder.path('to'))
  expect(small).toMatchObject({ width: 70, height: 70 })
})

test('an avatar is no AVIF, no HEIC, nothing damaged and nothing too large', async () => {
  using folder = makeFolder()
  const refused = (bytes: Buffer) => squareAvatar(folder.write('from', bytes), folder.path('to'))
  const avif = await plain(60, 60).avif({ effort: 0 }).toBuffer()
  await expect(refused(avif)).rejects.toMatchObject({ code: 'attachment.not_an_avatar' })
  await expect(refused(heic(60, 60))).rejects.toMatchObject({ code: 'attachment.not_an_avatar' })
  await expect(refused(Buffer.from('<svg/>'))).rejects.toMatchObject({ code: 'attachment.unreadable' })
  await expect(refused(blackPng(30_000, 30_000))).rejects.toMatchObject({ code: 'attachment.too_many_pixels' })
})

test('a drawn avatar depends on the seed alone, and holds nothing of it', () => {
  const seeds = Array.from({ length: 200 }, () => crypto.randomUUID())
  const drawn = seeds.map(drawAvatar)
  expect(seeds.map(drawAvatar)).toEqual(drawn)
  expect(new Set(drawn).size).toBe(drawn.length)
  for (const svg of [...drawn, drawAvatar('<script>&"')]) {
    // Every tag is closed at once or later, in order.
    const open: string[] = []
    for (const [, close, name = '', self] of svg.matchAll(/<(\/?)([a-zA-Z]+)[^<>&]*?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(name)
      else if (!self) open.push(name)
    }
    expect(open).toEqual([])
    expect(svg.replace(/<[^<>&]*>/g, '')).toBe('')
    expect(svg).not.toMatch(/script|href|on\w+=|style|text/i)
    const colours = [...svg.matchAll(/stop-color="#([0-9a-f]{6})"/g)].map(([, hex = '']) => hex)
    expect(colours).toHaveLength(2)
    for (const hex of colours) expect(contrastWithWhite(hex)).toBeGreaterThanOrEqual(4.5)
    expect(svg.length).toBeLessThan(2_500)
  }
})

function contrastWithWhite(hex: string): number {
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
}
