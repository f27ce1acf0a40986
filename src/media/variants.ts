// The smaller pictures made of one image, or of a frame of a video. It is decoded once, to the largest that is needed;
// the others are made of that one.
import { encode as encodeBlurhash } from 'blurhash'
import sharp, { type Sharp } from 'sharp'
import type { Variant, VariantName } from '../contract/attachments.js'
import { AppError } from '../contract/errors.js'
import { guarded, openImage, readHeader, writeImage } from './image-source.js'

/** Each fits in a square of so many pixels. */
const VARIANT_SIDES = { thumbnail: 150, preview: 640, large: 1_280 } as const satisfies Record<VariantName, number>

const AVATAR_SIDE = 512
const AVATAR_FORMATS = ['jpeg', 'png', 'gif', 'webp']

/** Of all frames of a preview that moves; above it stands still. */
const MAX_MOVING_PIXELS = 30_000_000
const BLURHASH_SIDE = 32

/**
 * Writes the variants as WebP, `preview` with all frames, where `pathOf` says. None is larger than the image: what would
 * not be smaller is left out, but there is always a thumbnail; `every`: nothing is left out, for the image itself is not kept.
 * @throws AppError attachment.unreadable (also for HEIC), attachment.too_many_pixels
 */
export async function makeVariants(
  from: string,
  pathOf: (name: VariantName) => string,
  { every = false }: { every?: boolean } = {},
): Promise<{ variants: Variant[]; blurhash: string }> {
  const { width, height, frames } = await readHeader(from)
  const { data, info } = await guarded(
    within(openImage(from), VARIANT_SIDES.large).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true }),
  )
  const still = () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })

  const variants: Variant[] = []
  for (const name of ['large', 'preview', 'thumbnail'] as const) {
    const side = VARIANT_SIDES[name]
    if (!every && name !== 'thumbnail' && Math.max(width, height) <= side) continue
    const scale = Math.min(1, side / Math.max(width, height))
    const moves = name === 'preview' && frames > 1 && width * height * scale ** 2 * frames <= MAX_MOVING_PIXELS
    const image = moves ? openImage(from, { all_frames: true }) : still()
    // Half of the time goes into the large one, where more effort saves a few percent of bytes.
    const effort = moves ? 0 : name === 'large' ? 1 : 2
    const written = await writeImage(within(image, side).webp({ quality: 80, effort }), pathOf(name))
    variants.push({
      ...{ name, mime_type: 'image/webp' },
      ...{ width: written.width, height: written.pageHeight ?? written.height, size: written.size },
    })
  }
  return { variants, blurhash: await blurhashOf(still(), width / height) }
}

/**
 * Writes the middle square of the first frame as WebP, not enlarged.
 * @throws AppError attachment.not_an_avatar, attachment.unreadable, attachment.too_many_pixels
 */
export async function squareAvatar(
  from: string,
  to: string,
): Promise<{ mime_type: string; width: number; height: number; size: number }> {
  const { format, width, height } = await readHeader(from)
  if (!AVATAR_FORMATS.includes(format)) throw new AppError('attachment.not_an_avatar')
  const side = Math.min(AVATAR_SIDE, width, height)
  const image = openImage(from).resize(side, side, { fit: 'cover' }).toColourspace('srgb')
  const { size } = await writeImage(image.webp({ quality: 85 }), to)
  return { mime_type: 'image/webp', width: side, height: side, size }
}

function within(image: Sharp, side: number): Sharp {
  return image.resize(side, side, { fit: 'inside', withoutEnlargement: true })
}

/** About a dozen components, more of them along the longer side. It knows no transparency: white, as most pages. */
async function blurhashOf(image: Sharp, ratio: number): Promise<string> {
  const pixels = await image
    .flatten({ background: '#fff' })
    .resize(BLURHASH_SIDE, BLURHASH_SIDE, { fit: 'fill' })
    .ensureAlpha()
    .raw()
    .toBuffer()
  const along = (root: number) => Math.min(9, Math.max(1, Math.round(3.5 * root)))
  return encodeBlurhash(
    new Uint8ClampedArray(pixels),
    ...([BLURHASH_SIDE, BLURHASH_SIDE, along(Math.sqrt(ratio)), along(Math.sqrt(1 / ratio))] as const),
  )
}
