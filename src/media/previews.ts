// What is found in a file and made of it once it is stored: its measures, its smaller pictures, its sound as a curve.
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Variant, VariantName } from '../contract/attachments.js'
import { posterFrame, probe, waveform } from './av.js'
import { typeOfMime } from './file-types.js'
import type { Media } from './media.js'
import type { Key } from './storage.js'
import { withTempFile } from './temp-files.js'
import { makeVariants } from './variants.js'

export type Previews = {
  width?: number | null
  height?: number | null
  duration_ms?: number | null
  blurhash?: string
  waveform?: number[]
  variants?: Variant[]
}

export const originalKey = (blobId: string): Key => `media/${blobId}/original`
export const variantKey = (blobId: string, name: VariantName): Key => `media/${blobId}/${name}`

/**
 * Stores the variants beside the file. Repeating it makes the same again. Without ffprobe and ffmpeg on this machine, sound
 * and video have none.
 * @throws AppError attachment.unreadable, attachment.too_many_pixels, when it lies in the file
 */
export async function makePreviews(media: Media, blob: { id: string; mime_type: string }): Promise<Previews> {
  const kind = typeOfMime(blob.mime_type)?.kind
  const { ffmpeg, ffprobe } = media.programs
  return withLocalFile(media, originalKey(blob.id), async (path) => {
    if (kind === 'image') return pictures(media, blob.id, path)
    if (!ffprobe) return {}
    const { duration_ms, width, height, has_video } = await probe(ffprobe, path, blob.mime_type)
    if (!ffmpeg) return { duration_ms, width, height }
    if (kind === 'audio') return { duration_ms, waveform: await waveform(ffmpeg, path, blob.mime_type) }
    if (!has_video) return { duration_ms }
    return withTempFile(media.dir, async (poster) => {
      await posterFrame(ffmpeg, path, poster, blob.mime_type, duration_ms)
      return { duration_ms, width, height, ...(await pictures(media, blob.id, poster)) }
    })
  })
}

async function pictures(media: Media, blobId: string, from: string): Promise<Previews> {
  return withTempFile(media.dir, async (base) => {
    const pathOf = (name: VariantName) => `${base}-${name}`
    const { variants, blurhash } = await makeVariants(from, pathOf)
    for (const { name, mime_type } of variants) {
      await media.storage.put(variantKey(blobId, name), createReadStream(pathOf(name)), { mime_type })
      await rm(pathOf(name), { force: true })
    }
    return { variants, blurhash }
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
