// An image as it is kept: decoded and encoded again, so that nothing but its pixels goes on. EXIF with its position, XMP,
// IPTC, comments, whatever is hidden behind the end (a second file, the video of a motion photo) are not copied anywhere.
//
// Colours become sRGB: a profile names the device that made it, and what has none looks the same everywhere.
import { open, stat } from 'node:fs/promises'
import type { Sharp } from 'sharp'
import { AppError } from '../contract/errors.js'
import { type Header, openImage, readHeader, writeImage } from './image-source.js'

type ImageFacts = { mime_type: string; width: number; height: number; is_animated: boolean }

/** What libvips calls the formats whose pixels we can write again. */
const CLEANABLE: Record<string, string> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
}

/** Without visible loss; and what is used where that would only make the file larger. */
const QUALITY = 90
const LOWER_QUALITY = 80
const GROWTH = 1.2

/** libheif reads the header of both, though only AVIF can be decoded. */
const FORMATS: Record<string, string> = { ...CLEANABLE, 'image/avif': 'heif', 'image/heic': 'heif' }

/**
 * Of WebP at its best. Above it lossless would take half a minute; and what lossy writes of the modes of a very large
 * and detailed picture does not fit the 512 KB that the format has for them, unless its quality is lower.
 */
const MAX_FINE_PIXELS = 8_000_000

/**
 * Writes the image at `from`, without anything else that its file holds, to `to`; in the same format, all frames.
 * @throws AppError attachment.metadata_stays, attachment.unreadable, attachment.too_many_pixels
 */
export async function cleanImage(
  from: string,
  to: string,
  options: { mime_type: string },
): Promise<ImageFacts & { size: number }> {
  const { mime_type } = options
  if (!(mime_type in CLEANABLE)) throw new AppError('attachment.metadata_stays')
  const header = await readHeaderOf(from, mime_type)
  const lossless = await isLosslessWebp(from, header)
  const write = (quality: number) => {
    const image = openImage(from, { all_frames: header.frames > 1 })
    return writeImage(encode(inDepth(image, header), header, lossless, quality), to)
  }
  let { size } = await write(QUALITY)
  // It was of less before, and more bytes make it no better.
  const isLossy = mime_type === 'image/jpeg' || (mime_type === 'image/webp' && !lossless)
  if (isLossy && size > (await stat(from)).size * GROWTH) size = (await write(LOWER_QUALITY)).size
  // Of what was written: an animation whose frames are all the same has become one.
  return { ...(await inspectImage(to, { mime_type })), size }
}

/**
 * What the header says, for an image that is kept as it came. Damage behind the header is not found.
 * @throws AppError attachment.unreadable, attachment.too_many_pixels
 */
export async function inspectImage(path: string, options: { mime_type: string }): Promise<ImageFacts> {
  return factsOf(options.mime_type, await readHeaderOf(path, options.mime_type))
}

/** @throws AppError attachment.unreadable also when it is an image of another type */
async function readHeaderOf(path: string, mime_type: string): Promise<Header> {
  const header = await readHeader(path)
  if (header.format !== FORMATS[mime_type]) throw new AppError('attachment.unreadable')
  return header
}

function factsOf(mime_type: string, { width, height, frames }: Header): ImageFacts {
  return { mime_type, width, height, is_animated: frames > 1 }
}

/** sharp makes 8 bits and three colours of everything unless told: a scan keeps its depth, a grey picture its size. */
function inDepth(image: Sharp, { metadata, format }: Header): Sharp {
  const { space } = metadata
  if (format === 'png' && (space === 'rgb16' || space === 'grey16')) return image.toColourspace(space)
  return space === 'b-w' && (format === 'jpeg' || format === 'png') ? image.toColourspace('b-w') : image
}

function encode(
  image: Sharp,
  { format, metadata, width, height, frames }: Header,
  lossless: boolean,
  quality: number,
): Sharp {
  switch (format) {
    case 'jpeg': {
      const chromaSubsampling = metadata.chromaSubsampling === '4:4:4' ? '4:4:4' : '4:2:0'
      // Better codes would take as long again and save 3 %.
      return image.jpeg({ quality, chromaSubsampling, optimiseCoding: false })
    }
    case 'png':
      // A palette stays one: as true colours a screenshot is several times as large.
      return metadata.isPalette
        ? image.png({ palette: true, quality: 100, dither: 0, effort: 3 })
        : image.png({ adaptiveFiltering: true })
    case 'gif':
      return image.gif({ effort: 1 })
    default: {
      const isFine = width * height * frames <= MAX_FINE_PIXELS
      return image.webp(
        lossless && isFine ? { lossless, effort: 1 } : { quality: isFine ? quality : LOWER_QUALITY, effort: 1 },
      )
    }
  }
}

/** Which of the two codecs comes first in the head. Asked because lossy makes a screenshot blurred and larger. */
async function isLosslessWebp(path: string, { format }: Header): Promise<boolean> {
  if (format !== 'webp') return false
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0)
  const head = buffer.subarray(0, bytesRead)
  const [lossless, lossy] = [head.indexOf('VP8L'), head.indexOf('VP8 ')]
  return lossless !== -1 && (lossy === -1 || lossless < lossy)
}
