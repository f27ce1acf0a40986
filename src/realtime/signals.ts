// Live news that is never kept: typing, presence, positions of receipts. What is published within FLUSH_MS goes out
// together, to this node's sockets and over the bus to the other nodes; of one matter only the latest is sent.
import { BUS_SIGNALS, type BusSignalData, type BusSignalType } from '../contract/signals.js'
import { CHANNEL } from '../db/doorbell.js'
import type { Pool } from '../db/pool.js'
import type { Logger, Metrics } from '../observe.js'

const FLUSH_MS = 100
/** NOTIFY takes less than 8,000 bytes. */
const PAYLOAD_BYTES = 7_000
/** Beyond it news is left out until the next flush: its state can be read again. */
const PENDING_MAX = 10_000

/** `stream`: the conversation whose other members hear it. */
export type Signal = { [T in BusSignalType]: { type: T; stream?: string; data: BusSignalData<T> } }[BusSignalType]

export type SignalsOptions = {
  nodeId: string
  pool: Pool
  /** Hands it to whoever hears it on this node. Must not wait. */
  deliver: (signal: Signal) => void
  logger: Logger
  metrics: Metrics
}

export class Signals {
  readonly #options: SignalsOptions
  readonly #pending = new Map<string, Signal>()
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> | undefined
  #stopped = false

  constructor(options: SignalsOptions) {
    this.#options = options
  }

  /** False when it was left out: whoever can say it again does so later. */
  publish(signal: Signal): boolean {
    if (this.#stopped) return false
    const [matter] = signal.type.split('.')
    const key = `${matter} ${signal.stream ?? ''} ${signal.data.user_id}`
    // Set anew, so that the batch is in the order of what was said last.
    this.#pending.delete(key)
    if (this.#pending.size >= PENDING_MAX) return false
    this.#pending.set(key, signal)
    this.#arm()
    return true
  }

  /** A batch of another node, `s:<node>:<json>`. Anybody with a connection may send one, so it is read with care. */
  hear(payload: string): void {
    const [, node, text] = /^s:([^:]*):(.*)$/s.exec(payload) ?? []
    if (text === undefined || node === this.#options.nodeId) return
    try {
      for (const signal of JSON.parse(text)) {
        if (isSignal(signal)) this.#deliver(signal)
      }
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'a batch of signals could not be read')
    }
  }

  /** What waits is said before: others should know who has gone with this node. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#flushing
    await this.#flush()
  }

  #arm(): void {
    if (this.#timer || this.#flushing || this.#stopped || this.#pending.size === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#flushing = this.#flush().finally(() => {
        this.#flushing = undefined
        this.#arm()
      })
    }, FLUSH_MS)
  }

  /** One at a time: where PostgreSQL is slow, news must not take the connections of everything else. */
  async #flush(): Promise<void> {
    if (this.#pending.size === 0) return
    const signals = [...this.#pending.values()]
    this.#pending.clear()
    for (const signal of signals) this.#deliver(signal)
    const { pool, nodeId, logger } = this.#options
    const payloads = pack(signals).map((batch) => `s:${nodeId}:${batch}`)
    await pool
      .query(
        'select pg_notify($1, payload) from unnest($2::text[]) payload where pg_notification_queue_usage() < 0.5',
        [CHANNEL, payloads],
      )
      .catch((error) => logger.debug({ err: error }, 'signals did not reach the other nodes'))
  }

  /** Never throws: the others of the batch have nothing to do with one that fails. */
  #deliver(signal: Signal): void {
    const { metrics, deliver, logger } = this.#options
    metrics.signals.inc({ type: signal.type })
    try {
      deliver(signal)
    } catch (error) {
      logger.error({ err: error, type: signal.type }, 'a signal could not be delivered on this node')
    }
  }
}

/** JSON arrays that each fit into a NOTIFY. */
function pack(signals: Signal[]): string[] {
  const batches: string[] = []
  let batch: string[] = []
  let bytes = 0
  for (const text of signals.map((signal) => JSON.stringify(signal))) {
    const size = Buffer.byteLength(text) + 1
    if (bytes + size > PAYLOAD_BYTES && batch.length > 0) {
      batches.push(`[${batch.join()}]`)
      batch = []
      bytes = 0
    }
    batch.push(text)
    bytes += size
  }
  if (batch.length > 0) batches.push(`[${batch.join()}]`)
  return batches
}

function isSignal(value: unknown): value is Signal {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('data' in value)) return false
  const { type } = value
  if (typeof type !== 'string' || !Object.hasOwn(BUS_SIGNALS, type)) return false
  if ('stream' in value && typeof value.stream !== 'string') return false
  return BUS_SIGNALS[type as BusSignalType].safeParse(value.data).success
}
