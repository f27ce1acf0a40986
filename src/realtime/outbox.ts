// What waits to leave through one socket, in order; all of one turn of the loop leaves in one write. Only a little is handed
// to the socket at a time: what is still here can be counted, and be thrown away.
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { arrayFrame, textOf } from '../protocols/text-frame.js'

/** More than the kernel takes in one write; what is beyond it waits here. */
const HANDED_BYTES = 65_536
const TEXT = { binary: false }

export type OutboxOptions = {
  webSocket: WebSocket
  socket: Socket
  max_bytes: number
  max_frames: number
  /** Several frames as one JSON array. */
  batch: boolean
  /** Everything that was added has been handed over. */
  onEmpty: () => void
}

export class Outbox {
  readonly #options: OutboxOptions
  #frames: Buffer[] = []
  /** Those of them that are said only once: not even a full queue may lose them. */
  readonly #answers = new Set<Buffer>()
  /** Frames before it are handed over. */
  #next = 0
  #bytes = 0
  #framesInFlight = 0
  #isFlushing = false
  #movedAt = 0
  #onDrained: (() => void) | undefined

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** False when it is full. One frame always fits: the largest message may be larger than an operator's bound. */
  add(frame: Buffer): boolean {
    if (!this.#fits(frame, 1)) {
      // A burst within one turn: the kernel may well take it now.
      this.#flush()
      if (!this.#fits(frame, 1)) return false
    }
    this.put(frame)
    return true
  }

  /** False when half of what may wait is waiting: what may be lost gives way early. */
  addSignal(frame: Buffer): boolean {
    if (!this.#fits(frame, 2)) return false
    this.put(frame)
    return true
  }

  /** Whether it fits or not: for what is bounded elsewhere. */
  put(frame: Buffer): void {
    this.#frames.push(frame)
    this.#bytes += frame.length
    if (this.#isFlushing) return
    this.#isFlushing = true
    queueMicrotask(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  /** The same for what cannot be said again. */
  putAnswer(frame: Buffer): void {
    this.#answers.add(frame)
    this.put(frame)
  }

  get isEmpty(): boolean {
    return this.#waiting === 0
  }

  /** Resolves once less than half of what may wait is waiting, or the socket is gone. */
  async drained(): Promise<void> {
    while (!this.#fits(undefined, 2) && this.#isOpen) {
      await new Promise<void>((resolve) => {
        const before = this.#onDrained
        this.#onDrained = () => {
          before?.()
          resolve()
        }
      })
    }
  }

  /** Something waits, and for so long nothing of it was taken. */
  isStalled(now: number, ms: number): boolean {
    return this.#waiting > 0 && now - this.#movedAt >= ms
  }

  /** What is in the log can be read there again; answers stay. */
  discard(): void {
    this.#frames = this.#frames.slice(this.#next).filter((frame) => this.#answers.has(frame))
    this.#next = 0
    this.#bytes = this.#frames.reduce((sum, frame) => sum + frame.length, 0)
    this.#wake()
  }

  /** Nothing more will leave. */
  close(): void {
    this.#answers.clear()
    this.discard()
  }

  /** Hands over everything at once: nothing will come after it. */
  finish(): void {
    this.#flush(Number.POSITIVE_INFINITY)
  }

  get #waiting(): number {
    return this.#frames.length - this.#next + this.#framesInFlight
  }

  get #isOpen(): boolean {
    return this.#options.webSocket.readyState === this.#options.webSocket.OPEN
  }

  /** Within that part of the bounds. */
  #fits(frame: Buffer | undefined, part: number): boolean {
    const { max_bytes, max_frames, webSocket } = this.#options
    const bytes = this.#bytes + webSocket.bufferedAmount + (frame?.length ?? 0)
    return this.#waiting === 0 || (this.#waiting * part < max_frames && bytes * part <= max_bytes)
  }

  /** As much as may be on its way, in one write. */
  #flush(most = HANDED_BYTES): void {
    if (!this.#isOpen) return this.close()
    const { batch, onEmpty, webSocket } = this.#options
    const first = this.#next
    let room = most - webSocket.bufferedAmount
    for (let frame = this.#frames[first]; frame && room > 0; frame = this.#frames[++this.#next]) {
      room -= frame.length
      this.#bytes -= frame.length
    }
    const count = this.#next - first
    if (count === 0) return
    const frames = first === 0 && count === this.#frames.length ? this.#frames : this.#frames.slice(first, this.#next)
    if (this.#framesInFlight === 0) this.#movedAt = Date.now()
    this.#framesInFlight += count
    this.#write(batch && count > 1 ? [arrayFrame(frames)] : frames, () => this.#written(count))
    if (this.#next < this.#frames.length) return
    this.#frames = []
    this.#next = 0
    this.#answers.clear()
    onEmpty()
  }

  #write(frames: Buffer[], done: () => void): void {
    const { socket, webSocket } = this.#options
    const last = frames.length - 1
    socket.cork()
    frames.forEach((frame, n) => {
      // Only a compressed one is another for each socket.
      if (webSocket.extensions) webSocket.send(textOf(frame), TEXT, n === last ? done : undefined)
      else socket.write(frame, n === last ? done : undefined)
    })
    socket.uncork()
  }

  #written(count: number): void {
    this.#framesInFlight -= count
    this.#movedAt = Date.now()
    if (this.#next < this.#frames.length) this.#flush()
    this.#wake()
  }

  #wake(): void {
    const wake = this.#onDrained
    if (!wake || (this.#isOpen && !this.#fits(undefined, 2))) return
    this.#onDrained = undefined
    wake()
  }
}
