import { existsSync, readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { expect, test } from 'vitest'
import { cleanImage, inspectImage } from '../../src/media/images.js'
import { blackPng, gifOfFrames, heic, latin1, pngChunk, zip } from './bytes.js'
import { type Folder, makeFolder } from './folder.js'

/** Left half red, right half blue. */
function halves(width = 60, height = 40): Sharp {
  const blue = { create: { width: width / 2, height, channels: 3 as const, background: '#00f' } }
  return sharp({ create: { width, height, channels: 3, background: '#f00' } }).composite([
    { input: blue, left: width / 2, top: 0 },
  ])
}

/** Frames of one colour each, as an animated GIF or WebP. */
async function moving(format: 'gif' | 'webp', colours = ['#f00', '#0f0', '#00f']): Promise<Buffer> {
  const frames = colours.map((background) => ({
    create: { width: 20, height: 10, channels: 4 as const, background },
  }))
  const stills = await Promise.all(frames.map((frame) => sharp(frame).png().toBuffer()))
  const joined = sharp(stills, { join: { animated: true } })
  const timing = { delay: [100, 200, 300], loop: 3 }
  return format === 'gif' ? joined.gif(timing).toBuffer() : joined.webp({ ...timing, lossless: true }).toBuffer()
}

const XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><secret>SECRETPLACE</secret></x:xmpmeta>'
const withSecrets = (image: Sharp) =>
  image
    .withExif({
      IFD0: { Copyright: 'SECRETPLACE', Orientation: '6' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' },
    })
    .withXmp(XMP)
    .withMetadata({ orientation: 6 })
    .withIccProfile('p3')

async function cleaned(folder: Folder, mime_type: string, bytes: Buffer) {
  const from = folder.write('from', bytes)
  const facts = await cleanImage(from, folder.path('to'), { mime_type })
  const kept = readFileSync(folder.path('to'))
  expect(facts.size).toBe(kept.length)
  return { facts, bytes: kept, metadata: await sharp(kept).metadata() }
}

/** Red, green and blue of a pixel. */
async function pixel(bytes: Buffer, left: number, top: number, page = 0): Promise<number[]> {
  const image = sharp(bytes, { page }).toColourspace('srgb').removeAlpha()
  return [...(await image.extract({ left, top, width: 1, height: 1 }).raw().toBuffer())]
}
const near = (actual: number[], wanted: number[]) =>
  expect(actual.map((value, index) => Math.abs(value - (wanted[index] ?? 0)) < 40)).toEqual(wanted.map(() => true))

test('position, owner, comments and colour profile are gone, and the picture stands upright', async () => {
  using folder = makeFolder()
  const images: [string, Buffer][] = [
    ['image/jpeg', await withSecrets(halves()).jpeg().toBuffer()],
    ['image/png', await withSecrets(halves()).png().toBuffer()],
    ['image/webp', await withSecrets(halves()).webp().toBuffer()],
  ]
  for (const [mime_type, bytes] of images) {
    // The test can fail: the secrets are there before.
    expect(bytes.includes('SECRETPLACE')).toBe(true)
    expect(await sharp(bytes).metadata()).toMatchObject({ orientation: 6, hasProfile: true, width: 60, height: 40 })
    const clean = await cleaned(folder, mime_type, bytes)
    expect(clean.facts).toMatchObject({ mime_type, width: 40, height: 60, is_animated: false })
    expect(clean.bytes.includes('SECRETPLACE')).toBe(false)
    for (const mark of ['Exif', 'eXIf', 'EXIF', 'xmpmeta', 'ICC_PROFILE', 'iCCP', 'ICCP']) {
      expect([mime_type, mark, clean.bytes.includes(mark)]).toEqual([mime_type, mark, false])
    }
    const { exif, xmp, icc, iptc, orientation } = clean.metadata
    expect({ exif, xmp, icc, iptc, orientation }).toEqual({})
    expect([clean.metadata.width, clean.metadata.height]).toEqual([40, 60])
    // A quarter turn to the right: what was left is on top.
    near(await pixel(clean.bytes, 20, 10), [255, 0, 0])
    near(await pixel(clean.bytes, 20, 50), [0, 0, 255])
  }
})

test('comments and what is hidden behind the end are gone', async () => {
  using folder = makeFolder()
  const html = '<script>SECRETPLACE</script>'
  const jpeg = await halves().jpeg().toBuffer()
  const png = await halves().png().toBuffer()
  const gif = await moving('gif')
  const comment = (text: string) => latin1(`\x21\xfe${String.fromCharCode(text.length)}${text}\0`)
  const text = pngChunk('tEXt', latin1(`Comment\0${html}`))
  const images: [string, Buffer][] = [
    ['image/jpeg', Buffer.concat([jpeg, zip({ 'SECRETPLACE.txt': 'x' })])],
    ['image/jpeg', Buffer.concat([jpeg.subarray(0, 2), latin1(`\xff\xfe\0\x1e${html}`), jpeg.subarray(2)])],
    ['image/png', Buffer.concat([png, latin1(html)])],
    ['image/png', Buffer.concat([png.subarray(0, 33), text, png.subarray(33)])],
    ['image/gif', Buffer.concat([gif, latin1(html)])],
    ['image/gif', Buffer.concat([gif.subarray(0, -1), comment(html), gif.subarray(-1)])],
    ['image/webp', Buffer.concat([await halves().webp().toBuffer(), latin1(html)])],
  ]
  for (const [mime_type, bytes] of images) {
    expect(bytes.includes('SECRETPLACE')).toBe(true)
    expect((await cleaned(folder, mime_type, bytes)).bytes.includes('SECRETPLACE')).toBe(false)
  }
})

test.each(['gif', 'webp'] as const)(
  'an animated %s keeps its frames, their times and how often it runs',
  async (format) => {
    using folder = makeFolder()
    const { facts, bytes, metadata } = await cleaned(folder, `image/${format}`, await moving(format))
    expect(facts).toMatchObject({ width: 20, height: 10, is_animated: true })
    expect(metadata).toMatchObject({ pages: 3, delay: [100, 200, 300], loop: 3 })
    for (const [page, colour] of [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ].entries()) {
      near(await pixel(bytes, 10, 5, page), colour)
    }
    expect(await inspectImage(folder.path('to'), { mime_type: `image/${format}` })).toEqual({
      ...{ mime_type: `image/${format}`, width: 20, height: 10, is_animated: true },
    })
  },
)

test('depth, transparency, grey and palette survive; CMYK becomes what browsers show', async () => {
  using folder = makeFolder()
  const deep = await halves().toColourspace('rgb16').png().toBuffer()
  expect((await cleaned(folder, 'image/png', deep)).metadata).toMatchObject({ depth: 'ushort', space: 'rgb16' })

  const clear = sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 9, g: 99, b: 199, alpha: 0.5 } } })
  for (const [mime_type, bytes] of [
    ['image/png', await clear.clone().png().toBuffer()],
    ['image/webp', await clear.clone().webp({ lossless: true }).toBuffer()],
  ] as const) {
    const kept = await cleaned(folder, mime_type, bytes)
    expect([...(await sharp(kept.bytes).raw().toBuffer())].slice(0, 4)).toEqual([9, 99, 199, 128])
  }

  const grey = await halves().toColourspace('b-w').jpeg().toBuffer()
  expect((await cleaned(folder, 'image/jpeg', grey)).metadata).toMatchObject({ space: 'b-w', channels: 1 })

  const palette = await halves().png({ palette: true }).toBuffer()
  const kept = await cleaned(folder, 'image/png', palette)
  expect(kept.metadata.isPalette).toBe(true)
  expect(await sharp(kept.bytes).removeAlpha().raw().toBuffer()).toEqual(
    await sharp(palette).removeAlpha().raw().toBuffer(),
  )

  const cmyk = await halves().toColourspace('cmyk').jpeg().toBuffer()
  expect((await sharp(cmyk).metadata()).space).toBe('cmyk')
  const shown = await cleaned(folder, 'image/jpeg', cmyk)
  expect(shown.metadata.space).toBe('srgb')
  near(await pixel(shown.bytes, 10, 10), [237, 28, 36])
})

