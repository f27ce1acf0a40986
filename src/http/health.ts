// Whether the server works, in three depths: the process lives, it can serve, and how each part of it does.
import type { HealthReport, WriteTrouble } from '../contract/operations.js'
import type { Pool } from '../db/pool.js'
import type { Programs } from '../media/av.js'
import type { Storage } from '../media/storage.js'

const PING_MS = 1_000

type DatabaseState = HealthReport['services']['database']
type Ping = Omit<DatabaseState, 'writes' | 'reason'>

export type HealthSources = {
  version: string
  nodeId: string
  nodes: () => HealthReport['nodes']
  pool: Pool
  listenerIsHealthy: () => boolean
  tailLagMs: () => number
  /** A tail that has not read for so long is not delivering. */
  staleMs: number
  writeTrouble: () => WriteTrouble | undefined
  sockets: () => number
  storage: Storage
  programs: Programs
  jobs: number
}

export class Health {
  readonly #sources: HealthSources
  readonly #startedAt = Date.now()
  #stopping = false

  constructor(sources: HealthSources) {
    this.#sources = sources
  }

  /** From now on not ready: a load balancer should send nobody new. */
  stopping(): void {
    this.#stopping = true
  }

  async report(): Promise<HealthReport> {
    const { version, nodeId, nodes, tailLagMs, listenerIsHealthy, writeTrouble, sockets, programs, jobs } =
      this.#sources
    const [ping, storage] = await Promise.all([this.#pingDatabase(), this.#pingStorage()])
    const lag = tailLagMs()
    const tail = { status: lag < this.#sources.staleMs ? ('up' as const) : ('down' as const), lag_ms: lag }
    // A full pool is a busy node, not a lost database: the tail, on a session of its own, knows the difference.
    const asked: Ping = ping === undefined ? { status: tail.status, pool: 'busy' } : ping
    const reason = writeTrouble()
    const database: DatabaseState = {
      ...asked,
      writes: asked.status === 'up' && !reason ? 'up' : 'down',
      ...(reason && { reason }),
    }
    const listener = { status: listenerIsHealthy() ? ('up' as const) : ('down' as const) }
    const serves = database.status === 'up' && tail.status === 'up' && !this.#stopping
    // Without the listener the tail polls: slower, but nothing is lost.
    const isWhole = database.writes === 'up' && listener.status === 'up'
    return {
      status: serves ? (isWhole ? 'up' : 'degraded') : 'down',
      timestamp: new Date().toISOString(),
      version,
      uptime_s: Math.round((Date.now() - this.#startedAt) / 1_000),
      node_id: nodeId,
      nodes: nodes(),
      services: {
        database,
        listener,
        tail,
        websocket: { status: 'up', connections: sockets() },
        // Without it files wait and messages go on: no reason to send nobody here.
        storage: { status: storage, kind: this.#sources.storage.name },
        media: { ffmpeg: programs.ffmpeg?.version ?? null, ffprobe: programs.ffprobe?.version ?? null, jobs },
      },
    }
  }

  /** Undefined when the pool had no connection to spare in time. */
  async #pingDatabase(): Promise<Ping | undefined> {
    const { pool } = this.#sources
    const start = performance.now()
    const ping = pool.query('select 1').then(
      (): Ping => ({ status: 'up', latency_ms: Math.round(performance.now() - start) }),
      (): Ping => ({ status: 'down' }),
    )
    return inTime(ping, () => (pool.waitingCount > 0 ? undefined : { status: 'down' }))
  }

  async #pingStorage(): Promise<'up' | 'down'> {
    const ping = this.#sources.storage.ping().then(
      () => 'up' as const,
      () => 'down' as const,
    )
    return inTime(ping, () => 'down')
  }
}

async function inTime<T>(ping: Promise<T>, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), PING_MS)
  })
  const state = await Promise.race([ping, isLate])
  clearTimeout(timer)
  return state
}
