// One connection that is kept, one request at a time. By hand, since any client of Node costs as much as the server does.
import { connect, type Socket } from 'node:net'
import type { Ask } from './adapters/adapter.js'

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const END_OF_CHUNKS = Buffer.from('0\r\n\r\n')

export type Answer = { status: number; body: Buffer }

export class HttpLine {
  readonly #socket: Socket
  readonly #host: string
  #parts: Buffer[] = []
  #size = 0
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined

  private constructor(socket: Socket, host: string) {
    this.#socket = socket
    this.#host = host
    socket.setNoDelay(true)
    socket.on('data', (data) => this.#read(data))
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')))
    socket.on('error', (error) => this.#waiting?.reject(error))
  }

  static open(url: string): Promise<HttpLine> {
    const { hostname, port, host } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname)
      socket.once('error', reject)
      socket.once('connect', () => resolve(new HttpLine(socket, host)))
    })
  }

  ask({ method, path, headers, body }: Ask): Promise<Answer> {
    const length = body === '' ? '' : `content-length: ${Buffer.byteLength(body)}\r\n`
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${lines.join('')}${length}\r\n${body}`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #read(data: Buffer): void {
    this.#parts.push(data)
    this.#size += data.length
    const all = this.#parts.length === 1 ? data : Buffer.concat(this.#parts, this.#size)
    this.#parts = [all]
    const end = all.indexOf(END_OF_HEAD)
    if (end < 0) return
    const head = all.toString('latin1', 0, end).toLowerCase()
    const begin = end + END_OF_HEAD.length
    const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1]
    const isWhole =
      length === undefined
        ? all.subarray(-END_OF_CHUNKS.length).equals(END_OF_CHUNKS)
        : all.length >= begin + Number(length)
    if (!isWhole) return
    this.#parts = []
    this.#size = 0
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({ status: Number(head.slice(9, 12)), body: all.subarray(begin) })
  }
}
