// A socket that is kept up as the SDK does it: its place in the log from checkpoints, back after a random wait when the node
// goes, with a growing one when nobody answers. It counts what it hears, stream by stream: each seq is the next, or was missed.
import { WebSocket } from 'ws'
import { CLOSE_CODES, shouldReconnect } from '../../src/contract/close-codes.js'
import { saidAt } from './flow.js'
import { wallClock } from './wall-clock.js'

const BASE_MS = 500
const CAP_MS = 30_000
/** Live for so long, it begins anew with short waits. */
const SETTLED_MS = 10_000

export type ReturnerOptions = {
  url: string
  token: string
  /** Instead of a wait of its own after a close: all come at the same moment. */
  signal: () => Promise<void> | undefined
  onSaid: (took_ms: number) => void
  onBack: (back: Back) => void
  onTrouble: (what: string) => void
}
/** `took_ms`: from the attempt that succeeded, to the last event that was missed. */
export type Back = { at: number; took_ms: number; how: 'resumed' | 'resync'; count: number; limited: number }

export class Returner {
  readonly #options: ReturnerOptions
  readonly #last = new Map<string, number>()
  #socket: WebSocket | undefined
  #resume: string | undefined
  #triedAt = 0
  #liveAt = Number.POSITIVE_INFINITY
  #attempt = 0
  #within_ms = 0
  #isOver = false
  #onHello: (() => void) | undefined
  url: string
  missed = 0
  repeated = 0

  constructor(options: ReturnerOptions) {
    this.#options = options
    this.url = options.url
  }

  /** Resolves at `hello`. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHello = resolve
      this.#connect()
    })
  }

  /** Can come back to where it was. */
  get hasPlace(): boolean {
    return this.#resume !== undefined
  }

  get isLive(): boolean {
    return this.#liveAt !== Number.POSITIVE_INFINITY
  }

  /** The last seq that was heard of that stream. */
  lastOf(stream: string): number | undefined {
    return this.#last.get(stream)
  }

  /** Reads nothing any more, until it does again. */
  pause(): void {
    this.#socket?.pause()
  }

  unpause(): void {
    this.#triedAt = wallClock()
    this.#socket?.resume()
  }

  /** As a phone in a tunnel: without a word. */
  cut(): void {
    this.#socket?.terminate()
  }

  end(): void {
    this.#isOver = true
    this.#socket?.terminate()
  }

  #connect(): void {
    if (this.#isOver) return
    this.#triedAt = wallClock()
    const query = new URLSearchParams({
      token: this.#options.token,
      ...(this.#resume !== undefined && { resume: this.#resume }),
    })
    const socket = new WebSocket(`${this.url.replace(/^http/, 'ws')}/ws?${query}`, { perMessageDeflate: false })
    this.#socket = socket
    socket.on('message', (data) => this.#hear(JSON.parse(data.toString())))
    socket.on('error', () => undefined)
    socket.on('close', (code) => this.#lost(code))
  }

  // biome-ignore lint/suspicious/noExplicitAny: what a load of thousands hears is counted, not checked
  #hear({ type, stream, seq, data }: any): void {
    if (stream !== undefined && seq !== undefined) {
      if (this.#isNew(stream, seq) && type === 'message.created')
        this.#options.onSaid(wallClock() - saidAt(data.content))
    } else if (type === 'hello') {
      this.#within_ms = data.reconnect_within_s * 1_000
      this.#onHello?.()
      if (this.#resume === undefined) this.#liveAt = performance.now()
    } else if (type === 'checkpoint') this.#resume = data.resume
    else if (type === 'resumed') {
      for (const limited of data.limited) this.#last.delete(limited)
      this.#back({ how: 'resumed', count: data.count, limited: data.limited.length })
    } else if (type === 'resync') {
      this.#last.clear()
      this.#back({ how: 'resync', count: 0, limited: 0 })
    }
  }

  #back(back: Pick<Back, 'how' | 'count' | 'limited'>): void {
    this.#liveAt = performance.now()
    const at = wallClock()
    this.#options.onBack({ at, took_ms: at - this.#triedAt, ...back })
  }

  #isNew(stream: string, seq: number): boolean {
    const last = this.#last.get(stream)
    if (last !== undefined && seq <= last) {
      this.repeated++
      return false
    }
    if (last !== undefined && seq > last + 1) this.missed += seq - last - 1
    this.#last.set(stream, seq)
    return true
  }

  #lost(code: number): void {
    if (this.#isOver) return
    const wasLive = this.isLive
    if (performance.now() - this.#liveAt >= SETTLED_MS) this.#attempt = 0
    this.#liveAt = Number.POSITIVE_INFINITY
    if (!shouldReconnect(code)) return this.#options.onTrouble(`a socket was closed for good: ${code}`)
    const signal = wasLive ? this.#options.signal() : undefined
    if (signal) {
      this.#attempt = 0
      void signal.then(() => this.#connect())
      return
    }
    const grown_ms = Math.min(CAP_MS, BASE_MS * 2 ** this.#attempt++)
    const isTold = code === CLOSE_CODES.going_away.code && wasLive && this.#attempt === 1
    this.#comeBack(Math.random() * (isTold ? this.#within_ms : grown_ms))
  }

  #comeBack(wait_ms: number): void {
    setTimeout(() => this.#connect(), wait_ms)
  }
}
