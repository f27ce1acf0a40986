// A WebSocket that reads and writes whole text frames and nothing else. By hand: hundreds of thousands of frames pass through the
// driver, on the same processors as what is measured, and each costs it half of what it would cost with a library.
import { createHash, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

const [TEXT, CLOSE, PING, PONG] = [1, 8, 9, 10]
const FINAL = 0x80
const MASKED = 0x80
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const END_OF_HEAD = '\r\n\r\n'
const NO_STATUS = 1005
const ABNORMAL = 1006

/** Of all sockets: what is read into it is dealt with before anything else is read. */
const buffer = Buffer.allocUnsafeSlow(256 * 1_024)

export type Hearing = {
  /** The frame is only there during the call. */
  onText: (frame: Buffer) => void
  /** Once, after the opening. */
  onClose: (code: number) => void
}

export class FrameSocket {
  readonly #socket: Socket
  readonly #hearing: Hearing
  #rest: Buffer | undefined
  #code = ABNORMAL
  /** Takes the answer to the opening, and says whether it is one; afterwards frames come. */
  #onHead: ((head: string) => boolean) | undefined

  private constructor(url: URL, hearing: Hearing) {
    this.#hearing = hearing
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer,
        callback: (count) => {
          this.#read(buffer.subarray(0, count))
          return true
        },
      },
    })
  }

  /** `url`: ws://. Rejects when the server does not take it. */
  static open(url: string, hearing: Hearing): Promise<FrameSocket> {
    const address = new URL(url)
    const key = randomBytes(16).toString('base64')
    const expected = createHash('sha1').update(`${key}${GUID}`).digest('base64')
    const self = new FrameSocket(address, hearing)
    return new Promise((resolve, reject) => {
      self.#socket.on('error', reject)
      self.#socket.on('close', () => {
        if (self.#onHead) reject(new Error('the connection was closed before it was a socket'))
        else hearing.onClose(self.#code)
      })
      self.#onHead = (head) => {
        if (!head.startsWith('HTTP/1.1 101') || !head.includes(expected)) {
          self.#socket.destroy(new Error(`no socket: ${head.split('\r\n')[0]}`))
          return false
        }
        self.#onHead = undefined
        resolve(self)
        return true
      }
      self.#socket.on('connect', () => {
        self.#socket.write(
          `GET ${address.pathname}${address.search} HTTP/1.1\r\nHost: ${address.host}\r\nUpgrade: websocket\r\n` +
            `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}${END_OF_HEAD}`,
        )
      })
    })
  }

  send(text: string): void {
    this.#write(TEXT, Buffer.from(text))
  }

  /** Without a word. */
  terminate(): void {
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    let data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    this.#rest = undefined
    if (this.#onHead) {
      const end = data.indexOf(END_OF_HEAD)
      if (end < 0 || !this.#onHead(data.toString('latin1', 0, end))) return this.#keep(data)
      data = data.subarray(end + END_OF_HEAD.length)
    }
    let at = 0
    for (let end = endOfFrame(data, at); end !== undefined; end = endOfFrame(data, at)) {
      this.#take(data, at, end)
      at = end
    }
    if (at < data.length) this.#keep(data.subarray(at))
  }

  /** What is only a part of something: the buffer will be another's. */
  #keep(data: Buffer): void {
    this.#rest = Buffer.from(data)
  }

  #take(data: Buffer, begin: number, end: number): void {
    const first = data[begin] ?? 0
    const payload = data.subarray(end - lengthOf(data, begin), end)
    const opcode = first & 0x0f
    if (opcode === TEXT && first & FINAL) this.#hearing.onText(payload)
    else if (opcode === PING) this.#write(PONG, payload)
    else if (opcode === CLOSE) {
      this.#code = payload.length >= 2 ? payload.readUInt16BE() : NO_STATUS
      this.#write(CLOSE, payload)
      this.#socket.end()
    } else if (opcode !== PONG) this.#socket.destroy(new Error(`no frame that is expected here: ${first}`))
  }

  /** With a mask that is one: a server may have less to do for one of nothing but zeros. */
  #write(opcode: number, payload: Buffer): void {
    const { length } = payload
    const wide = length < 126 ? 0 : length < 65_536 ? 2 : 8
    const start = 2 + wide + 4
    const frame = Buffer.allocUnsafe(start + length)
    frame[0] = FINAL | opcode
    frame[1] = MASKED | (wide === 0 ? length : wide === 2 ? 126 : 127)
    if (wide === 2) frame.writeUInt16BE(length, 2)
    if (wide === 8) frame.writeBigUInt64BE(BigInt(length), 2)
    const mask = 1 + Math.floor(Math.random() * 0xfffffffe)
    frame.writeUInt32BE(mask, 2 + wide)
    for (let index = 0; index < length; index++) {
      frame[start + index] = (payload[index] ?? 0) ^ (mask >>> (24 - (index & 3) * 8))
    }
    this.#socket.write(frame)
  }
}

/** Undefined while it is not all there. */
function endOfFrame(data: Buffer, begin: number): number | undefined {
  if (data.length - begin < 2) return undefined
  const short = (data[begin + 1] ?? 0) & 0x7f
  const header = short < 126 ? 2 : short === 126 ? 4 : 10
  if (data.length - begin < header) return undefined
  const end = begin + header + lengthOf(data, begin)
  return end <= data.length ? end : undefined
}

/** Frames of a server are not masked. */
function lengthOf(data: Buffer, begin: number): number {
  const short = (data[begin + 1] ?? 0) & 0x7f
  if (short < 126) return short
  return short === 126 ? data.readUInt16BE(begin + 2) : Number(data.readBigUInt64BE(begin + 2))
}
