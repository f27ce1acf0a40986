// One socket. What is put into it leaves in order. When more waits than may, the queue is thrown away and the socket catches
// up from the log; when it takes nothing for too long, it is closed: a slow reader never costs anybody else anything.
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import type { VerifiedActor } from '../auth/actor.js'
import { CLOSE_CODES, type CloseReason } from '../contract/close-codes.js'
import type { Logger, Metrics } from '../observe.js'
import { encodeExpiring } from '../protocols/native.js'
import type { LogEvent } from './log.js'
import { Outbox } from './outbox.js'

/** Commands that may wait; then the socket is not read until half of them are done. */
const INBOX_MAX = 32
/** Time for a close handshake before the connection is cut. */
const CLOSE_GRACE_MS = 5_000
/** Before the end of its token a client is told to renew it. */
const EXPIRING_MS = 60_000
/** While events keep coming; after a quiet time the next tick brings one. */
const CHECKPOINT_MS = 5_000

export type ConnectionLimits = {
  queue_bytes: number
  queue_frames: number
  ping_interval_ms: number
  pong_timeout_ms: number
  stall_ms: number
  auth_grace_ms: number
}
export type ConnectionOptions = {
  id: string
  actor: VerifiedActor
  webSocket: WebSocket
  socket: Socket
  batch: boolean
  limits: ConnectionLimits
  logger: Logger
  metrics: Metrics
  /** Up to this id, everything that was dispatched is in the queues. */
  safe: () => number
  checkpoint: (connection: Connection) => Buffer
  onCommand: (connection: Connection, text: string) => Promise<void>
  /** Its queue was full: what came after `since` is to be read from the log. */
  onBehind: (connection: Connection, since: number) => void
  onClosed: (connection: Connection) => void
}
/** An event that waits until what was missed before it has been said. */
export type Held = { stream_id: string; seq: number; frame: Buffer }

