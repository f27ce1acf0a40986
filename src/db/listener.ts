// Hears the bell. One session of its own, kept by pg-listen; it counts as alive only while its own heartbeat, sent from the
// pool, comes back over the bus: a half-open connection looks healthy to everything else.
import { Socket } from 'node:net'
import pgListen from 'pg-listen'
import type { DatabaseConfig } from '../config.js'
import type { Logger, Metrics } from '../observe.js'
import { CHANNEL } from './doorbell.js'
import { type Pool, sessionConfig } from './pool.js'

const HEARTBEAT_MS = 5_000
const DEAD_AFTER_MS = 10_000
const GOODBYE_MS = 500

export type ListenerOptions = {
  config: DatabaseConfig
  pool: Pool
  nodeId: string
  logger: Logger
  metrics: Metrics
  onBell: () => void
  /** The log has begun anew. */
  onEpoch: () => void
  /** A batch of signals of some node, as it was sent. */
  onSignals: (payload: string) => void
  /** After each (re)connect, once LISTEN is committed: whatever was rung for before was not heard. */
  onConnected: () => void
}

type Subscriber = ReturnType<typeof pgListen.default>

export class Listener {
  readonly #options: ListenerOptions
  readonly #name: string
  #subscriber: Subscriber | undefined
  #socket: Socket | undefined
  #timer: NodeJS.Timeout | undefined
  #heardAt = 0
  #stopped = false

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#name = `earshot-listener-${options.nodeId}`
  }

  /** False while the bus may be deaf: then the tail polls faster. */
  get healthy(): boolean {
    return Date.now() - this.#heardAt < DEAD_AFTER_MS
  }

  async start(): Promise<void> {
    await this.#open()
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#timer)
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    // A connection that has fallen silent never says goodbye.
    const silent = setTimeout(() => this.#socket?.destroy(), GOODBYE_MS)
    await subscriber?.close().catch(() => undefined)
    clearTimeout(silent)
    this.#socket?.destroy()
  }

  async #open(): Promise<void> {
    const { config, logger, onConnected } = this.#options
    const subscriber = pgListen.default(
      {
        ...sessionConfig(config, this.#name),
        query_timeout: 5_000,
        stream: () => {
          this.#socket = new Socket()
          return this.#socket
        },
      },
      {
        parse: (text) => text,
        paranoidChecking: DEAD_AFTER_MS,
        retryTimeout: 0,
        // Throwing is the only way to end pg-listen's loop while the database is away.
        retryInterval: (attempt) => {
          if (this.#stopped || this.#subscriber !== subscriber) throw new Error('the listener has stopped')
          return Math.min(100 * 2 ** attempt, 5_000)
        },
      },
    )
    this.#subscriber = subscriber
    subscriber.events.on('error', (error) => {
      if (this.#subscriber === subscriber && !this.#stopped) this.#replace(error)
    })
    // An empty payload arrives as undefined.
    subscriber.notifications.on(CHANNEL, (payload: string | undefined) => this.#hear(payload ?? ''))
    await subscriber.connect()
    await subscriber.listenTo(CHANNEL)
    // From here on `connected` means reconnected, after LISTEN; before, it would come too early.
    subscriber.events.on('connected', () => {
      logger.info('the listener has reconnected')
      onConnected()
      this.#sendHeartbeat()
    })
    this.#heardAt = Date.now()
    onConnected()
    this.#sendHeartbeat()
  }

  #hear(payload: string): void {
    if (payload === '') return this.#options.onBell()
    if (payload === 'e') return this.#options.onEpoch()
    if (payload.startsWith('s:')) return this.#options.onSignals(payload)
    const [kind, node, sentAt] = payload.split(':')
    // One's own has been heard before it was rung.
    if (kind === 'b' && node !== this.#options.nodeId) return this.#options.onBell()
    if (kind !== 'h' || node !== this.#options.nodeId) return
    this.#heardAt = Date.now()
    this.#options.metrics.bellLatency.observe((performance.now() - Number(sentAt)) / 1_000)
    this.#options.metrics.listenerUp.set(1)
  }

  #beat(): void {
    if (!this.healthy) this.#replace(new Error('the listener no longer hears its own heartbeat'))
    else this.#sendHeartbeat()
  }

  #sendHeartbeat(): void {
    this.#options.pool
      .query('select pg_notify($1, $2)', [CHANNEL, `h:${this.#options.nodeId}:${performance.now()}`])
      .catch((error) => this.#options.logger.debug({ err: error }, 'the heartbeat was not sent'))
  }

  /** Destroyed, not ended: a half-open connection would never say goodbye. Its backend is ended by PostgreSQL. */
  #replace(reason: Error): void {
    const { logger, metrics, pool } = this.#options
    logger.warn({ err: reason }, 'the listener is replaced')
    metrics.listenerUp.set(0)
    const old = this.#subscriber
    this.#subscriber = undefined
    old?.close().catch(() => undefined)
    this.#socket?.destroy()
    pool
      .query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [this.#name])
      .then(() => (this.#stopped ? undefined : this.#open()))
      // The next heartbeat finds it still deaf and tries again.
      .catch((error) => logger.debug({ err: error }, 'the listener could not be replaced yet'))
  }
}
