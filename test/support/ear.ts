// A socket that keeps what it hears, and tells when it has heard what a test waits for.
import { type ClientOptions, WebSocket } from 'ws'
import { checkFrame } from './conformance.js'

// biome-ignore lint/suspicious/noExplicitAny: what an event holds is for the test to assert
type Json = any
export type Frame = {
  type: string
  stream?: string
  seq?: number
  at?: string
  data?: Json
  id?: string
  ok?: boolean
  error?: Json
}

const PATIENCE_MS = 10_000

export class Ear {
  /** Frames that are known to be of no documented form, for those who put them there. */
  static excuses: (frame: Frame) => boolean = () => false
  readonly frames: Frame[] = []
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  #read = 0
  #woken: (() => void)[] = []
  #commands = 0
  /** Commands by id: their replies have a form of their own. */
  readonly #sent = new Map<string, string>()
  #fault: unknown

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, options)
    this.socket.on('message', (data) => {
      // With ?batch=1, several may come at once.
      for (const frame of [JSON.parse(data.toString())].flat() as Frame[]) {
        this.frames.push(frame)
        this.#check(frame)
      }
      for (const wake of this.#woken.splice(0)) wake()
    })
    // The close event follows and says what a test wants to know.
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        for (const wake of this.#woken.splice(0)) wake()
        resolve({ code, reason: reason.toString() })
      })
    })
  }

  /** The next frame of this type that no call has returned or passed over yet. */
  async next(type: string, matches: (frame: Frame) => boolean = () => true): Promise<Frame> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      this.#requireDocumented()
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++]
        if (frame?.type === type && matches(frame)) return frame
      }
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed before ${type}: ${this.#summary()}`)
      await this.#wake(deadline, type)
    }
  }

  /** Resolves once so many frames of the type were heard in all. */
  async heard(type: string, count: number): Promise<Frame[]> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      this.#requireDocumented()
      const found = this.all(type)
      if (found.length >= count) return found
      await this.#wake(deadline, `${count} x ${type}, has ${found.length}`)
    }
  }

  all(type: string): Frame[] {
    return this.frames.filter((frame) => frame.type === type)
  }

  /** All frames but checkpoints, which come when it is their time. */
  get news(): Frame[] {
    return this.frames.filter(({ type }) => type !== 'checkpoint')
  }

  /** Durable events of one stream, in the order in which they came. */
  stream(id: string): Frame[] {
    return this.frames.filter((frame) => frame.stream === id)
  }

  /** Sends a command and waits for its reply. */
  async command(type: string, data?: unknown): Promise<Frame> {
    const id = `c${++this.#commands}`
    this.#sent.set(id, type)
    this.socket.send(JSON.stringify({ id, type, data }))
    return this.seen((frame) => frame.type === 'reply' && frame.id === id)
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN
  }

  /** Resolves once such a frame is among those heard, without taking it from next(). */
  async seen(matches: (frame: Frame) => boolean): Promise<Frame> {
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      this.#requireDocumented()
      const frame = this.frames.find(matches)
      if (frame) return frame
      await this.#wake(deadline, 'a certain frame')
    }
  }

  cut(): void {
    this.socket.terminate()
  }

  /** A frame that is not documented fails whatever waits for one, and the run if nothing does. */
  #check(frame: Frame): void {
    try {
      if (!Ear.excuses(frame)) checkFrame(frame, this.#sent.get(frame.id ?? ''))
    } catch (error) {
      this.#fault ??= error
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #requireDocumented(): void {
    if (this.#fault) throw this.#fault
  }

  #wake(deadline: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`waited for ${what}; heard ${this.#summary()}`)),
        deadline - Date.now(),
      )
      this.#woken.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #summary(): string {
    return this.frames.map((frame) => `${frame.type}${frame.seq ? `#${frame.seq}` : ''}`).join(' ')
  }
}
