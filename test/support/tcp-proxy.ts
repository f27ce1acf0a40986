// A TCP proxy that can do what networks do: delay, throttle, cut, fall silent, lead elsewhere, or keep back one answer.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export type Target = { port: number; hostname: string }
/** One connection through it. `note` is for whoever intercepts: what was seen of it so far. */
export type Link = { client: Socket; upstream: Socket; note: string }
/** What goes through, before it goes on: true keeps it back for ever. */
export type Intercept = (chunk: Buffer, from: 'client' | 'upstream', link: Link) => boolean

/** A chunk goes on in pieces of a tenth of a second. */
const PIECES_A_SECOND = 10

export class TcpProxy {
  /** Milliseconds that each chunk takes in each direction. */
  latencyMs = 0
  /** In each direction of each connection. */
  bytesPerSecond = Number.POSITIVE_INFINITY
  intercept: Intercept | undefined
  #target: Target
  #port = 0
  #server: Server | undefined
  #isFrozen = false
  readonly #links = new Set<Link>()

  private constructor(target: Target) {
    this.#target = target
  }

  /** To the host and port of this address. */
  static async open(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetOf(url))
    await proxy.accept()
    return proxy
  }

  get port(): number {
    return this.#port
  }

  /** From which it has connected to where it leads. */
  get ports(): number[] {
    return [...this.#links].flatMap(({ upstream }) => upstream.localPort ?? [])
  }

  /** The same address, but through here. */
  through(url: string): string {
    return Object.assign(new URL(url), { host: `127.0.0.1:${this.#port}` }).href
  }

  /** Where new connections lead from now on. */
  leadTo(url: string): void {
    this.#target = targetOf(url)
  }

  /** Ends what is open; new connections are taken. */
  cut(): void {
    for (const { client, upstream } of this.#links) {
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
  }

  /** What is open carries nothing any more, as behind a firewall that forgot it; new connections do. */
  freeze(): void {
    for (const { client, upstream } of this.#links) for (const socket of [client, upstream]) freezeSocket(socket)
  }

  /** So do the new ones, until `thaw`. */
  freezeAll(): void {
    this.#isFrozen = true
    this.freeze()
  }

  thaw(): void {
    this.#isFrozen = false
    // What was frozen has lost bytes of its stream.
    this.cut()
  }

  /** No new connections. */
  refuse(): void {
    this.#server?.close()
    this.#server = undefined
  }

  async accept(): Promise<void> {
    if (this.#server) return
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#lead(client))
    await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.refuse()
    this.cut()
  }

  #lead(client: Socket): void {
    const upstream = connect({ ...this.#target, host: this.#target.hostname, allowHalfOpen: true })
    const link: Link = { client, upstream, note: '' }
    this.#links.add(link)
    for (const [from, to, side] of [
      [client, upstream, 'client'],
      [upstream, client, 'upstream'],
    ] as const) {
      from.setNoDelay(true)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#links.delete(link)
        to.destroy()
      })
      this.#pump(from, to, side, link).catch(() => from.destroy())
    }
    if (this.#isFrozen) for (const socket of [client, upstream]) freezeSocket(socket)
  }

  async #pump(from: Socket, to: Socket, side: 'client' | 'upstream', link: Link): Promise<void> {
    let last = Promise.resolve()
    for await (const chunk of from) {
      if (this.intercept?.(chunk, side, link)) return void freezeSocket(from)
      if (this.latencyMs === 0 && this.bytesPerSecond === Number.POSITIVE_INFINITY) {
        await last
        if (!to.write(chunk)) await once(to, 'drain')
        continue
      }
      // What is under way holds what comes after it, so the line has the rate, and nothing overtakes.
      const due = Date.now() + this.latencyMs
      const before = last
      last = before.then(() => this.#carry(chunk, to, due))
      last.catch(() => undefined)
      if (this.bytesPerSecond !== Number.POSITIVE_INFINITY) await last
    }
    await last
    to.end()
  }

  async #carry(chunk: Buffer, to: Socket, due: number): Promise<void> {
    if (due > Date.now()) await delay(due - Date.now())
    const size = Math.max(1, Math.floor(this.bytesPerSecond / PIECES_A_SECOND))
    for (let at = 0; at < chunk.length; at += size) {
      const piece = chunk.subarray(at, at + size)
      if (size !== Number.POSITIVE_INFINITY) await delay((piece.length / this.bytesPerSecond) * 1_000)
      if (!to.destroyed && !to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')])
    }
  }
}

function freezeSocket(socket: Socket): void {
  socket.pause()
  // Whoever reads it next reads nothing.
  socket.removeAllListeners('readable').removeAllListeners('data').removeAllListeners('end')
}

function targetOf(url: string): Target {
  const { hostname, port } = new URL(url)
  return { hostname, port: Number(port) }
}
