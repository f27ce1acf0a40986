// A WebSocket client that obeys nothing: after a real handshake it sends whatever bytes it is given, and keeps what comes back.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Person } from '../../support/person.js'

export const OP = { more: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const
const MASK = Buffer.from([0x12, 0x9a, 0x34, 0xe7])
const PATIENCE_MS = 10_000

export type FrameForm = { op?: number; fin?: boolean; rsv?: number; masked?: boolean; length?: bigint }

/** One frame, as it should be or as it is told to be. `length`: what it says of its length. */
export function frame(payload: Buffer | string, form: FrameForm = {}): Buffer {
  const { op = OP.text, fin = true, rsv = 0, masked = true } = form
  const bytes = Buffer.from(payload as string)
  const length = form.length ?? BigInt(bytes.length)
  const mask = masked ? 0x80 : 0
  const first = (fin ? 0x80 : 0) | (rsv << 4) | op
  let head: Buffer
  if (length < 126n) head = Buffer.from([first, mask | Number(length)])
  else if (length < 65_536n) {
    head = Buffer.from([first, mask | 126, 0, 0])
    head.writeUInt16BE(Number(length), 2)
  } else {
    head = Buffer.from([first, mask | 127, ...Array(8).fill(0)])
    head.writeBigUInt64BE(length, 2)
  }
  return masked
    ? Buffer.concat([head, MASK, bytes.map((byte, n) => byte ^ (MASK[n % 4] ?? 0))])
    : Buffer.concat([head, bytes])
}

// biome-ignore lint/suspicious/noExplicitAny: the test knows what a frame holds
type Heard = any

export class RawSocket {
  readonly socket: Socket
  /** Replies and errors, in order. */
  readonly replies: Heard[] = []
  /** Of the close frame; undefined while, or if, there was none. */
  closeCode: number | undefined
  readonly gone: Promise<void>
  #bytes = Buffer.alloc(0)
  #isOpen = false
  #waiting: (() => void)[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#read()
      for (const wake of this.#waiting.splice(0)) wake()
    })
    // Whatever it is told, it ends its side only when it likes.
    socket.on('end', () => socket.destroy())
    this.gone = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isOpen = false
        for (const wake of this.#waiting.splice(0)) wake()
        resolve()
      })
    })
  }

  /** A connection on which nothing was said yet. */
  static async dial(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawSocket(socket)
  }

  /** Resolves after hello. */
  static async open(person: Person, url = person.url): Promise<RawSocket> {
    const raw = await RawSocket.dial(url)
    raw.socket.write(handshake(`/ws?token=${person.token}`))
    await raw.until(() => raw.#isOpen)
    return raw
  }

  get isGone(): boolean {
    return this.socket.destroyed
  }

  send(bytes: Buffer): void {
    if (this.socket.writable) this.socket.write(bytes)
  }

  /** Resolves once it is so, or the socket is gone. @throws Error after a while */
  async until(isSo: () => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!isSo() && !this.isGone) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push(resolve)
        timer = setTimeout(() => reject(new Error('neither answered nor closed')), deadline - Date.now())
      }).finally(() => clearTimeout(timer))
    }
  }

  #read(): void {
    if (!this.#isOpen && this.closeCode === undefined) {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0 || !this.#bytes.toString('latin1', 0, 12).endsWith('101')) return
      this.#bytes = this.#bytes.subarray(end + 4)
      this.#isOpen = true
    }
    for (;;) {
      const [first = 0, second = 0] = this.#bytes
      const at = (second & 0x7f) === 126 ? 4 : (second & 0x7f) === 127 ? 10 : 2
      if (this.#bytes.length < at) return
      const length =
        at === 2 ? second & 0x7f : at === 4 ? this.#bytes.readUInt16BE(2) : Number(this.#bytes.readBigUInt64BE(2))
      if (this.#bytes.length < at + length) return
      const payload = this.#bytes.subarray(at, at + length)
      this.#bytes = this.#bytes.subarray(at + length)
      const op = first & 0x0f
      if (op === OP.close) this.closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      else if (op === OP.text) {
        const heard: Heard = JSON.parse(payload.toString())
        if (heard.type === 'reply' || heard.type === 'error') this.replies.push(heard)
      }
    }
  }
}

/** The request for a socket, with other headers if it is told to. */
export function handshake(path: string, more: Record<string, string> = {}): string {
  const headers: Record<string, string> = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...more,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}
