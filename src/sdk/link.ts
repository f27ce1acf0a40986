// One socket after the other: connects, notices that a socket is dead, comes back as the close code says, and carries commands and
// frames. There is never more than one.
import { CLOSE_CODES, shouldReconnect } from '../contract/close-codes.js'
import type { EarshotError } from './call.js'
import { Alarm, backoff, type Clock } from './clock.js'
import { failure } from './failure.js'
import { Replies, unanswered } from './replies.js'
import { fits, isObject, type Loose } from './shapes.js'

const TICK_MS = 5_000
/** From dialling to the first frame. */
const HELLO_MS = 15_000
const HEARTBEAT_S = 25
const DEAD_MS = 40_000
/** For an answer, when there is a doubt. */
const PROBE_MS = 5_000
/** Whoever was live for so long comes back as if for the first time. */
const SETTLED_MS = 10_000
const RECONNECT_WITHIN_S = 5

/** The part of a WebSocket that is used: those of browsers, of Node and of the package ws have it. */
export type SocketConstructor = new (url: string) => { send(data: string): void; close(code?: number): void }

type Socket = InstanceType<SocketConstructor> & {
  terminate?(): void
  onmessage: (event: { data: unknown }) => void
  onclose: (event: { code: number; reason: string }) => void
  onerror: () => void
}

export type LinkOptions = {
  url: string
  WebSocket: SocketConstructor
  clock: Clock
  /** `renew`: the one before was refused. undefined: nobody is signed in. */
  token: (options: { renew: boolean }) => Promise<string | undefined>
  resume: () => string | undefined
  onStatus: (status: 'connecting' | 'offline') => void
  /** The first frame of a socket; `isResuming`: it was opened with a resume token. */
  onHello: (userId: string, isResuming: boolean) => void
  /** @returns false if it is none that the server sends */
  onFrame: (frame: Loose) => boolean
  /** The session is over. */
  onEnded: (error: EarshotError) => void
  /** The server does not want this client: it has stopped. */
  onRefused: (error: EarshotError) => void
  onError: (error: unknown) => void
}

export class Link {
  readonly #options: LinkOptions
  readonly #replies = new Replies()
  readonly #retry: Alarm
  readonly #watch: Alarm
  #isRunning = false
  /** Counts sockets: whatever belongs to a former one is passed over. */
  #turn = 0
  #socket: Socket | undefined
  #hello: { user_id: string; heartbeat_ms: number; within_ms: number; max_bytes: number } | undefined
  #isResuming = false
  #renew = false
  #attempt = 0
  #liveAt: number | undefined
  #heardAt = 0
  #tickedAt = 0
  #probeUntil: number | undefined

