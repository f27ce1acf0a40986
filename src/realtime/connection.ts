// One socket. What is put into it leaves in order, all of one turn of the loop in one write. When more waits than the
// configured bytes or frames, the socket is closed as too slow: a slow reader never costs anybody else anything.
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { VerifiedActor } from '../auth/actor.js'
import { CLOSE_CODES, type CloseReason } from '../contract/close-codes.js'
import type { Logger, Metrics } from '../observe.js'

/** Commands that may wait; then the socket is not read until half of them are done. */
const INBOX_MAX = 32
/** Time for a close handshake before the connection is cut. */
const CLOSE_GRACE_MS = 5_000

export type ConnectionLimits = {
  queue_bytes: number
  queue_frames: number
  ping_interval_ms: number
  pong_timeout_ms: number
}
export type ConnectionOptions = {
  id: string
  actor: VerifiedActor
  webSocket: WebSocket
  socket: Socket
  limits: ConnectionLimits
  logger: Logger
  metrics: Metrics
  onCommand: (connection: Connection, text: string) => Promise<void>
  onClosed: (connection: Connection) => void
}

export class Connection {
  readonly id: string
  readonly actor: VerifiedActor
  readonly #options: ConnectionOptions
  readonly #webSocket: WebSocket
  readonly #inbox: string[] = []
  #working = false
  #outbox: Buffer[] = []
  #outboxBytes = 0
  #framesInFlight = 0
  #heardAt = Date.now()
  #pingAt: number
  #pingedAt: number | undefined
  #closing = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.id = options.id
    this.actor = options.actor
    this.#webSocket = options.webSocket
    this.#pingAt = this.#nextPing()
    this.#webSocket.on('message', (data, isBinary) => this.#receive(data.toString(), isBinary))
    this.#webSocket.on('ping', () => this.#heard())
    this.#webSocket.on('pong', () => this.#heard())
    // ws closes by itself then, with 1002, 1007 or 1009.
    this.#webSocket.on('error', (error) =>
      options.logger.debug({ err: error, connection: this.id }, 'a socket broke the protocol'),
    )
    this.#webSocket.on('close', (code) => {
      // Closes of our own are counted where they are decided: a broken reader may never answer.
      if (!this.#closing) options.metrics.socketCloses.inc({ code })
      this.#closing = true
      this.#drop()
      options.onClosed(this)
    })
  }

  get isOpen(): boolean {
    return !this.#closing && this.#webSocket.readyState === this.#webSocket.OPEN
  }

  /** Queues a finished frame. */
  send(frame: Buffer): void {
    if (!this.isOpen) return
    if (!this.#fits(frame)) {
      // A burst within one turn: the kernel may well take it now.
      this.#flush()
      if (!this.#fits(frame)) return this.close('too_slow')
    }
    if (this.#outbox.push(frame) === 1) queueMicrotask(() => this.#flush())
    this.#outboxBytes += frame.length
  }

  /** Queues a frame that may be lost: it gives way while half of what may wait is waiting. */
  sendSignal(frame: Buffer): void {
    const { queue_bytes, queue_frames } = this.#options.limits
    const frames = this.#outbox.length + this.#framesInFlight
    const bytes = this.#outboxBytes + this.#webSocket.bufferedAmount
    if (frames * 2 < queue_frames && bytes * 2 < queue_bytes) this.send(frame)
    else this.#options.metrics.signalsShed.inc()
  }

  /** One frame always fits: the largest message is far below the bound, but an operator may set it lower. */
  #fits(frame: Buffer): boolean {
    const { queue_bytes, queue_frames } = this.#options.limits
    const frames = this.#outbox.length + this.#framesInFlight
    const bytes = this.#outboxBytes + this.#webSocket.bufferedAmount
    return frames === 0 || (frames < queue_frames && bytes + frame.length <= queue_bytes)
  }

  /** Sends what still waits, unless that is the reason; then says why and hangs up. */
  close(reason: CloseReason): void {
    if (this.#closing) return
    this.#closing = true
    this.#options.metrics.socketCloses.inc({ code: CLOSE_CODES[reason].code })
    if (reason === 'too_slow') this.#drop()
    else this.#flush()
    this.#webSocket.close(CLOSE_CODES[reason].code, CLOSE_CODES[reason].reason)
    // A paused socket would never hear the answer.
    this.#webSocket.resume()
    setTimeout(() => this.#webSocket.terminate(), CLOSE_GRACE_MS).unref()
  }

  /** Called about once a second for every connection: no timer of its own. */
  tick(now: number): void {
    if (!this.isOpen) return
    if (now >= this.actor.expires_at.getTime()) return this.close('token_expired')
    // While its commands wait, it is not read: an answer to a ping would not be heard.
    if (this.#webSocket.isPaused) return this.#heard()
    if (this.#pingedAt !== undefined) {
      // Whoever does not answer a ping would not answer a close frame either.
      if (now - this.#pingedAt > this.#options.limits.pong_timeout_ms) this.#webSocket.terminate()
    } else if (now >= this.#pingAt) {
      this.#pingedAt = now
      this.#webSocket.ping()
    }
  }

  #heard(): void {
    this.#heardAt = Date.now()
    this.#pingedAt = undefined
    this.#pingAt = this.#nextPing()
  }

  /** Up to a fifth earlier, so that sockets that came together do not ping together for ever. */
  #nextPing(): number {
    return this.#heardAt + this.#options.limits.ping_interval_ms * (1 - Math.random() / 5)
  }

  #receive(text: string, isBinary: boolean): void {
    this.#heard()
    if (isBinary) return this.close('unsupported_data')
    this.#inbox.push(text)
    if (this.#inbox.length >= INBOX_MAX) this.#webSocket.pause()
    if (!this.#working) {
      this.#work().catch((error) => {
        this.#options.logger.error({ err: error, connection: this.id }, 'a command could not be answered')
        this.close('overloaded')
      })
    }
  }

  /** One command at a time: what a client says in order happens in order. */
  async #work(): Promise<void> {
    this.#working = true
    for (let text = this.#inbox.shift(); text !== undefined && this.isOpen; text = this.#inbox.shift()) {
      await this.#options.onCommand(this, text)
      if (this.#webSocket.isPaused && this.#inbox.length <= INBOX_MAX / 2) this.#webSocket.resume()
    }
    this.#working = false
  }

  #flush(): void {
    const frames = this.#outbox
    this.#drop()
    if (frames.length === 0 || this.#webSocket.readyState !== this.#webSocket.OPEN) return
    const { socket } = this.#options
    this.#framesInFlight += frames.length
    const last = frames.length - 1
    const written = () => {
      this.#framesInFlight -= frames.length
    }
    socket.cork()
    frames.forEach((frame, index) => {
      this.#webSocket.send(frame, { binary: false }, index === last ? written : undefined)
    })
    socket.uncork()
  }

  #drop(): void {
    this.#outbox = []
    this.#outboxBytes = 0
  }
}
