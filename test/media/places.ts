// The places that one suite of tests runs on.

import { readdirSync, statSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DiskStorage } from '../../src/media/disk-storage.js'
import { S3Client, type S3Options } from '../../src/media/s3-client.js'
import { S3Storage } from '../../src/media/s3-storage.js'
import { readElements } from '../../src/media/s3-xml.js'
import type { Storage } from '../../src/media/storage.js'
import { S3Server } from '../support/s3-server.js'

export const MIB = 1024 * 1024

export type Place = {
  storage: Storage
  /** What is on its way: temporary files, open uploads. */
  unfinished(): Promise<string[]>
  /** Objects that are being read at the other end; 0 where there is none. */
  reading(): number
  /** Bytes of unfinished objects that have come to rest; absent where nobody can look. */
  arrived?: () => number
  /** Absent where it is not ours to break. */
  breakDown?: () => Promise<void>
  close(): Promise<void>
}

export async function* yields(...chunks: Uint8Array[]) {
  yield* chunks
}

/** The bytes in pieces of `size`, with an empty one between each two. */
export async function* pieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size)
    yield new Uint8Array()
  }
}

async function openDisk(): Promise<Place> {
  const dir = await mkdtemp(join(tmpdir(), 'earshot-storage-'))
  const storage = new DiskStorage({ dir })
  await storage.start()
  const temp = join(dir, 'tmp')
  return {
    storage,
    unfinished: () => readdir(temp).catch(() => []),
    reading: () => 0,
    arrived: () => readdirSync(temp).reduce((sum, name) => sum + statSync(join(temp, name)).size, 0),
    breakDown: () => rm(temp, { recursive: true }),
    close: () => rm(dir, { recursive: true }),
  }
}

/** Waits but a moment before it repeats a request. */
export function storageOn(server: S3Server, options: Partial<S3Options> = {}): S3Storage {
  const { endpoint, bucket, region, access_key_id, secret_access_key } = server
  return new S3Storage({ endpoint, bucket, region, access_key_id, secret_access_key, pause_ms: 1, ...options })
}

async function openS3(): Promise<Place> {
  const server = await S3Server.start()
  const storage = storageOn(server)
  await storage.start()
  return {
    storage,
    unfinished: async () => [...server.uploads.keys()],
    reading: () => server.answering,
    arrived: () => {
      const uploads = [...server.uploads.values()]
      return uploads.flatMap(({ parts }) => [...parts.values()]).reduce((sum, part) => sum + part.length, 0)
    },
    breakDown: () => server.close(),
    close: async () => {
      await storage.stop()
      await server.close()
    },
  }
}

/** Any storage one has at hand: `http://key:secret@host:port/bucket?region=us-east-1`. The suite empties the bucket. */
const REAL = process.env.TEST_S3_URL

async function openReal(): Promise<Place> {
  const url = new URL(REAL ?? '')
  const options: S3Options = {
    endpoint: url.origin,
    bucket: url.pathname.slice(1),
    region: url.searchParams.get('region') ?? 'us-east-1',
    access_key_id: decodeURIComponent(url.username),
    secret_access_key: decodeURIComponent(url.password),
  }
  const storage = new S3Storage(options)
  await storage.start()
  const client = new S3Client(options)
  const empty = async () => {
    for (const area of ['media', 'media2']) {
      for await (const { key } of storage.list(area)) await storage.remove([key])
    }
  }
  await empty()
  return {
    storage,
    unfinished: async () => readElements(await client.text({ method: 'GET', query: { uploads: '' } }), 'UploadId'),
    reading: () => 0,
    close: async () => {
      await empty()
      client.stop()
      await storage.stop()
    },
  }
}

export const PLACES: { name: string; skip?: string; open: () => Promise<Place> }[] = [
  { name: 'disk', open: openDisk },
  { name: 's3', open: openS3 },
  { name: 'real s3', open: openReal, skip: REAL ? undefined : 'set TEST_S3_URL' },
]
