// The demos that run on this node, one a user, and no more than a developer's machine can bear.
import { AppError } from '../contract/errors.js'
import type { Demos } from '../http/demos.js'
import type { Logger } from '../observe.js'
import { EarshotError } from '../sdk/client.js'
import { Demo } from './demo.js'

const RUNNING_MAX = 10
const LINGERS_MS = 600_000
const RETRY_AFTER_S = 60

export class RunningDemos implements Demos {
  /** By their guests; undefined while one begins. */
  readonly #running = new Map<string, Demo | undefined>()
  readonly #urlOf: () => string
  readonly #logger: Logger
  #isStopped = false

  /** `urlOf`: of this node, known once it listens. */
  constructor(urlOf: () => string, logger: Logger) {
    this.#urlOf = urlOf
    this.#logger = logger
  }

  of(userId: string): string | undefined {
    return this.#running.get(userId)?.conversationId
  }

  async begin(userId: string): Promise<string> {
    if (this.#running.has(userId)) throw new AppError('demo.running')
    if (this.#isStopped || this.#running.size >= RUNNING_MAX) {
      throw new AppError('overloaded', { detail: 'As many talk as can', retry_after_s: RETRY_AFTER_S })
    }
    this.#running.set(userId, undefined)
    try {
      const demo = await Demo.open({ url: this.#urlOf(), guestId: userId, lingers_ms: LINGERS_MS })
      this.#running.set(userId, demo)
      demo.over
        .catch((error) => this.#logger.warn({ err: error }, 'a demo has ended early'))
        .finally(() => this.#running.delete(userId))
      if (this.#isStopped) demo.stop()
      return demo.conversationId
    } catch (error) {
      this.#running.delete(userId)
      throw refusal(error)
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const demos = [...this.#running.values()]
    for (const demo of demos) demo?.stop()
    await Promise.allSettled(demos.map((demo) => demo?.over))
  }
}

/** They sign up like anybody, so they may be refused like anybody. */
function refusal(error: unknown): unknown {
  if (!(error instanceof EarshotError) || error.code !== 'rate_limited') return error
  const { retry_after_s = RETRY_AFTER_S } = error
  return new AppError('overloaded', { detail: 'Too many accounts were opened here', retry_after_s })
}
