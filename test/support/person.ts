// Somebody who uses Earshot: REST with their token, and a socket whose frames are kept until a test asks for them.
import type { SignedIn } from '../../src/contract/accounts.js'
import { checkAnswer } from './conformance.js'
import { Ear } from './ear.js'

export type Answer<T = unknown> = { status: number; body: T; headers: Headers }
// biome-ignore lint/suspicious/noExplicitAny: what a route answers is for the test to assert
type Json = any

export class Person {
  readonly url: string
  readonly name: string
  readonly id: string
  readonly sessionId: string
  token: string
  refreshToken: string
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
    return fetchJson(this.url, method, path, { body, headers: { authorization: `Bearer ${this.token}`, ...headers } })
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

  /** A live socket: from its `hello` on it hears everything. */
  async connect(url = this.url): Promise<Ear> {
    const ear = new Ear(`${url.replace('http', 'ws')}/ws?token=${this.token}`)
    this.#ears.push(ear)
    await ear.next('hello')
    return ear
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
  const target = path.startsWith('/api') || !url.startsWith('http') ? url + path : `${url}/api/v1${path}`
  const response = await fetch(target, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    body:
      body === undefined
        ? undefined
        : typeof body === 'string' || body instanceof Uint8Array
          ? (body as string)
          : JSON.stringify(body),
  })
  const text = await response.text()
  const answer = { status: response.status, body: text ? JSON.parse(text) : undefined, headers: response.headers }
  checkAnswer({ method, path: new URL(target).pathname, ...answer })
  return answer
}

async function succeed<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { status, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return body
}