  constructor(options: LinkOptions) {
    this.#options = options
    this.#retry = new Alarm(options.clock)
    this.#watch = new Alarm(options.clock)
  }

  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#attempt = 0
    this.#renew = false
    this.#open()
  }

  stop(): void {
    this.#isRunning = false
    this.#turn++
    this.#retry.clear()
    this.#hangUp()
  }

  /** All that was missed has been said: from here on a loss is one of a socket that was good. */
  live(): void {
    this.#liveAt ??= this.#options.clock.now()
  }

  /** There may be a network again, or none any more: finds out at once. */
  wake(): void {
    if (this.#retry.isSet) this.#open()
    else if (this.#hello) this.#probe()
  }

  /** @throws EarshotError network if there is no socket, or none any more before the reply; otherwise what the server refused */
  async command(type: string, data?: unknown): Promise<unknown> {
    if (!this.#hello || !this.#socket) throw unanswered('There is no socket to the server now')
    const { id, reply } = this.#replies.expect(this.#options.clock.now())
    const text = JSON.stringify({ id, type, data })
    if (new TextEncoder().encode(text).length > this.#hello.max_bytes) {
      const error = { code: 'request.too_large', detail: 'The command is too large' }
      this.#replies.settle({ id, ok: false, error })
    } else this.#socket.send(text)
    return reply
  }

  #open(): void {
    const { onStatus, token, onEnded } = this.#options
    const turn = ++this.#turn
    this.#retry.clear()
    onStatus('connecting')
    if (turn !== this.#turn) return
    token({ renew: this.#renew })
      .then(
        (found) => {
          if (turn !== this.#turn) return
          if (found !== undefined) this.#dial(found)
          else onEnded(closed(CLOSE_CODES.unauthenticated.code))
        },
        (error) => {
          if (turn !== this.#turn) return
          this.#options.onError(error)
          this.#comeBack()
        },
      )
      .catch(this.#options.onError)
  }

  #dial(token: string): void {
    const { url, WebSocket, clock, resume, onError } = this.#options
    const from = resume()
    const query = new URLSearchParams({ token, batch: '1', ...(from !== undefined && { resume: from }) })
    let socket: Socket
    try {
      socket = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/ws?${query}`) as Socket
    } catch (error) {
      onError(error)
      return this.#comeBack()
    }
    this.#socket = socket
    this.#isResuming = from !== undefined
    this.#heardAt = this.#tickedAt = clock.now()
    this.#watch.set(TICK_MS, () => this.#tick())
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#receive(data)
    }
    socket.onclose = ({ code, reason }) => {
      if (socket === this.#socket) this.#lost(code, reason)
    }
    // The close that follows says all.
    socket.onerror = () => undefined
  }

  /** One frame of the network, or several in an array. */
  #receive(data: unknown): void {
    this.#heardAt = this.#options.clock.now()
    this.#probeUntil = undefined
    const turn = this.#turn
    for (const frame of parse(data)) {
      let isRight = false
      try {
        isRight = isObject(frame) && this.#hear(frame)
      } catch (error) {
        this.#options.onError(error)
      }
      // One of them may have ended all that.
      if (turn !== this.#turn) return
      if (!isRight) this.#options.onError(failure('frame.malformed', brief(frame)))
    }
  }

  #hear(frame: Loose): boolean {
    if (frame.type === 'hello') return this.#greet(frame.data)
    if (!this.#hello) return false
    return frame.type === 'reply' ? this.#replies.settle(frame) : this.#options.onFrame(frame)
  }

  #greet(data: unknown): boolean {
    if (!fits(data, { user_id: 'text' })) return false
    const user_id = data.user_id as string
    if (this.#hello?.user_id === user_id) return false
    const number = (value: unknown, otherwise: number) => (typeof value === 'number' && value > 0 ? value : otherwise)
    this.#hello = {
      user_id,
      heartbeat_ms: number(data.heartbeat_s, HEARTBEAT_S) * 1_000,
      within_ms: number(data.reconnect_within_s, RECONNECT_WITHIN_S) * 1_000,
      max_bytes: number(isObject(data.limits) ? data.limits.max_frame_bytes : undefined, Number.POSITIVE_INFINITY),
    }
    this.#renew = false
    this.#options.onHello(user_id, this.#isResuming)
    return true
  }

  #tick(): void {
    const now = this.#options.clock.now()
    const silence = now - this.#heardAt
    const hasSlept = now - this.#tickedAt > 2 * TICK_MS
    this.#tickedAt = now
    this.#watch.set(TICK_MS, () => this.#tick())
    this.#replies.expire(now)
    if (hasSlept && this.#hello) return this.#probe()
    if (silence >= (this.#hello ? DEAD_MS : HELLO_MS) || (this.#probeUntil ?? now + 1) <= now) return this.#lost(1006)
    if (this.#hello && silence >= this.#hello.heartbeat_ms) this.#ping()
  }

  #probe(): void {
    const now = this.#options.clock.now()
    this.#probeUntil ??= now + PROBE_MS
    this.#tickedAt = now
    this.#watch.set(PROBE_MS, () => this.#tick())
    this.#ping()
  }

  /** A browser neither sends nor shows the pings of WebSocket itself. */
  #ping(): void {
    this.command('ping').catch(() => undefined)
  }

  #lost(code: number, reason = ''): void {
    const { clock, onStatus, onEnded, onRefused } = this.#options
    const hello = this.#hello
    if (this.#liveAt !== undefined && clock.now() - this.#liveAt >= SETTLED_MS) this.#attempt = 0
    const turn = ++this.#turn
    // Whoever does not answer would not answer a farewell either.
    this.#hangUp(true)
    onStatus('offline')
    if (turn !== this.#turn) return
    const error = closed(code, reason)
    const isTokenRefused = code === CLOSE_CODES.token_expired.code || code === CLOSE_CODES.unauthenticated.code
    if (isTokenRefused && !(this.#renew && code === CLOSE_CODES.unauthenticated.code)) {
      this.#renew = true
      return this.#comeBack(this.#attempt === 0 ? 0 : undefined)
    }
    if (OVER.has(code)) onEnded(error)
    else if (!shouldReconnect(code)) onRefused(error)
    else if (MOVED.has(code) && hello && this.#attempt === 0) this.#comeBack(clock.random() * hello.within_ms)
    else this.#comeBack()
  }

  #comeBack(wait_ms?: number): void {
    const { clock, onStatus } = this.#options
    const turn = this.#turn
    onStatus('offline')
    if (turn !== this.#turn) return
    const grown_ms = backoff(clock, this.#attempt++)
    this.#retry.set(wait_ms ?? grown_ms, () => this.#open())
  }

  #hangUp(isDead = false): void {
    const socket = this.#socket
    this.#socket = this.#hello = this.#liveAt = this.#probeUntil = undefined
    this.#watch.clear()
    this.#replies.failAll()
    if (isDead && socket?.terminate) socket.terminate()
    else socket?.close(1000)
  }
}

/** All of a node's clients are, at the same time. */
const MOVED = new Set<number>([CLOSE_CODES.going_away.code, CLOSE_CODES.node_stale.code])

const OVER = new Set<number>([
  CLOSE_CODES.session_ended.code,
  CLOSE_CODES.account_closed.code,
  CLOSE_CODES.unauthenticated.code,
])

function parse(data: unknown): unknown[] {
  if (typeof data !== 'string') return [data]
  try {
    // As a key of its own it would become the prototype of whatever it is copied to.
    const frames: unknown = JSON.parse(data, (key, value) => (key === '__proto__' ? undefined : value))
    return Array.isArray(frames) ? frames : [frames]
  } catch {
    return [data]
  }
}

function brief(frame: unknown): string {
  const type = isObject(frame) && typeof frame.type === 'string' ? frame.type : typeof frame
  return `This is not a frame of Earshot: ${type.slice(0, 64)}`
}

/** Why a socket was closed, by the name that docs/close-codes.md has for it. */
function closed(code: number, reason = ''): EarshotError {
  const [name, known] = Object.entries(CLOSE_CODES).find(([, one]) => one.code === code) ?? ['closed', undefined]
  return failure(`socket.${name}`, reason || known?.reason || `Closed with ${code}`, code)
}
