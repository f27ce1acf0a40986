// What is found in a file and made of it once it is stored: its measures, its smaller pictures, its sound as a curve.
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { type Variant, VariantName } from '../contract/attachments.js'
import { measureDuration, posterFrame, probe, waveform } from './av.js'
import { typeOfMime } from './file-types.js'
import { originalKey, variantKey } from './keys.js'
import type { Media } from './media.js'
import type { Key } from './storage.js'
import { withTempFile } from './temp-files.js'
import { makeVariants } from './variants.js'

export type Previews = {
  width?: number | undefined
  height?: number | undefined
  duration_ms?: number | undefined
  blurhash?: string | undefined
  waveform?: number[] | undefined
  variants?: Variant[] | undefined
}

const POSTER_AT_MS = 1_000

/**
 * Stores the variants beside the file. Repeating it makes the same again. Without ffprobe and ffmpeg on this machine, sound
 * and video have none.
 * @throws AppError attachment.unreadable, attachment.too_many_pixels, when it lies in the file
 */
export async function makePreviews(media: Media, blob: { id: string; mime_type: string }): Promise<Previews> {
  const kind = typeOfMime(blob.mime_type)?.kind
  return withLocalFile(media, originalKey(blob.id), (path) =>
    kind === 'image' ? pictures(media, blob.id, path, false) : recording(media, blob.id, path),
  )
}

async function recording(media: Media, blobId: string, path: string): Promise<Previews> {
  const { ffmpeg, ffprobe } = media.programs
  if (!ffprobe) return {}
  const { has_video, has_audio, width, height, duration_ms: said } = await probe(ffprobe.path, path)
  if (!ffmpeg) return { duration_ms: said, width, height }
  if (!has_video) {
    const sound = has_audio ? await waveform(ffmpeg.path, path) : undefined
    return { duration_ms: said ?? sound?.duration_ms, waveform: sound?.peaks }
  }
  const duration_ms = said ?? (await measureDuration(ffmpeg.path, path))
  return withTempFile(media.dir, async (poster) => {
    // The first second is often black.
    await posterFrame(ffmpeg.path, path, poster, Math.min(POSTER_AT_MS, (duration_ms ?? 0) / 2))
    return { duration_ms, width, height, ...(await pictures(media, blobId, poster, true)) }
  })
}

async function pictures(media: Media, blobId: string, from: string, isPoster: boolean): Promise<Previews> {
  return withTempFile(media.dir, async (base) => {
    const pathOf = (name: VariantName) => `${base}-${name}`
    try {
      const { variants, blurhash } = await makeVariants(from, pathOf, { every: isPoster })
      for (const { name, mime_type } of variants) {
        await media.storage.put(variantKey(blobId, name), createReadStream(pathOf(name)), { mime_type })
      }
      return { variants, blurhash }
    } finally {
      // Also of one that broke off: the first frame of an animation may be fine, and the others not.
      for (const name of VariantName.options) await rm(pathOf(name), { force: true })
    }
  })
}

/** What decodes needs to seek: a file that is not on this machine is fetched. */
async function withLocalFile<T>(media: Media, key: Key, work: (path: string) => Promise<T>): Promise<T> {
  const path = media.storage.localPath(key)
  if (path !== undefined) return work(path)
  return withTempFile(media.dir, async (copy) => {
    const stream = await media.storage.get(key)
    if (!stream) throw new Error('the storage has lost the file')
    await pipeline(stream, createWriteStream(copy, { flags: 'wx', mode: 0o640 }))
    return work(copy)
  })
}