export class Connection {
  readonly id: string
  readonly #options: ConnectionOptions
  readonly #webSocket: WebSocket
  readonly #outbox: Outbox
  readonly #inbox: string[] = []
  #actor: VerifiedActor
  #working = false
  /** While it catches up: what comes meanwhile, or undefined inside once that is too much. */
  #held: { events: Held[]; bytes: number; isOver: boolean } | undefined
  /** Everything up to this id has been handed to the socket. */
  #position: number
  #heardAt = Date.now()
  #pingAt: number
  #pingedAt: number | undefined
  #checkpointAt = 0
  #isCheckpointDue = false
  #isWarned = false
  #isGreeted = false
  #closing = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.id = options.id
    this.#actor = options.actor
    this.#webSocket = options.webSocket
    this.#position = options.safe()
    this.#outbox = new Outbox({
      webSocket: options.webSocket,
      socket: options.socket,
      max_bytes: options.limits.queue_bytes,
      max_frames: options.limits.queue_frames,
      batch: options.batch,
      onEmpty: () => {
        if (!this.#held) this.#position = options.safe()
      },
    })
    this.#pingAt = this.#nextPing()
    this.#webSocket.on('message', (data, isBinary) => this.#receive(data.toString(), isBinary))
    this.#webSocket.on('ping', () => this.#heard())
    this.#webSocket.on('pong', () => this.#heard())
    // ws closes by itself then, with 1002, 1007, 1008 or 1009.
    this.#webSocket.on('error', (error) =>
      options.logger.debug({ err: error, connection: this.id }, 'a socket broke the protocol'),
    )
    this.#webSocket.on('close', (code) => {
      // Closes of our own are counted where they are decided: a broken reader may never answer.
      if (!this.#closing) options.metrics.socketCloses.inc({ code })
      this.#closing = true
      this.#outbox.close()
      options.onClosed(this)
    })
  }

  get actor(): VerifiedActor {
    return this.#actor
  }

  get isOpen(): boolean {
    return !this.#closing && this.#webSocket.readyState === this.#webSocket.OPEN
  }

  /** Its first frame: until then it stands nowhere in the log, and is told nothing else. */
  greet(hello: Buffer): void {
    this.#isGreeted = true
    this.send(hello)
  }

  /** Queues a finished frame that is no event; whoever sends it sees to it that there are not many. */
  send(frame: Buffer): void {
    if (this.isOpen) this.#outbox.put(frame)
  }

  /** Queues what the node says of itself, never in front of the first frame; a full queue does not lose it. */
  tell(frame: Buffer): void {
    if (this.#isGreeted) this.answer(frame)
  }

  /** Queues the answer to a command: it is lost with the socket alone. */
  answer(frame: Buffer): void {
    if (this.isOpen) this.#outbox.putAnswer(frame)
  }

  /** Queues an event of the log. */
  hear(event: LogEvent, frame: Buffer): void {
    if (!this.isOpen) return
    this.#isCheckpointDue = true
    if (this.#held) return this.#holdBack(event, frame)
    if (this.#outbox.add(frame)) return
    this.#outbox.discard()
    this.hold()
    this.#options.metrics.socketsBehind.inc()
    this.#options.onBehind(this, this.#position)
  }

  /** Queues a frame that may be lost. */
  sendSignal(frame: Buffer): void {
    if (!this.isOpen || this.#held || !this.#outbox.addSignal(frame)) this.#options.metrics.signalsShed.inc()
  }

  /** It comes back: should it fall behind before it has all that it missed, it is told from here again. */
  standsAt(id: number): void {
    this.#position = id
  }

  /** From now on events are held back, beginning with none. */
  hold(): void {
    this.#held = { events: [], bytes: 0, isOver: false }
  }

  /** Whether so much may be put at once into its empty queue, and still leave room. */
  takes(frames: number, bytes: number): boolean {
    const { queue_bytes, queue_frames } = this.#options.limits
    return frames * 2 <= queue_frames && bytes * 2 <= queue_bytes
  }

  /** Resolves once there is room for more of what was missed, or the socket is gone. */
  drained(): Promise<void> {
    return this.#outbox.drained()
  }

  /** Everything that was held back, or undefined when it was too much to keep. */
  get held(): readonly Held[] | undefined {
    return this.#held?.isOver ? undefined : this.#held?.events
  }

  /** It has caught up: from now on it hears events as they come. */
  goLive(): void {
    this.#held = undefined
    this.sendCheckpoint()
  }

  sendCheckpoint(): void {
    this.#checkpointAt = Date.now()
    this.#isCheckpointDue = false
    this.send(this.#options.checkpoint(this))
  }

  /** Another token of the same session. */
  renew(actor: VerifiedActor): void {
    this.#actor = actor
    this.#isWarned = false
  }

  /** It is better off on another node: the last checkpoint, so that little is missed there. */
  leave(reason: 'going_away' | 'node_stale' = 'going_away'): void {
    if (this.#isGreeted && !this.#held) this.sendCheckpoint()
    this.close(reason)
  }

  /** Sends what still waits, unless that is the reason; then says why and hangs up. */
  close(reason: CloseReason): void {
    if (this.#closing) return
    this.#closing = true
    this.#options.metrics.socketCloses.inc({ code: CLOSE_CODES[reason].code })
    if (reason === 'too_slow' || this.#held) this.#outbox.close()
    else this.#outbox.finish()
    this.#webSocket.close(CLOSE_CODES[reason].code, CLOSE_CODES[reason].reason)
    // A paused socket would never hear the answer.
    this.#webSocket.resume()
    setTimeout(() => this.#webSocket.terminate(), CLOSE_GRACE_MS).unref()
  }

  /** Called about once a second for every connection: no timer of its own. */
  tick(now: number): void {
    if (!this.isOpen) return
    const { auth_grace_ms, pong_timeout_ms, stall_ms } = this.#options.limits
    const left = this.#actor.expires_at.getTime() - now
    if (left <= -auth_grace_ms) return this.close('token_expired')
    if (left <= EXPIRING_MS && this.#isGreeted && !this.#isWarned) {
      this.#isWarned = true
      this.answer(encodeExpiring(Math.max(0, Math.round(left / 1_000))))
    }
    if (this.#outbox.isStalled(now, stall_ms)) return this.close('too_slow')
    if (this.#isCheckpointDue && now - this.#checkpointAt >= CHECKPOINT_MS) this.#checkpoint()
    // While its commands wait, it is not read: an answer to a ping would not be heard.
    if (this.#webSocket.isPaused) return this.#heard()
    if (this.#pingedAt !== undefined) {
      // Whoever does not answer a ping would not answer a close frame either.
      if (now - this.#pingedAt > pong_timeout_ms) this.#webSocket.terminate()
    } else if (now >= this.#pingAt) {
      this.#pingedAt = now
      this.#webSocket.ping()
      this.#checkpoint()
    }
  }

  /** Not before what lies behind it: never while it catches up, nor in front of what still waits. */
  #checkpoint(): void {
    if (!this.#held && this.#outbox.isEmpty) this.sendCheckpoint()
  }

  #holdBack({ stream_id, seq }: LogEvent, frame: Buffer): void {
    const held = this.#held
    if (!held || held.isOver) return
    const { queue_bytes, queue_frames } = this.#options.limits
    held.bytes += frame.length
    // Half of the queue, so that it fits in once the other half is free.
    held.isOver = held.bytes * 2 > queue_bytes || held.events.length * 2 >= queue_frames
    if (held.isOver) held.events = []
    else held.events.push({ stream_id, seq, frame })
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

  /** One command at a time: what a client says in order happens in order, and no faster than it takes the answers. */
  async #work(): Promise<void> {
    this.#working = true
    for (let text = this.#inbox.shift(); text !== undefined && this.isOpen; text = this.#inbox.shift()) {
      await this.#options.onCommand(this, text)
      await this.#outbox.drained()
      if (this.#webSocket.isPaused && this.#inbox.length <= INBOX_MAX / 2) this.#webSocket.resume()
      // What is answered without waiting would else be answered in one turn, however many frames came in one packet.
      if (this.#inbox.length > 0) await nextTurn()
    }
    this.#working = false
  }
}
