// Our own writes ring after their commit: a transaction that has notified holds a cluster-wide lock through its flush.
// The first ring goes out at once, then at most one each COALESCE_MS. A lost ring costs a poll interval, nothing more.
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../observe.js'
import type { Pool } from './pool.js'

export const CHANNEL = 'earshot'
const COALESCE_MS = 5
/** Without a name: behind a pooler a named one would fail, and nobody would ever hear a bell. */
const RING = `select pg_notify('${CHANNEL}', $1) where pg_notification_queue_usage() < 0.5`

export class Doorbell {
  readonly #pool: Pool
  readonly #logger: Logger
  readonly #wakeOwnTail: () => void
  readonly #payload: string
  #again = false
  #busy = false

  /** `nodeId`: of the node whose own tail is woken here, and need not hear the bell. */
  constructor(pool: Pool, logger: Logger, wakeOwnTail: () => void, nodeId?: string) {
    this.#pool = pool
    this.#logger = logger
    this.#wakeOwnTail = wakeOwnTail
    this.#payload = nodeId === undefined ? '' : `b:${nodeId}`
  }

  ring(): void {
    this.#wakeOwnTail()
    if (this.#busy) {
      this.#again = true
      return
    }
    this.#busy = true
    const ringAgain = () => {
      this.#busy = false
      if (!this.#again) return
      this.#again = false
      this.ring()
    }
    this.#notify().then(ringAgain, ringAgain)
  }

  /** One at a time: where commits are slow, bells must not take the connections of those they ring for. */
  async #notify(): Promise<void> {
    const pause = delay(COALESCE_MS, undefined, { ref: false })
    await this.#pool
      .query(RING, [this.#payload])
      .catch((error) => this.#logger.debug({ err: error }, 'a bell was not rung; the other nodes will poll'))
    await pause
  }
}
