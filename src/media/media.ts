// What the handling of files needs for as long as the node lives; constructed by app.ts.
import type { Config } from '../config.js'
import { FairSemaphore } from '../kit/fair-semaphore.js'
import { Turns } from '../kit/turns.js'
import { findPrograms, type Programs } from './av.js'
import { Hasher } from './hasher.js'
import type { Links } from './links.js'
import { openStorage } from './open-storage.js'
import type { Storage } from './storage.js'
import { prepareTempFolder } from './temp-files.js'

/** One image at a time is decoded: it takes a core and, at worst, some hundred megabytes. */
const DECODING = 1
const DECODING_QUEUE = 64
/** Of those places, for one user: a picture may take ten seconds, and others have pictures too. */
const DECODING_SHARE = 16

export type Media = {
  readonly storage: Storage
  /** UPLOADS_DIR: files on their way are below it, whatever the storage. */
  readonly dir: string
  readonly links: Links
  /** What reads sound and video on this machine; each may be missing. */
  readonly programs: Programs
  readonly decoding: FairSemaphore
  readonly hasher: Hasher
  readonly turns: Turns
  /** Without a byte for so long, an upload ends. */
  readonly stallMs: number
  /** How long an upload may take, and a file may wait for its message. */
  readonly uploadTtlS: number
  /** How long the bytes of a removed file are kept. */
  readonly graceS: number
}

/** @throws StartupError when files cannot be kept */
export async function openMedia(config: Config, links: Links): Promise<Media> {
  const storage = openStorage(config)
  // Images and what ffmpeg reads take a way over a file of this machine, whatever the storage.
  await prepareTempFolder(config.UPLOADS_DIR)
  await storage.start()
  return {
    storage,
    links,
    dir: config.UPLOADS_DIR,
    programs: await findPrograms({ ffmpeg: config.FFMPEG_PATH, ffprobe: config.FFPROBE_PATH }),
    hasher: new Hasher(),
    turns: new Turns(),
    decoding: new FairSemaphore(DECODING, DECODING_QUEUE, DECODING_SHARE),
    stallMs: config.UPLOAD_STALL * 1_000,
    uploadTtlS: config.UPLOAD_TTL,
    graceS: config.MEDIA_GRACE,
  }
}
