// Somebody who uses Earshot: REST with their token, and a socket whose frames are kept until a test asks for them.
import { setTimeout as delay } from 'node:timers/promises'
import type { SignedIn } from '../../src/contract/accounts.js'
import { checkAnswer } from './conformance.js'
import { Ear } from './ear.js'

export type Answer<T = unknown> = { status: number; body: T; headers: Headers }
// biome-ignore lint/suspicious/noExplicitAny: what a route answers is for the test to assert
type Json = any

export class Person {
  /** Of the node that this person talks to. */
  url: string
  readonly name: string
  readonly id: string
  readonly sessionId: string
  token: string
  refreshToken: string
  /** Reads are repeated for so long while the server cannot answer them, at each of these nodes in turn. */
  patience: { urls: readonly string[]; ms: number } | undefined
  readonly #ears: Ear[] = []

  private constructor(url: string, name: string, signedIn: SignedIn) {
    this.url = url
    this.name = name
    this.id = signedIn.user.id
    this.sessionId = signedIn.session.id
    this.token = signedIn.access_token
    this.refreshToken = signedIn.refresh_token
  }

  static async register(url: string, name: string, password: string): Promise<Person> {
    const input = { username: name, email: `${name}@example.com`, password, display_name: `${name} of Earshot` }
    return new Person(url, name, await succeed(fetchJson(url, 'POST', '/auth/register', { body: input })))
  }

  static async login(url: string, name: string, password: string): Promise<Person> {
    return new Person(
      url,
      name,
      await succeed(fetchJson(url, 'POST', '/auth/login', { body: { login: name, password } })),
    )
  }

  /** Any request, with whatever answer. */
  ask<T = Json>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const request = { body, headers: { authorization: `Bearer ${this.token}`, ...headers } }
    if (!this.patience || method !== 'GET') return fetchJson(this.url, method, path, request)
    return this.#askPatiently(this.patience, path, request)
  }

  async #askPatiently<T>(
    { urls, ms }: { urls: readonly string[]; ms: number },
    path: string,
    request: { headers: Record<string, string> },
  ): Promise<Answer<T>> {
    const deadline = Date.now() + ms
    for (let turn = 0; ; turn++) {
      const url = path.startsWith('http') ? '' : (urls[turn % urls.length] ?? this.url)
      const answer = await fetchJson<T>(url, 'GET', path, request).catch((error: Error) => error)
      if (!(answer instanceof Error) && answer.status !== 503) return answer
      if (Date.now() > deadline) throw answer
      await delay(50)
    }
  }

  get<T = Json>(path: string): Promise<T> {
    return succeed(this.ask<T>('GET', path))
  }
  post<T = Json>(path: string, body?: unknown): Promise<T> {
    return succeed(this.ask<T>('POST', path, body))
  }
  patch<T = Json>(path: string, body: unknown): Promise<T> {
    return succeed(this.ask<T>('PATCH', path, body))
  }
  delete<T = Json>(path: string): Promise<T> {
    return succeed(this.ask<T>('DELETE', path))
  }

  /** Sends a text over REST. */
  say(conversationId: string, content: string, more: object = {}): Promise<Json> {
    return this.post(`/conversations/${conversationId}/messages`, { content, ...more })
  }

  /** Uploads a file in a form, and answers the attachment. */
  upload(filename: string, content: Uint8Array | string, query = ''): Promise<Json> {
    return succeed(this.sendForm(`/uploads${query}`, { file: new File([content as string], filename) }))
  }
  /** A form with files, whatever the answer; a field with several values comes several times. */
  sendForm<T = Json>(
    path: string,
    fields: Record<string, string | File | File[]>,
    method = 'POST',
  ): Promise<Answer<T>> {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields))
      for (const one of Array.isArray(value) ? value : [value]) form.append(name, one)
    return fetchJson(this.url, method, path, { body: form, headers: { authorization: `Bearer ${this.token}` } })
  }

  /** The bytes of a file, or of a refusal. */
  download(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Download> {
    return fetchBytes(this.url, path, { authorization: `Bearer ${this.token}`, ...headers }, method)
  }

  /** A live socket: from its `hello` on it hears everything. `more` goes into its address. */
  async connect(url = this.url, more: Record<string, string> = {}): Promise<Ear> {
    const query = new URLSearchParams({ token: this.token, ...more })
    const ear = new Ear(`${url.replace('http', 'ws')}/ws?${query}`)
    this.#ears.push(ear)
    try {
      await ear.next('hello')
    } catch (error) {
      ear.cut()
      throw error
    }
    return ear
  }

  /** A socket that goes on from there; ready once it is said what was missed, or that it cannot be said. */
  async resume(token: string, url = this.url): Promise<Ear> {
    const ear = await this.connect(url, { resume: token })
    await ear.seen(({ type }) => type === 'resumed' || type === 'resync')
    return ear
  }

  /** Where this person stands once everything that was committed before this call is behind them. */
  async position(): Promise<string> {
    for (;;) {
      const { resume } = await this.get('/sync')
      // The node may not have read all of it yet, and be too far behind to say what is missing.
      const { status, body } = await this.ask('GET', `/sync?since=${resume}`)
      if (status === 200 && body.events.length === 0) return resume
    }
  }

  /**
   * Waits until every socket of this person has heard everything that was committed before this call: a durable event of
   * their own, later in the log, has arrived. What was not heard by then will never be.
   */
  async settled(): Promise<void> {
    const mark = crypto.randomUUID()
    const heard = this.#ears
      .filter((ear) => ear.isOpen)
      .map((ear) => ear.seen((frame) => frame.type === 'user.updated' && frame.data.status_text === mark))
    await this.patch('/users/me', { status_text: mark })
    await Promise.all(heard)
  }

  get isConnected(): boolean {
    return this.#ears.some((ear) => ear.isOpen)
  }

  disconnect(): void {
    for (const ear of this.#ears) ear.cut()
  }
}

export async function fetchJson<T = Json>(
  url: string,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer<T>> {
  const target = targetOf(url, path)
  // What is no plain object goes as it is; a form says itself what it is.
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData
  const response = await fetch(target, {
    method,
    headers: {
      ...(body !== undefined && !(body instanceof FormData) && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined || isRaw ? (body as string) : JSON.stringify(body),
  })
  const text = await response.text()
  const answer = { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers }
  checkAnswer({ method, path: new URL(target).pathname, ...answer })
  return answer
}

/** A path below /api/v1, a complete path as in the answers of the server, or a whole address. */
function targetOf(url: string, path: string): string {
  if (path.startsWith('http')) return path
  return path.startsWith('/api') || !url.startsWith('http') ? url + path : `${url}/api/v1${path}`
}

export type Download = { status: number; bytes: Buffer; headers: Headers; problem?: { code: string } }

/** `path` may be complete, as in the answers of the server. */
export async function fetchBytes(
  url: string,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Download> {
  const target = targetOf(url, path)
  const response = await fetch(target, { method, headers })
  const bytes = Buffer.from(await response.arrayBuffer())
  const isProblem = /problem\+json/.test(response.headers.get('content-type') ?? '')
  const problem = isProblem ? JSON.parse(bytes.toString()) : undefined
  checkAnswer({
    method,
    path: new URL(target).pathname,
    status: response.status,
    headers: response.headers,
    body: problem ?? (bytes.length > 0 ? bytes : undefined),
  })
  return { status: response.status, bytes, headers: response.headers, ...(problem && { problem }) }
}

async function succeed<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { status, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body
}