test('an animation whose frames are all the same has become one picture', async () => {
  using folder = makeFolder()
  const { facts, metadata } = await cleaned(folder, 'image/gif', gifOfFrames(3))
  expect([facts.is_animated, metadata.pages]).toEqual([false, 1])
})

test('a lossless WebP stays lossless, and a lossy one lossy', async () => {
  using folder = makeFolder()
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 40 }
  const noisy = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#000', noise } })
  const exact = await noisy(200, 100).webp({ lossless: true }).toBuffer()
  const kept = await cleaned(folder, 'image/webp', exact)
  expect(await sharp(kept.bytes).raw().toBuffer()).toEqual(await sharp(exact).raw().toBuffer())

  const lossy = await noisy(200, 100).webp({ quality: 80 }).toBuffer()
  expect((await cleaned(folder, 'image/webp', lossy)).bytes.includes('VP8 ')).toBe(true)
})

test('an image of one pixel is an image', async () => {
  using folder = makeFolder()
  const dot = sharp({ create: { width: 1, height: 1, channels: 3, background: '#fff' } })
  for (const format of ['jpeg', 'png', 'gif', 'webp'] as const) {
    const { facts } = await cleaned(folder, `image/${format}`, await dot.clone().toFormat(format).toBuffer())
    expect(facts).toMatchObject({ width: 1, height: 1, is_animated: false })
  }
})

