// The lease of this node, and who the others are. It is renewed each third of its time; when there is nothing to renew (the
// tables were emptied by a crash of PostgreSQL, or this node was taken for dead), it begins anew.
import type { LiveNode } from '../contract/operations.js'
import type { Db } from '../db/database.js'
import { beginNode, endNode, type NodeReport, type NodeRow, renewNode, takeNodeAway } from '../domain/nodes.js'
import { VERSION } from '../kit/version.js'
import type { Logger, Metrics } from '../observe.js'

const RETRY_MS = 1_000
/** After a lease was lost: the other nodes need as long to write what is theirs, if they have lost it too. */
const SETTLE_MS = 5_000

export type NodesOptions = {
  db: Db
  id: string
  leaseS: number
  /** For how long those who were on a node that stops still count as here. */
  graceS: number
  report: () => NodeReport
  /** For what people have set; leases go by the clock of the database. */
  now: () => number
  /** What this node has written of its users is gone. */
  onLost: () => void
  /** What another node has written of these users is gone. */
  onGone: (userIds: readonly string[]) => void
  logger: Logger
}

export class Nodes {
  readonly #options: NodesOptions
  readonly #periodMs: number
  readonly #settleMs: number
  #isRunning = false
  /** It has been renewed since something has happened. */
  #isCertain = false
  #startedAt: Date | undefined
  /** Of this process, which no correction of a clock moves. */
  #dueAt = 0
  #renewedAt = Number.NEGATIVE_INFINITY
  #lostAt = Number.NEGATIVE_INFINITY
  #others: readonly NodeRow[] = []

  constructor(options: NodesOptions) {
    this.#options = options
    this.#periodMs = (options.leaseS * 1_000) / 3
    this.#settleMs = Math.min(SETTLE_MS, this.#periodMs)
  }

  /** False while the leases may be fewer than there should be: nobody should be told by them that somebody has gone. */
  get settled(): boolean {
    return this.#isCertain && performance.now() - this.#lostAt >= this.#settleMs
  }

  /** Since the last renewal. */
  get ageMs(): number {
    return performance.now() - this.#renewedAt
  }

  async start(): Promise<void> {
    this.#isRunning = true
    await this.sweep()
  }

  /** Something has happened to the database or to the lease: looked at in the next sweep. */
  renewSoon(): void {
    this.#dueAt = 0
    this.#isCertain = false
  }

  async sweep(): Promise<void> {
    const now = performance.now()
    if (!this.#isRunning || now < this.#dueAt) return
    this.#dueAt = now + this.#periodMs
    try {
      await this.#renew()
    } catch (error) {
      this.#isCertain = false
      this.#dueAt = Math.min(this.#dueAt, performance.now() + RETRY_MS)
      throw error
    }
  }

  /** Every live node, as it was at this node's last renewal. */
  list(): LiveNode[] {
    const { id, report } = this.#options
    if (!this.#startedAt) return []
    const ageMs = Math.round(this.ageMs)
    const others = this.#others.map((node) => ({
      id: node.id,
      version: node.version,
      started_at: node.started_at.toISOString(),
      lag_ms: node.lag_ms,
      sockets: node.sockets,
      renewed_ms_ago: node.renewed_ms_ago + ageMs,
      self: false,
    }))
    const started_at = this.#startedAt.toISOString()
    return [{ id, version: VERSION, started_at, ...report(), renewed_ms_ago: ageMs, self: true }, ...others]
  }

  /**
   * Whether another node has read the log since this one could not, `lagMs` ago: what it said before, or so soon after that it
   * might have been cut off at the same moment, does not count.
   */
  othersAreFresh(lagMs: number, staleMs: number): boolean {
    const since = lagMs - staleMs
    return this.#others.some((node) => node.renewed_ms_ago + this.ageMs < since && node.lag_ms < staleMs)
  }

  measure({ nodes, nodeLeaseAge, nodeLag }: Metrics): void {
    const list = this.list()
    nodes.set(list.length)
    nodeLeaseAge.set(this.ageMs / 1_000)
    // So that one that has gone is no longer named.
    nodeLag.reset()
    for (const node of list) nodeLag.set({ node: node.id }, node.lag_ms / 1_000)
  }

  /** Its users have the grace to come back elsewhere; then, if not now, another node takes them away. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return
    this.#isRunning = false
    const { db, id, graceS } = this.#options
    await endNode(db, id, graceS)
    await this.#takeAway()
  }

  async #renew(): Promise<void> {
    const { db, id, leaseS, report, logger } = this.#options
    const at = performance.now()
    let rows = await renewNode(db, id, report(), leaseS)
    if (!rows) {
      await this.#begin()
      rows = (await renewNode(db, id, report(), leaseS)) ?? []
    }
    this.#renewedAt = at
    // Unless something has happened meanwhile.
    this.#isCertain = this.#dueAt > 0
    this.#others = rows.filter((row) => row.is_alive && row.id !== id)
    // The others may have lost theirs just as this node has, and need a moment to come back.
    if (!this.settled || !rows.some((row) => row.has_ended)) return
    // That nothing can be written says nothing about the lease of this node.
    await this.#takeAway().catch((error) =>
      logger.warn({ err: error }, 'a node that has ended is still to be taken away'),
    )
  }

  async #begin(): Promise<void> {
    const { db, id, leaseS, report, logger, onLost } = this.#options
    const isBack = this.#startedAt !== undefined
    const node = { id, version: VERSION, started_at: this.#startedAt, ...report() }
    this.#startedAt = await beginNode(db, node, leaseS)
    if (!isBack) return
    this.#lostAt = performance.now()
    logger.warn('the lease of this node was gone; it has a new one')
    onLost()
  }

  /** In transactions that are bounded each. */
  async #takeAway(): Promise<void> {
    const { db, now, onGone } = this.#options
    for (;;) {
      const userIds = await takeNodeAway(db, now())
      if (!userIds) return
      onGone(userIds)
    }
  }
}
