// How an image of a stranger is opened: only by the loaders of the types that are taken, its header read and its pixels
// counted before any of them is decoded, and never longer than a bound.
import { open, rm } from 'node:fs/promises'
import sharp, { type Metadata, type OutputInfo, type Sharp } from 'sharp'
import { AppError } from '../contract/errors.js'

/**
 * Over all frames, of 8 bits; of 16 bits half as many. What cannot be read line by line (WebP, progressive and interlaced
 * pictures) is in memory as a whole, so this is what one image may take of it: 400 MB, and WebP as much again to write.
 */
export const MAX_PIXELS = 100_000_000
const MAX_FRAMES = 1_000
/** Before the pixels of a PNG. Its packed words are unpacked with its header, a thousandfold, and no limit of sharp stops that. */
const MAX_CHUNKS = 1_000
const MAX_PACKED_BYTES = 262_144
/** For one pass over one image. */
const MAX_SECONDS = 60

// One image keeps one core busy; how many at once is decided by whoever calls.
sharp.concurrency(1)
// Uploads are seen once, and a cache by path would answer with the file that was there before.
sharp.cache(false)
// libvips picks a loader by content and has many: SVG reads other files, and each is a parser to be attacked.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Nsgif', 'Webp', 'Heif'].map((format) => `VipsForeignLoad${format}`),
})

export type Header = {
  format: string
  /** As shown: after the orientation is applied. */
  width: number
  height: number
  frames: number
  metadata: Metadata
}

/**
 * Reads the header alone.
 * @throws AppError attachment.unreadable, attachment.too_many_pixels
 */
export async function readHeader(path: string): Promise<Header> {
  await requireFewWords(path)
  // Counted below: sharp's own limit looks at one frame here, and answers with a sentence instead of a code.
  const metadata = await guarded(sharp(path, { limitInputPixels: false }).metadata())
  const { format, pages = 1, autoOrient, depth } = metadata
  // Several pictures in one AVIF are alternatives, not frames.
  const frames = format === 'gif' || format === 'webp' ? pages : 1
  const { width, height } = autoOrient
  const pixels = width * height * frames * (depth === 'ushort' ? 2 : 1)
  if (frames > MAX_FRAMES || pixels > MAX_PIXELS) throw new AppError('attachment.too_many_pixels')
  return { format, width, height, frames, metadata }
}

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
/** Length and type of a chunk, and what tells whether its text is packed: behind a keyword of at most 79 bytes. */
const CHUNK_HEAD = 8 + 79 + 2

/** Of a PNG, which may have text of any length. @throws AppError attachment.unreadable */
async function requireFewWords(path: string): Promise<void> {
  await using file = await open(path)
  const head = Buffer.alloc(CHUNK_HEAD)
  await file.read(head, 0, PNG.length, 0)
  if (!head.subarray(0, PNG.length).equals(PNG)) return
  let packed = 0
  let at = PNG.length
  for (let chunk = 0; chunk < MAX_CHUNKS && packed <= MAX_PACKED_BYTES; chunk++) {
    const { bytesRead } = await file.read(head, 0, CHUNK_HEAD, at)
    const type = head.toString('latin1', 4, 8)
    if (bytesRead < 8 || type === 'IDAT') return
    const size = head.readUInt32BE(0)
    if (type === 'zTXt' || (type === 'iTXt' && head[head.indexOf(0, 8) + 1] === 1)) packed += size
    at += 12 + size
  }
  throw new AppError('attachment.unreadable')
}

/** Ready to decode; all frames or the first. What is wrong with the pixels shows while they are read. */
export function openImage(path: string, options: { all_frames?: boolean } = {}): Sharp {
  const all = options.all_frames ?? false
  const image = sharp(path, { animated: all, limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true })
  // The orientation is that of a single picture; turning a strip of frames would tear it.
  return (all ? image : image.autoOrient()).timeout({ seconds: MAX_SECONDS })
}

/**
 * Writes to `to`; nothing is left there when it fails.
 * @throws AppError attachment.unreadable, attachment.too_many_pixels
 */
export async function writeImage(image: Sharp, to: string): Promise<OutputInfo> {
  try {
    return await guarded(image.toFile(to))
  } catch (error) {
    await rm(to, { force: true })
    throw error
  }
}

/** The image is to blame for what libvips says, except where the machine is. */
export async function guarded<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    const reason = error instanceof Error ? error.message : ''
    if (/^Input file is missing|No space left|Permission denied|No such file|unable to open for write/.test(reason)) {
      throw error
    }
    if (/^timeout:|exceeds pixel limit/.test(reason)) {
      throw new AppError('attachment.too_many_pixels', {}, { cause: error })
    }
    throw new AppError('attachment.unreadable', {}, { cause: error })
  }
}
