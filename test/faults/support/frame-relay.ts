// Between a client and its nodes, frame by frame: as long as it tampers, what the server says comes twice, late, again, cut short,
// or not at all. What the client says goes on as it is.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { fork, pick, type Random, upTo } from '../../support/random.js'

/** Messages of before that may come again. */
const KEPT = 300
/** A message that is held back waits for so many others, and for no longer than that. */
const OVERTAKEN_BY = 4
const HELD_MS = 100
/** What is said only once for a socket, and without which it hears nothing: TCP loses it only together with the socket. */
const DECISIVE = /"type":"(hello|resumed|resync)"/

type Held = { text: string; after: number }

export class FrameRelay {
  tampers = true
  /** Messages that came from the server. */
  passed = 0
  readonly did = { duplicated: 0, reordered: 0, replayed: 0, cutShort: 0, dropped: 0, cutThrough: 0 }
  readonly #server: WebSocketServer
  readonly #urls: readonly string[]
  readonly #random: Random
  readonly #said: string[] = []

  private constructor(server: WebSocketServer, urls: readonly string[], random: Random) {
    this.#server = server
    this.#urls = urls
    this.#random = random
    server.on('connection', (client, request) => this.#lead(client, request))
  }

  /** To one of these nodes, each time. */
  static async open(urls: readonly string[], random: Random): Promise<FrameRelay> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    return new FrameRelay(server, urls, fork(random))
  }

  /** A WebSocket that goes through here, wherever it is told to go. */
  get WebSocket(): new (
    url: string,
  ) => WebSocket {
    const { port } = this.#server.address() as AddressInfo
    return class extends WebSocket {
      constructor(url: string) {
        super(Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href)
      }
    }
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
  }

  #lead(client: WebSocket, request: IncomingMessage): void {
    const url = pick(this.#random, this.#urls).replace('http', 'ws')
    const upstream = new WebSocket(`${url}${request.url}`)
    const opened = once(upstream, 'open').catch(() => client.terminate())
    client.on('message', (data) =>
      opened.then(() => upstream.readyState === WebSocket.OPEN && upstream.send(`${data}`)),
    )
    const held: Held[] = []
    upstream.on('message', (data) => this.#pass(data.toString(), client, request, held))
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', (code) => {
        if (code === 1005 || code === 1006) other.terminate()
        else other.close(code)
      })
    }
  }

  #pass(text: string, client: WebSocket, request: IncomingMessage, held: Held[]): void {
    this.passed++
    const chance = this.tampers ? this.#random() * 100 : 100
    const isDecisive = DECISIVE.test(text)
    if (chance < 8) this.#do('duplicated', () => say(client, text, text))
    else if (chance < 18 && !isDecisive) {
      this.#do('reordered', () => held.push({ text, after: this.passed + 1 + upTo(this.#random, OVERTAKEN_BY - 1) }))
      setTimeout(() => this.#release(client, held, Number.POSITIVE_INFINITY), HELD_MS).unref()
    } else if (chance < 26 && this.#said.length > 0)
      this.#do('replayed', () => say(client, text, pick(this.#random, this.#said)))
    else if (chance < 30) {
      this.#do('cutShort', () => say(client, text.slice(0, upTo(this.#random, text.length - 1))))
      if (isDecisive) client.terminate()
    } else if (chance < 34 && !isDecisive) this.did.dropped++
    else if (chance < 36) this.#do('cutThrough', () => cutThrough(client, request, text))
    else say(client, text)
    if (this.#said.push(text) > KEPT) this.#said.shift()
    this.#release(client, held, this.tampers ? this.passed : Number.POSITIVE_INFINITY)
  }

  #do(what: keyof FrameRelay['did'], act: () => unknown): void {
    this.did[what]++
    act()
  }

  /** Those that have waited for enough others. */
  #release(client: WebSocket, held: Held[], passed: number): void {
    for (const one of held.splice(0)) {
      if (one.after <= passed) say(client, one.text)
      else held.push(one)
    }
  }
}

function say(client: WebSocket, ...texts: string[]): void {
  for (const text of texts) if (client.readyState === WebSocket.OPEN) client.send(text)
}

/** The connection ends in the middle of a frame. */
function cutThrough(client: WebSocket, { socket }: IncomingMessage, text: string): void {
  const bytes = Buffer.from(text)
  const head = Buffer.from([0x81, 127, ...Array(8).fill(0)])
  head.writeBigUInt64BE(BigInt(bytes.length), 2)
  socket.write(Buffer.concat([head, bytes.subarray(0, bytes.length >> 1)]), () => client.terminate())
}
