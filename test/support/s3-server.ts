// A small S3: one bucket in memory, path-style addresses, signatures that are really checked, and faults on request.
import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type Account, parseQuery, refuse } from './sigv4.js'

type StoredBytes = { bytes: Buffer; headers: Record<string, string>; modified_at: Date }
type Upload = { key: string; headers: Record<string, string>; initiated: Date; parts: Map<number, Buffer> }
export type Call = { method: string; key: string; query: Map<string, string>; body: Buffer; request: IncomingMessage }
type Answer = { status: number; headers?: Record<string, string>; body?: string | Buffer }

/**
 * `status`: answers that, with a code, and does nothing. `cut`: ends the connection, `lost` after it has done what was
 * asked for, `half` in the middle of the body. `silent` never answers. `denied-late` is a failure within a 200.
 */
export type Fault = { status: number; code: string } | 'cut' | 'lost' | 'half' | 'silent' | 'denied-late'

const SMALLEST_PART = 5 * 1024 * 1024

export class S3Server implements Account {
  readonly access_key_id = 'KEY-OF-THE-TEST'
  readonly secret_access_key = 'secret/of+the/test'
  readonly region = 'eu-test-1'
  readonly bucket = 'bucket-of-the-test'
  readonly objects = new Map<string, StoredBytes>()
  readonly uploads = new Map<string, Upload>()
  /** `METHOD key?query` of every request, with the status of its answer. */
  readonly log: string[] = []
  /** Decides about each request; `nth` counts from 1. */
  fault: (call: Call, nth: number) => Fault | undefined = () => undefined
  now = () => Date.now()
  pageSize = 10
  /** Answers that are not over yet. */
  answering = 0
  #requests = 0
  readonly #server = createServer((request, response) => {
    this.answering++
    response.on('close', () => this.answering--)
    this.#serve(request, response).catch(() => response.destroy())
  })

  static async start(): Promise<S3Server> {
    const server = new S3Server()
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', rawHeaders } = request
    // Cut off in the middle: node ends it with an error, and nothing has happened.
    const body = await buffer(request)
    const [path = '', search = ''] = url.split('?')
    const [, bucket = '', ...rest] = path.split('/')
    const call: Call = {
      method,
      key: decodeURIComponent(rest.join('/')),
      query: new Map(parseQuery(search)),
      body,
      request,
    }
    const fault = this.fault(call, ++this.#requests)
    if (fault === 'silent') return
    if (fault === 'cut') return void response.destroy()
    const refusal = refuse({ method, target: url, rawHeaders, body }, this, this.now())
    const answer =
      typeof fault === 'object'
        ? problem(fault.status, fault.code)
        : refusal
          ? problem(refusal === 'AuthorizationHeaderMalformed' || refusal.startsWith('XAmz') ? 400 : 403, refusal)
          : bucket !== this.bucket
            ? problem(404, 'NoSuchBucket')
            : fault === 'denied-late'
              ? { status: 200, body: errorText('InternalError') }
              : this.#answer(call)
    this.log.push(`${method} ${call.key}${search && '?'}${[...call.query.keys()]} ${answer.status}`)
    if (fault === 'lost') return void response.destroy()
    const sent = Buffer.from(answer.body ?? '')
    response.writeHead(answer.status, { 'content-length': sent.length, ...answer.headers })
    if (fault === 'half') return void response.write(sent.subarray(0, sent.length / 2), () => response.destroy())
    response.end(method === 'HEAD' ? undefined : sent)
  }

  #answer(call: Call): Answer {
    const { method, key, query } = call
    if (key === '') {
      if (method === 'HEAD') return { status: 200 }
      if (method === 'GET' && query.has('uploads')) return this.#listUploads(query)
      if (method === 'GET' && query.get('list-type') === '2') return this.#list(query)
    } else if (query.has('uploads') || query.has('uploadId')) return this.#multipart(call)
    else if (method === 'PUT') return this.#store(call)
    else if (method === 'GET' || method === 'HEAD') return this.#read(call)
    else if (method === 'DELETE') {
      this.objects.delete(key)
      return { status: 204 }
    }
    return problem(501, 'NotImplemented')
  }

  #store({ key, body, request }: Call): Answer {
    const headers = kept(request)
    if (headers['x-amz-storage-class'] === 'NO_SUCH_CLASS') return problem(400, 'InvalidStorageClass')
    this.objects.set(key, { bytes: body, headers, modified_at: new Date(this.now()) })
    return { status: 200, headers: { etag: etagOf(body) } }
  }

  #read({ key, request }: Call): Answer {
    const object = this.objects.get(key)
    if (!object) return problem(404, 'NoSuchKey')
    const { bytes } = object
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    if (!range) return { status: 200, headers: object.headers, body: bytes }
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)]
    if (start > end) return problem(416, 'InvalidRange')
    const headers = { ...object.headers, 'content-range': `bytes ${start}-${end}/${bytes.length}` }
    return { status: 206, headers, body: bytes.subarray(start, end + 1) }
  }

  #list(query: Map<string, string>): Answer {
    // Base64 has signs that must be encoded in an address, as those of AWS do.
    const after = Buffer.from(query.get('continuation-token') ?? '', 'base64').toString()
    const prefix = query.get('prefix') ?? ''
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
    const page = keys.slice(0, Math.min(this.pageSize, Number(query.get('max-keys') ?? 1_000)))
    const entries = page.map((key) => {
      const { bytes, modified_at } = this.objects.get(key)!
      return `<Contents><Key>${entities(key)}</Key><LastModified>${modified_at.toISOString()}</LastModified><ETag>&quot;x&quot;</ETag><Size>${bytes.length}</Size></Contents>`
    })
    const more = keys.length > page.length
    const token = more
      ? `<NextContinuationToken>${Buffer.from(page.at(-1)!).toString('base64')}</NextContinuationToken>`
      : ''
    return xml(
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${more}</IsTruncated>${token}${entries.join('')}</ListBucketResult>`,
    )
  }

  #listUploads(query: Map<string, string>): Answer {
    const all = [...this.uploads].sort(([a], [b]) => (a < b ? -1 : 1))
    const left = all.filter(([id]) => id > (query.get('upload-id-marker') ?? ''))
    const page = left.slice(0, this.pageSize)
    const entries = page.map(
      ([id, { key, initiated }]) =>
        `<Upload><Key>${entities(key)}</Key><UploadId>${id}</UploadId><Initiated>${initiated.toISOString()}</Initiated></Upload>`,
    )
    const [lastId, last] = page.at(-1) ?? ['']
    const next = `<NextKeyMarker>${entities(last?.key ?? '')}</NextKeyMarker><NextUploadIdMarker>${lastId}</NextUploadIdMarker>`
    return xml(
      `<ListMultipartUploadsResult>${next}<IsTruncated>${left.length > page.length}</IsTruncated>${entries.join('')}</ListMultipartUploadsResult>`,
    )
  }

  #multipart({ method, key, query, body, request }: Call): Answer {
    if (query.has('uploads')) {
      const id = `${randomUUID()}/+=`
      this.uploads.set(id, { key, headers: kept(request), initiated: new Date(this.now()), parts: new Map() })
      return xml(`<InitiateMultipartUploadResult><UploadId>${entities(id)}</UploadId></InitiateMultipartUploadResult>`)
    }
    const id = query.get('uploadId') ?? ''
    const upload = this.uploads.get(id)
    if (upload?.key !== key) return problem(404, 'NoSuchUpload')
    if (method === 'DELETE') {
      this.uploads.delete(id)
      return { status: 204 }
    }
    if (method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), body)
      return { status: 200, headers: { etag: etagOf(body) } }
    }
    const named = [
      ...String(body).matchAll(/<Part><PartNumber>(\d+)<\/PartNumber><ETag>&#34;(\w+)&#34;<\/ETag><\/Part>/g),
    ]
    const parts = named.map(([, number, etag]) => {
      const part = upload.parts.get(Number(number))
      return part && etagOf(part) === `"${etag}"` ? part : undefined
    })
    if (parts.length === 0 || parts.includes(undefined)) return problem(400, 'InvalidPart')
    if (parts.slice(0, -1).some((part) => part!.length < SMALLEST_PART)) return problem(400, 'EntityTooSmall')
    const bytes = Buffer.concat(parts as Buffer[])
    const digests = Buffer.concat((parts as Buffer[]).map((part) => createHash('md5').update(part).digest()))
    const etag = `"${createHash('md5').update(digests).digest('hex')}-${parts.length}"`
    this.objects.set(key, { bytes, headers: { ...upload.headers, etag }, modified_at: new Date(this.now()) })
    this.uploads.delete(id)
    return xml(`<CompleteMultipartUploadResult><Key>${entities(key)}</Key></CompleteMultipartUploadResult>`)
  }
}

function kept({ headers }: IncomingMessage): Record<string, string> {
  const type = headers['content-type'] ?? 'binary/octet-stream'
  const storageClass = headers['x-amz-storage-class']
  return { 'content-type': type, ...(storageClass && { 'x-amz-storage-class': String(storageClass) }) }
}

function etagOf(bytes: Buffer): string {
  return `"${createHash('md5').update(bytes).digest('hex')}"`
}

function xml(body: string): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  }
}

function problem(status: number, code: string): Answer {
  return { ...xml(''), status, body: errorText(code) }
}

// As AWS does it, which repeats in its answer what the client has signed.
function errorText(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message><AWSAccessKeyId>KEY-OF-THE-TEST</AWSAccessKeyId></Error>`
}

function entities(text: string): string {
  return text.replace(/[<>&]/g, (character) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;' })[character]!)
}
