// The door for sockets: takes upgrades on /ws, lets in who has a valid token, and keeps the connections of this node.
import type { IncomingMessage, Server } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { AccessTokens } from '../auth/access-tokens.js'
import type { VerifiedActor } from '../auth/actor.js'
import type { EndedSessions } from '../auth/ended-sessions.js'
import { CLOSE_CODES, type CloseReason } from '../contract/close-codes.js'
import { AppError } from '../contract/errors.js'
import { redactUrl } from '../observe.js'
import { encodeHello } from '../protocols/native.js'
import { answerCommand, type CommandServices } from './commands.js'
import { Connection, type ConnectionLimits } from './connection.js'
import type { Fanout } from './fanout.js'

const PATH = '/ws'
const TICK_MS = 1_000
const STOP_GRACE_MS = 2_000

export type SocketOptions = {
  fanout: Fanout
  tokens: AccessTokens
  ended: EndedSessions
  services: CommandServices
  limits: ConnectionLimits & { max_frame_bytes: number }
}

export class Sockets {
  readonly #options: SocketOptions
  readonly #server: WebSocketServer
  readonly #connections = new Set<Connection>()
  #ticking: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: SocketOptions) {
    this.#options = options
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: options.limits.max_frame_bytes,
    })
  }

  get count(): number {
    return this.#connections.size
  }

  start(http: Server): void {
    http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#ticking = setInterval(() => {
      const now = Date.now()
      for (const connection of this.#connections) connection.tick(now)
    }, TICK_MS)
  }

  /** Says goodbye to all and waits a moment for their answers. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#ticking)
    for (const connection of this.#connections) connection.close('going_away')
    const deadline = Date.now() + STOP_GRACE_MS
    while (this.#connections.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
    for (const client of this.#server.clients) client.terminate()
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that resets during the handshake must not take the process with it.
    socket.on('error', () => socket.destroy())
    const url = URL.canParse(request.url ?? '', 'http://localhost')
      ? new URL(request.url ?? '', 'http://localhost')
      : undefined
    if (url?.pathname !== PATH || this.#stopped || !(socket instanceof Socket)) {
      // The client may never close its side, and nobody else looks after this socket any more.
      socket.once('finish', () => socket.destroy())
      socket.end(
        `HTTP/1.1 ${this.#stopped ? '503 Service Unavailable' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      )
      return
    }
    const { logger } = this.#options.services
    const id = crypto.randomUUID()
    logger.debug({ connection: id, url: redactUrl(request.url ?? '') }, 'a socket asks to come in')
    const token = url.searchParams.get('token')
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.setNoDelay(true)
      this.#admit(id, webSocket, socket, token).catch((error) => {
        logger.error({ err: error, connection: id }, 'a socket could not be admitted')
        webSocket.terminate()
      })
    })
  }

  /** The upgrade has succeeded, whoever it was: a browser sees no status, only a close code. */
  async #admit(id: string, webSocket: WebSocket, socket: Socket, token: string | null): Promise<void> {
    // Frames that come before the token is verified wait in the kernel.
    webSocket.pause()
    webSocket.on('error', () => webSocket.terminate())
    const actor = await this.#verify(token)
    if (typeof actor === 'string') return this.#refuse(webSocket, actor)
    if (webSocket.readyState !== webSocket.OPEN) return
    const { fanout, limits, services, ended } = this.#options
    const connection = new Connection({
      id,
      actor,
      webSocket,
      socket,
      limits,
      logger: services.logger,
      metrics: services.metrics,
      onCommand: async (one, text) => one.send(await answerCommand(services, one, text)),
      onClosed: (one) => this.#forget(one),
    })
    this.#connections.add(connection)
    services.metrics.sockets.set(this.#connections.size)
    try {
      await fanout.attach(connection, () => connection.send(this.#hello(connection)))
    } catch (error) {
      services.logger.warn({ err: error, connection: id }, 'the memberships of a socket could not be read')
      return connection.close('overloaded')
    }
    // The session may have ended while the socket was not yet among those that would be closed for it.
    if (ended.has(actor.session_id)) return connection.close('session_ended')
    if (this.#stopped) return connection.close('going_away')
    if (connection.isOpen) services.presence.arrived(connection)
    webSocket.resume()
  }

  async #verify(token: string | null): Promise<VerifiedActor | CloseReason> {
    if (!token) return 'unauthenticated'
    try {
      return await this.#options.tokens.verify(token)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.code === 'auth.token_expired') return 'token_expired'
      return error.code === 'auth.session_ended' ? 'session_ended' : 'unauthenticated'
    }
  }

  #refuse(webSocket: WebSocket, reason: CloseReason): void {
    this.#options.services.metrics.socketCloses.inc({ code: CLOSE_CODES[reason].code })
    webSocket.resume()
    webSocket.close(CLOSE_CODES[reason].code, CLOSE_CODES[reason].reason)
  }

  #hello(connection: Connection): Buffer {
    const { limits, services } = this.#options
    return encodeHello({
      connection_id: connection.id,
      user_id: connection.actor.user_id,
      session_id: connection.actor.session_id,
      protocol: 1,
      heartbeat_s: limits.ping_interval_ms / 1_000,
      reconnect_within_s: 5,
      limits: {
        max_frame_bytes: limits.max_frame_bytes,
        max_message_length: services.limits.message_length,
        max_message_bytes: services.limits.message_bytes,
      },
    })
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection)
    const { fanout, services } = this.#options
    fanout.detach(connection)
    services.typing.socketClosed(connection.id)
    services.watches.drop(connection)
    services.presence.left(connection)
    services.metrics.sockets.set(this.#connections.size)
  }
}
