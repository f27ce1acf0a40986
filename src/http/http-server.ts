// The port: who connects, how long they may be silent, and how they are let go.
import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { StartupError } from '../kit/startup-error.js'

const STOP_GRACE_MS = 5_000
const IDLE_EACH_MS = 100
/** Without a byte in either direction: whoever stops reading a file does not keep it open for ever. */
const SILENCE_MS = 300_000
const KEEP_ALIVE_MS = 75_000

type Fetch = Parameters<typeof getRequestListener>[0]

export class HttpServer {
  readonly node: Server
  readonly #connections = new Set<Socket>()

  constructor(app: { fetch: Fetch }) {
    this.node = createServer(getRequestListener(app.fetch))
    // A file may take longer than the five minutes that Node gives a request; other bodies are bounded by readableBody().
    this.node.requestTimeout = 0
    // Longer than a proxy or a client keeps an idle connection: whoever closes it first may meet a request on its way.
    this.node.keepAliveTimeout = KEEP_ALIVE_MS
    this.node.setTimeout(SILENCE_MS)
    this.node.on('connection', (connection: Socket) => {
      this.#connections.add(connection)
      connection.once('close', () => this.#connections.delete(connection))
    })
  }

  /** Answers the port. @throws StartupError */
  async start({ PORT, HOST }: { PORT: number; HOST: string }): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.node.once('error', (error: NodeJS.ErrnoException) => reject(whyNotListening(error, PORT, HOST)))
      this.node.listen(PORT, HOST, resolve)
    })
    const address = this.node.address()
    return typeof address === 'object' && address !== null ? address.port : PORT
  }

  /** Lets requests finish, for a bounded time; then ends all connections that were opened, upgraded ones too. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.node.close(() => resolve()))
    this.node.closeIdleConnections()
    // One that was busy is idle once its answer is out, and a client that keeps it would keep the node.
    const idling = setInterval(() => this.node.closeIdleConnections(), IDLE_EACH_MS)
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy()
    }, STOP_GRACE_MS)
    await closed
    clearInterval(idling)
    clearTimeout(timer)
  }
}

function whyNotListening({ code }: NodeJS.ErrnoException, port: number, host: string): StartupError {
  if (code === 'EADDRINUSE') return new StartupError(`Port ${port} is taken: set PORT to a free one.`)
  if (code === 'EACCES') return new StartupError(`Port ${port} needs privileges: set PORT to one above 1023.`)
  return new StartupError(`The server cannot listen on ${host}:${port} (${code}): check HOST and PORT.`)
}