test('what is cut off, damaged, or another type than it was said to be is unreadable, and nothing is left of it', async () => {
  using folder = makeFolder()
  const jpeg = await halves(600, 400).jpeg().toBuffer()
  const png = await halves(600, 400).png().toBuffer()
  const webp = await halves(600, 400).webp().toBuffer()
  const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)
  const bad: [string, Buffer][] = [
    ['image/jpeg', half(jpeg)],
    ['image/png', half(png)],
    ['image/webp', half(webp)],
    ['image/gif', latin1('GIF89a\x01\0\x01\0')],
    ['image/jpeg', png],
    ['image/png', latin1('not an image')],
    ['image/png', Buffer.alloc(0)],
    ['image/png', latin1('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>')],
    [
      'image/png',
      latin1(
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&x;</text></svg>',
      ),
    ],
  ]
  for (const [mime_type, bytes] of bad) {
    const from = folder.write('from', bytes)
    await expect(cleanImage(from, folder.path('to'), { mime_type })).rejects.toMatchObject({
      code: 'attachment.unreadable',
    })
    expect(existsSync(folder.path('to'))).toBe(false)
  }
  await expect(inspectImage(folder.write('from', png), { mime_type: 'image/jpeg' })).rejects.toMatchObject({
    code: 'attachment.unreadable',
  })
})

test('a file that is not there is not the fault of the image', async () => {
  using folder = makeFolder()
  const work = cleanImage(folder.path('none'), folder.path('to'), { mime_type: 'image/png' })
  await expect(work).rejects.toMatchObject({ code: 'ENOENT' })
  const nowhere = cleanImage(folder.write('a', blackPng(9, 9)), folder.path('no/to'), { mime_type: 'image/png' })
  await expect(nowhere).rejects.not.toHaveProperty('code')
})

