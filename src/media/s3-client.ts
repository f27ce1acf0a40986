// One signed request to an S3-compatible storage: bounded in time, repeated when that may help, and silent about secrets:
// an error names the method, the status and the storage's own code, never a URL, a header or a body.
import { createHash } from 'node:crypto'
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import { readElement } from './s3-xml.js'

export type S3Options = {
  endpoint: string
  bucket: string
  region: string
  access_key_id: string
  secret_access_key: string
  storage_class?: string
  /** Longest silence of the storage within a request. */
  silence_ms?: number
  /** First pause before a request is repeated; each further one is twice as long. */
  pause_ms?: number
}

type S3Call = {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Without it, the bucket. */
  key?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Uint8Array
  /** SHA-256 of the body in hex, where it is known already. */
  sha256?: string
  attempts?: number
  signal?: AbortSignal
}

const ATTEMPTS = 4
const PAUSE_MS = 100
const SILENCE_MS = 30_000
/** A storage that trickles is not silent: this ends it. 8 MiB in so long are 28 kB/s. A body that streams may take longer. */
const DEADLINE_MS = 300_000
/** A page of a list has about half a megabyte. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024
/** Took too long to come, met another change of the same object, came too soon. */
const PASSING_STATUSES = new Set([408, 409, 429])
/** What AWS answers with 4xx, or within a 200, though the same request may succeed the next time. */
const PASSING_CODES = new Set(['InternalError', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown'])

export class S3Error extends Error {
  override name = 'S3Error'
  readonly status: number | undefined
  readonly code: string

  /** Without a status there was no answer. */
  constructor(method: string, status: number | undefined, code: string) {
    super(`the S3 storage answered ${method} with ${status ?? 'nothing'} ${code}`)
    this.status = status
    this.code = code
  }

  get isPassing(): boolean {
    const { status, code } = this
    return status === undefined || status >= 500 || PASSING_STATUSES.has(status) || PASSING_CODES.has(code)
  }
}

export class S3Client {
  readonly #options: S3Options
  readonly #base: URL
  readonly #agent: http.Agent | https.Agent

  constructor(options: S3Options) {
    this.#options = options
    const { origin, protocol, pathname } = new URL(options.endpoint)
    this.#base = new URL(`${origin}${pathname.replace(/\/+$/, '')}/${options.bucket}`)
    this.#agent = protocol === 'https:' ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true })
  }

  /** The answer as text, which `check` may refuse with an S3Error. @throws S3Error */
  async text(call: S3Call, check?: (text: string) => void): Promise<string> {
    return this.#run(call, async (response) => {
      const text = await readText(call.method, response)
      check?.(text)
      return text
    })
  }

  /** The headers of the answer, whose body is not wanted. @throws S3Error */
  async headers(call: S3Call): Promise<http.IncomingHttpHeaders> {
    return this.#run(call, async (response) => {
      await readText(call.method, response)
      return response.headers
    })
  }

  /** The answer while its body still comes. @throws S3Error */
  async stream(call: S3Call): Promise<IncomingMessage> {
    return this.#run(call, async (response) => response, true)
  }

  /** Sends until it succeeds, `read` included, as often as may help. */
  async #run<T>(call: S3Call, read: (response: IncomingMessage) => Promise<T>, streams = false): Promise<T> {
    const { signal, attempts = ATTEMPTS } = call
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted()
      try {
        return await read(await this.#sendOnce(call, streams))
      } catch (error) {
        signal?.throwIfAborted()
        if (attempt >= attempts || !(error instanceof S3Error && error.isPassing)) throw error
      }
      const pause = (this.#options.pause_ms ?? PAUSE_MS) * 2 ** (attempt - 1)
      await delay(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }

  /** An address at which anybody may do exactly this, with exactly these headers, for a while. */
  async presign(method: 'PUT', key: string, headers: Record<string, string>, expires_s: number): Promise<string> {
    const url = this.#url(key, { 'X-Amz-Expires': String(expires_s) })
    const { url: signed } = await this.#signer({ method, url: url.href, headers, signQuery: true }).sign()
    return signed.href
  }

  stop(): void {
    this.#agent.destroy()
  }

  async #sendOnce(call: S3Call, streams: boolean): Promise<IncomingMessage> {
    const response = await this.#send(call, streams)
    const status = response.statusCode ?? 0
    if (status >= 200 && status < 300) return response
    throw new S3Error(call.method, status, readCode(await readText(call.method, response)))
  }

  async #send({ method, key, query, headers, body, sha256, signal }: S3Call, streams: boolean) {
    const length: Record<string, string> =
      body || method === 'POST' ? { 'content-length': String(body?.byteLength ?? 0) } : {}
    const signed = await this.#signer({
      method,
      url: this.#url(key, query).href,
      headers: { ...headers, ...length, 'x-amz-content-sha256': sha256 ?? hashOf(body ?? '') },
    }).sign()
    const silence = this.#options.silence_ms ?? SILENCE_MS
    return new Promise<IncomingMessage>((resolve, reject) => {
      const { request: open } = signed.url.protocol === 'https:' ? https : http
      const request = open(signed.url, {
        method,
        headers: Object.fromEntries(signed.headers),
        agent: this.#agent,
        timeout: silence,
        signal,
      })
      const late = () => request.destroy(Object.assign(new Error('late'), { code: 'ETIMEDOUT' }))
      const deadline = setTimeout(late, DEADLINE_MS)
      let response: IncomingMessage | undefined
      request.on('timeout', () => {
        // With bytes left to read it is our reader who is slow, not the storage.
        if (response && response.readableLength > 0) request.socket?.setTimeout(silence)
        else late()
      })
      request.on('error', (error) => reject(noAnswer(method, error)))
      request.on('close', () => clearTimeout(deadline))
      request.on('response', (answer) => {
        response = answer
        if (streams) clearTimeout(deadline)
        resolve(answer)
      })
      request.end(body)
    })
  }

  #signer(request: { method: string; url: string; headers: Record<string, string>; signQuery?: boolean }) {
    return new AwsV4Signer({
      ...request,
      accessKeyId: this.#options.access_key_id,
      secretAccessKey: this.#options.secret_access_key,
      region: this.#options.region,
      service: 's3',
      // By default it leaves out the length and the type, which are what a signed address is to hold a client to.
      allHeaders: true,
    })
  }

  #url(key: string | undefined, query: Record<string, string> = {}): URL {
    const url = new URL(key === undefined ? this.#base.href : `${this.#base.href}/${key}`)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return url
  }
}

function hashOf(body: Uint8Array | string): string {
  return createHash('sha256').update(body).digest('hex')
}

async function readText(method: string, response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response) {
      size += chunk.length
      if (size > MAX_TEXT_BYTES) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw noAnswer(method, error)
  }
  if (size > MAX_TEXT_BYTES) throw new S3Error(method, response.statusCode, 'AnswerTooLong')
  return Buffer.concat(chunks).toString('utf8')
}

/** The code of an answer, which is text of somebody else. */
export function readCode(text: string): string {
  return /^[A-Za-z0-9.]{1,64}$/.exec(readElement(text, 'Code') ?? '')?.[0] ?? ''
}

function noAnswer(method: string, error: unknown): S3Error {
  return new S3Error(method, undefined, error instanceof Error && 'code' in error ? String(error.code) : 'broken off')
}
