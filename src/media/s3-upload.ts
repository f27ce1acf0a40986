// An object that is too large for one request: it goes in parts, and is not there until the last request says so.
import { createHash, type Hash } from 'node:crypto'
import { readCode, type S3Client, S3Error } from './s3-client.js'
import { encodeXml, readElement, readElements } from './s3-xml.js'
import { isKey } from './storage.js'

/** S3 takes no part below 5 MiB except the last, and 10,000 of them. */
const PART_BYTES = 8 * 1024 * 1024
const FIRST_BYTES = 64 * 1024
const LEFTOVER_AGE_MS = 86_400_000

/**
 * The bytes of one part. Chunks are copied, because a client that sends them byte by byte would have each cost a hundred;
 * and hashed at once, because eight megabytes in one go would hold up everybody else.
 */
export class PartBuffer {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #used = 0
  #hash: Hash = createHash('sha256')

  /** Takes what fits and answers the rest. */
  add(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, PART_BYTES - this.#used)
    this.#reserve(this.#used + taken.byteLength)
    this.#bytes.set(taken, this.#used)
    this.#used += taken.byteLength
    this.#hash.update(taken)
    return chunk.subarray(taken.byteLength)
  }

  /** What is in it, which holds until the next add(). */
  take(): { body: Uint8Array; sha256: string } {
    const part = { body: this.#bytes.subarray(0, this.#used), sha256: this.#hash.digest('hex') }
    this.#used = 0
    this.#hash = createHash('sha256')
    return part
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return
    let room = this.#bytes.length
    while (room < size) room *= 2
    const bytes = Buffer.allocUnsafe(room)
    bytes.set(this.#bytes.subarray(0, this.#used))
    this.#bytes = bytes
  }
}

export class S3Upload {
  readonly #client: S3Client
  readonly #key: string
  readonly #id: string
  readonly #etags: string[] = []

  constructor(client: S3Client, key: string, id: string) {
    this.#client = client
    this.#key = key
    this.#id = id
  }

  /** No signal: an upload whose id nobody has read stays open. */
  static async create(client: S3Client, key: string, headers: Record<string, string>): Promise<S3Upload> {
    const text = await client.text({ method: 'POST', key, query: { uploads: '' }, headers })
    const id = readElement(text, 'UploadId')
    if (!id) throw new S3Error('POST', 200, 'NoUploadId')
    return new S3Upload(client, key, id)
  }

  async send(part: { body: Uint8Array; sha256: string }, signal: AbortSignal | undefined): Promise<void> {
    const query = { partNumber: String(this.#etags.length + 1), uploadId: this.#id }
    const { etag } = await this.#client.headers({ method: 'PUT', key: this.#key, query, ...part, signal })
    if (!etag) throw new S3Error('PUT', 200, 'NoETag')
    this.#etags.push(etag)
  }

  async complete(): Promise<void> {
    const parts = this.#etags.map(
      (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${encodeXml(etag)}</ETag></Part>`,
    )
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
    const headers = { 'content-type': 'application/xml' }
    const call = { method: 'POST' as const, key: this.#key, query: { uploadId: this.#id }, headers, body }
    try {
      await this.#client.text(call, (text) => {
        // S3 answers 200 before it puts the parts together, and says afterwards whether it could.
        if (!text.includes('<CompleteMultipartUploadResult')) throw new S3Error('POST', 200, readCode(text))
      })
    } catch (error) {
      // So it is told by a second try when the first one succeeded and its answer was lost.
      const isGone = error instanceof S3Error && error.code === 'NoSuchUpload'
      if (!(isGone && (await this.#isComplete()))) throw error
    }
  }

  /** Whether the object is what these parts make: its ETag is the MD5 of theirs. Where it is made otherwise, false. */
  async #isComplete(): Promise<boolean> {
    const md5 = createHash('md5')
    for (const etag of this.#etags) md5.update(etag.replaceAll('"', ''), 'hex')
    const { etag } = await this.#client.headers({ method: 'HEAD', key: this.#key })
    return etag === `"${md5.digest('hex')}-${this.#etags.length}"`
  }

  /** Leaves nothing, as far as the storage can be reached. */
  async abort(): Promise<void> {
    await abortUpload(this.#client, this.#key, this.#id)
  }
}

/** Ends uploads that a process which died has left open: their parts are paid for, and no list of objects names them. */
export async function sweepUploads(client: S3Client): Promise<void> {
  const before = Date.now() - LEFTOVER_AGE_MS
  let marker: Record<string, string> | undefined = {}
  while (marker) {
    const text = await client.text({ method: 'GET', query: { uploads: '', ...marker } })
    for (const upload of readElements(text, 'Upload')) {
      const key = readElement(upload, 'Key') ?? ''
      const id = readElement(upload, 'UploadId')
      if (!isKey(key) || !id || !(Date.parse(readElement(upload, 'Initiated') ?? '') < before)) continue
      await abortUpload(client, key, id)
    }
    const next = readElement(text, 'NextKeyMarker')
    const nextId = readElement(text, 'NextUploadIdMarker') ?? ''
    marker =
      readElement(text, 'IsTruncated') === 'true' && next
        ? { 'key-marker': next, 'upload-id-marker': nextId }
        : undefined
  }
}

async function abortUpload(client: S3Client, key: string, id: string): Promise<void> {
  try {
    await client.text({ method: 'DELETE', key, query: { uploadId: id } })
  } catch (error) {
    // Gone already, or out of reach: the next start sweeps it.
    if (!(error instanceof S3Error)) throw error
  }
}
