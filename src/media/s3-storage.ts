// Objects in a bucket of any S3-compatible storage, with path-style addresses.
import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { StartupError } from '../kit/startup-error.js'
import { S3Client, S3Error, type S3Options } from './s3-client.js'
import { PartBuffer, S3Upload, sweepUploads } from './s3-upload.js'
import { readElement, readElements } from './s3-xml.js'
import {
  checkArea,
  checkKey,
  type DirectPut,
  isKey,
  type Key,
  type Range,
  type Storage,
  type StoredObject,
} from './storage.js'
import { untilAborted } from './until-aborted.js'

/** Removed at the same time. One request each, because not every storage has DeleteObjects. */
const REMOVALS = 8

export class S3Storage implements Storage {
  readonly name = 's3'
  readonly #client: S3Client
  readonly #options: S3Options

  constructor(options: S3Options) {
    this.#options = options
    this.#client = new S3Client(options)
  }

  async start(): Promise<void> {
    const key: Key = `probe/${randomUUID()}/start`
    try {
      await this.#client.text({ method: 'GET', query: { 'list-type': '2', 'max-keys': '1' } }, (text) => {
        // A web server that answers 200 to everything would seem to take every object.
        if (!text.includes('<ListBucketResult')) throw new S3Error('GET', 200, 'NoList')
      })
      const probe = (async function* () {})()
      await this.put(key, probe, { mime_type: 'application/octet-stream' })
      await this.size(key)
      await this.remove([key])
    } catch (error) {
      throw new StartupError(explain(error, this.#options))
    }
    try {
      await sweepUploads(this.#client)
    } catch (error) {
      // Whoever may not list uploads has a rule of the bucket that ends them.
      if (!(error instanceof S3Error)) throw error
    }
  }

  async put(
    key: Key,
    source: AsyncIterable<Uint8Array>,
    { mime_type, signal }: { mime_type: string; signal?: AbortSignal },
  ): Promise<number> {
    checkKey(key)
    const headers = this.#headers(mime_type)
    const part = new PartBuffer()
    let upload: S3Upload | undefined
    let size = 0
    try {
      for await (const chunk of untilAborted(source, signal)) {
        size += chunk.byteLength
        for (let rest = part.add(chunk); rest.byteLength > 0; rest = part.add(rest)) {
          upload ??= await S3Upload.create(this.#client, key, headers)
          await upload.send(part.take(), signal)
        }
      }
      signal?.throwIfAborted()
      // From here on the signal counts no more: a request that was broken off may have been carried out all the same.
      if (upload) {
        await upload.send(part.take(), undefined)
        await upload.complete()
      } else {
        await this.#client.text({ method: 'PUT', key, headers, ...part.take() })
      }
      return size
    } catch (error) {
      await upload?.abort()
      throw error
    }
  }

  async get(key: Key, range?: Range): Promise<Readable | undefined> {
    checkKey(key)
    const headers = range && { range: `bytes=${range.start}-${range.end}` }
    return unlessMissing(async () => {
      const response = await this.#client.stream({ method: 'GET', key, headers })
      if ((response.statusCode === 206) === (range !== undefined)) return response
      response.destroy()
      throw new S3Error('GET', response.statusCode, 'WrongRange')
    })
  }

  async size(key: Key): Promise<number | undefined> {
    checkKey(key)
    const headers = await unlessMissing(() => this.#client.headers({ method: 'HEAD', key }))
    return headers && Number(headers['content-length'])
  }

  async remove(keys: readonly Key[]): Promise<void> {
    keys.forEach(checkKey)
    const waiting = keys.values()
    const work = async () => {
      for (const key of waiting) await unlessMissing(() => this.#client.text({ method: 'DELETE', key }))
    }
    await Promise.all(Array.from({ length: Math.min(REMOVALS, keys.length) }, work))
  }

  async *list(area: string): AsyncIterable<StoredObject> {
    checkArea(area)
    let token: string | undefined
    do {
      const query = { 'list-type': '2', prefix: `${area}/`, ...(token && { 'continuation-token': token }) }
      const page = await this.#client.text({ method: 'GET', query })
      for (const entry of readElements(page, 'Contents')) {
        const key = readElement(entry, 'Key') ?? ''
        if (!isKey(key)) continue
        const modified_at = new Date(readElement(entry, 'LastModified') ?? Number.NaN)
        yield { key, size: Number(readElement(entry, 'Size')), modified_at }
      }
      token = readElement(page, 'IsTruncated') === 'true' ? readElement(page, 'NextContinuationToken') : undefined
    } while (token)
  }

  async signPut(key: Key, options: { size: number; mime_type: string; expires_s: number }): Promise<DirectPut> {
    checkKey(key)
    const headers = this.#headers(options.mime_type)
    const signed = { ...headers, 'content-length': String(options.size) }
    // The length is not among what the client has to set: every HTTP client does so itself, and a web page must not.
    return { url: await this.#client.presign('PUT', key, signed, options.expires_s), headers }
  }

  localPath(key: Key): undefined {
    checkKey(key)
  }

  async ping(): Promise<void> {
    // Twice, because the storage may have closed the connection that was kept from the last request.
    await this.#client.headers({ method: 'HEAD', attempts: 2 })
  }

  async stop(): Promise<void> {
    this.#client.stop()
  }

  #headers(mime_type: string): Record<string, string> {
    const { storage_class } = this.#options
    return { 'content-type': mime_type, ...(storage_class && { 'x-amz-storage-class': storage_class }) }
  }
}

async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof S3Error && error.status === 404 && error.code !== 'NoSuchBucket') return undefined
    throw error
  }
}

/** One sentence that says what to do. */
function explain(error: unknown, { endpoint, bucket }: S3Options): string {
  const { status, code } = error instanceof S3Error ? error : { status: undefined, code: 'no S3 storage' }
  const at = new URL(endpoint).host
  const why = `(${[status, code].filter(Boolean).join(' ')})`
  if (code === 'RequestTimeTooSkewed') return `Set the clock of this machine: ${at} refuses its signatures ${why}.`
  if (code === 'InvalidStorageClass') return `Set S3_STORAGE_CLASS to a class that ${at} knows ${why}.`
  if (status === 404) return `Create the bucket ${bucket} at ${at}, or set S3_BUCKET to one that is there ${why}.`
  if (code === 'AuthorizationHeaderMalformed' || (status !== undefined && status >= 300 && status < 400))
    return `Set S3_ENDPOINT and S3_REGION to those of the bucket ${bucket} ${why}.`
  if (status === 401 || status === 403)
    return `Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY to a key that may list, read, write and delete in the bucket ${bucket} ${why}.`
  return `Set S3_ENDPOINT to an S3-compatible storage that can be reached: ${at} does not answer as one ${why}.`
}
