// The way to the server: a relay that counts what goes over it, and makes it as long and as narrow as is wanted. What DevTools
// offers for that passes over sockets, and over what a service worker fetches.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** `rate`: bytes a second each way, shared by all connections. */
export type Width = { name: string; rtt_ms: number; rate: number }

export const OPEN: Width = { name: 'loopback', rtt_ms: 0, rate: Number.POSITIVE_INFINITY }
/** As Lighthouse has its slow 4G, which others call a fast 3G. */
export const NARROW: Width = { name: '1.6 Mbit/s, 150 ms', rtt_ms: 150, rate: 1_600_000 / 8 }

export class Line {
  readonly url: string
  readonly #sockets: Set<Socket>
  readonly #server: ReturnType<typeof createServer>
  readonly #down: Way

  private constructor(server: ReturnType<typeof createServer>, sockets: Set<Socket>, down: Way) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#server = server
    this.#sockets = sockets
    this.#down = down
  }

  static async open(target: string, width: Width): Promise<Line> {
    const { hostname, port } = new URL(target)
    const sockets = new Set<Socket>()
    const [up, down] = [new Way(width), new Way(width)]
    const server = createServer((near) => {
      const far = connect(Number(port), hostname)
      for (const socket of [near, far]) {
        socket.setNoDelay()
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
        socket.on('error', () => undefined)
      }
      // A connection is made by a round trip of its own.
      up.carry(near, far, width.rtt_ms)
      down.carry(far, near, 0)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Line(server, sockets, down)
  }

  /** Bytes to the browser so far, with everything that HTTP and sockets add. */
  get received(): number {
    return this.#down.bytes
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** One direction. */
class Way {
  bytes = 0
  readonly #width: Width
  /** Until then it is taken by what was given to it. */
  #free = 0

  constructor(width: Width) {
    this.#width = width
  }

  carry(from: Socket, to: Socket, extra_ms: number): void {
    const { rtt_ms, rate } = this.#width
    const isOpen = rtt_ms === 0 && rate === Number.POSITIVE_INFINITY
    const begun = performance.now() + extra_ms
    const after = (at: number, work: () => void) => {
      if (isOpen) work()
      else setTimeout(work, Math.max(0, at - performance.now()))
    }
    let last = 0
    from.on('data', (chunk) => {
      this.bytes += chunk.length
      this.#free = Math.max(performance.now(), this.#free) + (chunk.length / rate) * 1_000
      // In their order, whatever the timers do.
      last = Math.max(last, this.#free + rtt_ms / 2, begun + rtt_ms / 2)
      after(last, () => void (to.destroyed || to.write(chunk)))
    })
    from.once('close', () => after(last, () => void to.end()))
  }
}
