// Takes upgrades on /ws, admits whom the door lets in, and keeps the connections of this node.
import type { IncomingMessage, Server } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import type { EndedSessions } from '../auth/ended-sessions.js'
import { CLOSE_CODES, type CloseReason } from '../contract/close-codes.js'
import { redactUrl } from '../observe.js'
import { encodeCheckpoint, encodeHello } from '../protocols/native.js'
import type { CatchUp } from './catch-up.js'
import { answerCommand, type CommandServices } from './commands.js'
import { Connection, type ConnectionLimits } from './connection.js'
import type { Door } from './door.js'
import type { Fanout } from './fanout.js'
import type { Positions } from './positions.js'
import type { Staleness } from './staleness.js'

const PATH = '/ws'
const TICK_MS = 1_000
/** Whoever is refused may never answer the close. */
const REFUSED_GRACE_MS = 2_000
const STOP_GRACE_MS = 2_000
/** A node that stops lets go of one socket in so long, and faster when that would take too long. */
const DRAIN_EACH_MS = 5
const DRAIN_TURN_MS = 20
/** Below it, a frame is sent as it is (`WS_COMPRESSION`). */
const COMPRESSED_FROM_BYTES = 512

export type SocketOptions = {
  fanout: Fanout
  door: Door
  positions: Positions
  catchUp: CatchUp
  ended: EndedSessions
  staleness: Pick<Staleness, 'frame' | 'isAlone'>
  services: CommandServices
  limits: ConnectionLimits & { max_frame_bytes: number; drain_ms: number }
  compression: boolean
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
      // Without a context kept between messages: each would hold some 100 KB for each socket.
      perMessageDeflate: options.compression && {
        threshold: COMPRESSED_FROM_BYTES,
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        zlibDeflateOptions: { level: 3, memLevel: 7 },
      },
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

  /**
   * Says goodbye to all, a few at a time: those who come back to the other nodes shall not do so all at once. Until it is
   * its turn, a socket hears everything.
   */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#letGo('going_away')
    clearInterval(this.#ticking)
    // Who has come in meanwhile.
    for (const connection of this.#connections) connection.leave()
    const deadline = Date.now() + STOP_GRACE_MS
    while (this.#connections.size > 0 && Date.now() < deadline) await delay(10)
    for (const client of this.#server.clients) client.terminate()
  }

  /** To every socket; only for what is said rarely. */
  tell(frame: Buffer): void {
    for (const connection of this.#connections) connection.tell(frame)
  }

  /** The clients are better off on other nodes, to which they shall not all come at once. */
  async evict(): Promise<void> {
    await this.#letGo('node_stale')
  }

  async #letGo(reason: 'going_away' | 'node_stale'): Promise<void> {
    const leaving = [...this.#connections]
    const turns = Math.ceil(Math.min(this.#options.limits.drain_ms, leaving.length * DRAIN_EACH_MS) / DRAIN_TURN_MS)
    for (let turn = 0; turn < turns; turn++) {
      for (const connection of leaving.splice(0, Math.ceil(leaving.length / (turns - turn)))) connection.leave(reason)
      if (leaving.length > 0) await delay(DRAIN_TURN_MS)
    }
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
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      socket.setNoDelay(true)
      this.#admit(id, webSocket, socket, request, url.searchParams).catch((error) => {
        logger.error({ err: error, connection: id }, 'a socket could not be admitted')
        webSocket.terminate()
      })
    })
  }

  /** The upgrade has succeeded, whoever it was: a browser sees no status, only a close code. */
  async #admit(
    id: string,
    webSocket: WebSocket,
    socket: Socket,
    request: IncomingMessage,
    query: URLSearchParams,
  ): Promise<void> {
    // Frames that come before the token is verified are not looked at yet.
    webSocket.pause()
    webSocket.on('error', () => webSocket.terminate())
    const { door, fanout, positions, catchUp, limits, services, ended, staleness } = this.#options
    if (staleness.isAlone) {
      services.metrics.socketRefusals.inc({ reason: 'stale' })
      return this.#refuse(webSocket, 'node_stale')
    }
    const place = door.enter(request)
    if (typeof place === 'string') return this.#refuse(webSocket, place)
    webSocket.once('close', () => door.leave(place))
    const actor = await door.verify(query)
    if (typeof actor === 'string') return this.#refuse(webSocket, actor)
    if (webSocket.readyState !== webSocket.OPEN) return
    const refusal = door.seat(place, actor.user_id, () => connection.close('too_many_connections'))
    if (refusal) return this.#refuse(webSocket, refusal)
    const connection = new Connection({
      id,
      actor,
      webSocket,
      socket,
      batch: query.get('batch') === '1',
      limits,
      logger: services.logger,
      metrics: services.metrics,
      safe: () => positions.safe,
      checkpoint: (one) => encodeCheckpoint(positions.token(one.actor.user_id)),
      onCommand: async (one, text) => one.answer(await answerCommand(services, one, text)),
      onBehind: (one, since) => catchUp.fromLog(one, since),
      onClosed: (one) => this.#forget(one),
    })
    this.#connections.add(connection)
    services.metrics.sockets.set(this.#connections.size)
    try {
      const resume = query.get('resume')
      await services.missed.admit(actor.user_id, () =>
        fanout.attach(connection, () => {
          connection.greet(this.#hello(connection))
          if (staleness.frame) connection.tell(staleness.frame)
          if (resume) catchUp.resume(connection, resume)
        }),
      )
    } catch (error) {
      services.logger.warn({ err: error, connection: id }, 'the memberships of a socket could not be read')
      return connection.close('overloaded')
    }
    // The session may have ended while the socket was not yet among those that would be closed for it.
    if (ended.has(actor.session_id)) return connection.close('session_ended')
    if (this.#stopped) return connection.leave()
    if (staleness.isAlone) return connection.leave('node_stale')
    if (connection.isOpen) services.presence.arrived(connection)
    webSocket.resume()
  }

  #refuse(webSocket: WebSocket, reason: CloseReason): void {
    this.#options.services.metrics.socketCloses.inc({ code: CLOSE_CODES[reason].code })
    webSocket.resume()
    webSocket.close(CLOSE_CODES[reason].code, CLOSE_CODES[reason].reason)
    setTimeout(() => webSocket.terminate(), REFUSED_GRACE_MS).unref()
  }

  #hello(connection: Connection): Buffer {
    const { limits, services } = this.#options
    return encodeHello({
      connection_id: connection.id,
      user_id: connection.actor.user_id,
      session_id: connection.actor.session_id,
      protocol: 1,
      heartbeat_s: limits.ping_interval_ms / 1_000,
      reconnect_within_s: limits.drain_ms / 1_000,
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