test('more pixels than can be shown are refused by the header alone', async () => {
  using folder = makeFolder()
  const screen = Buffer.from(gifOfFrames(1))
  // A frame of 65,535 x 65,535 on a screen of 16 x 16.
  screen.write('\xff\xff\xff\xff', 32, 'latin1')
  const bombs: [string, Buffer][] = [
    ['image/png', blackPng(30_000, 30_000)],
    ['image/png', blackPng(10_001, 10_000)],
    ['image/png', blackPng(10_000, 5_001, 16)],
    ['image/gif', gifOfFrames(1_001)],
    ['image/gif', screen],
  ]
  for (const [mime_type, bytes] of bombs) {
    expect(bytes.length).toBeLessThan(150_000)
    const from = folder.write('from', bytes)
    const before = process.cpuUsage()
    const refusal = { code: 'attachment.too_many_pixels' }
    await expect(cleanImage(from, folder.path('to'), { mime_type })).rejects.toMatchObject(refusal)
    await expect(inspectImage(from, { mime_type })).rejects.toMatchObject(refusal)
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(200)
  }
  expect(await inspectImage(folder.write('from', blackPng(10_000, 10_000)), { mime_type: 'image/png' })).toMatchObject({
    width: 10_000,
  })
  expect(await inspectImage(folder.write('from', gifOfFrames(1_000)), { mime_type: 'image/gif' })).toMatchObject({
    is_animated: true,
  })
})

test('the metadata of a HEIC or AVIF stays, so it is only inspected', async () => {
  using folder = makeFolder()
  const avif = await halves().avif({ effort: 0 }).toBuffer()
  for (const [mime_type, bytes] of [
    ['image/avif', avif],
    ['image/heic', heic(60, 40)],
  ] as const) {
    const from = folder.write('from', bytes)
    await expect(cleanImage(from, folder.path('to'), { mime_type })).rejects.toMatchObject({
      code: 'attachment.metadata_stays',
    })
    expect(await inspectImage(from, { mime_type })).toMatchObject({ mime_type, width: 60, height: 40 })
  }
  const large = folder.write('from', heic(20_000, 20_000))
  await expect(inspectImage(large, { mime_type: 'image/heic' })).rejects.toMatchObject({
    code: 'attachment.too_many_pixels',
  })
})

test('what is kept as it came is measured as it is shown', async () => {
  using folder = makeFolder()
  const from = folder.write('from', await withSecrets(halves()).jpeg().toBuffer())
  const before = readFileSync(from)
  expect(await inspectImage(from, { mime_type: 'image/jpeg' })).toEqual({
    ...{ mime_type: 'image/jpeg', width: 40, height: 60, is_animated: false },
  })
  expect(readFileSync(from)).toEqual(before)
})

test('a PNG whose words unpack to gigabytes is refused before any of them is', async () => {
  using folder = makeFolder()
  const bytes = await halves().png().toBuffer()
  const withChunks = (type: string, text: Buffer, count: number) => {
    const chunks = Array.from({ length: count }, (_, at) => pngChunk(type, Buffer.concat([latin1(`k${at}\0`), text])))
    return folder.write('from', Buffer.concat([bytes.subarray(0, 33), ...chunks, bytes.subarray(33)]))
  }
  const inspect = (path: string) => inspectImage(path, { mime_type: 'image/png' })
  const bomb = deflateSync(Buffer.alloc(20_000_000))
  const before = process.cpuUsage()
  for (const [type, head] of [
    ['zTXt', '\0'],
    ['iTXt', '\x01\0\0\0'],
  ] as const) {
    const text = Buffer.concat([latin1(head), bomb])
    await expect(inspect(withChunks(type, text, 100))).rejects.toMatchObject({ code: 'attachment.unreadable' })
  }
  await expect(inspect(withChunks('tEXt', latin1('a'), 1_000))).rejects.toMatchObject({ code: 'attachment.unreadable' })
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000)
  // As much as programs write, packed or plain.
  const said = Buffer.concat([latin1('\0'), deflateSync(Buffer.alloc(1_000_000))])
  expect(await inspect(withChunks('zTXt', said, 4))).toMatchObject({ width: 60, height: 40 })
  expect(await inspect(withChunks('iTXt', Buffer.alloc(400_000, 'a'), 1))).toMatchObject({ width: 60, height: 40 })
  expect(await inspect(withChunks('tEXt', latin1('a'), 900))).toMatchObject({ width: 60, height: 40 })
})
