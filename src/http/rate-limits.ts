// How often somebody may try. Counted in PostgreSQL, so that a limit is one limit on all nodes and outlives a restart.
import { createHash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Rate } from '../config.js'
import { AppError } from '../contract/errors.js'
import type { Pool } from '../db/pool.js'
import type { Attempts } from '../domain/accounts.js'
import { hostOf } from '../kit/network.js'
import type { Env } from './env.js'

export type RateName = 'register' | 'login' | 'login_account' | 'search' | 'upload'

export class RateLimits {
  readonly #rates: Record<RateName, Rate>
  readonly #limiters: Record<RateName, RateLimiterPostgres>

  constructor(pool: Pool, rates: Record<RateName, Rate>) {
    this.#rates = rates
    const limiter = (keyPrefix: RateName) =>
      new RateLimiterPostgres({
        storeClient: pool,
        tableName: 'rate_limits',
        tableCreated: true,
        // The housekeeper does that.
        clearExpiredByTimeout: false,
        keyPrefix,
        points: rates[keyPrefix].points,
        duration: rates[keyPrefix].window_s,
      })
    this.#limiters = {
      register: limiter('register'),
      login: limiter('login'),
      login_account: limiter('login_account'),
      search: limiter('search'),
      upload: limiter('upload'),
    }
  }

  /** Takes one point. @throws AppError rate_limited */
  async consume(name: RateName, key: string): Promise<{ remaining: number; reset_s: number }> {
    try {
      const result = await this.#limiters[name].consume(digest(key))
      return { remaining: result.remainingPoints, reset_s: Math.ceil(result.msBeforeNext / 1_000) }
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      throw new AppError('rate_limited', { retry_after_s: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)) })
    }
  }

  /** Gives a point back: the attempt was none to count. */
  async refund(name: RateName, key: string): Promise<void> {
    await this.#limiters[name].reward(digest(key))
  }

  /** The same limit as something that can be handed on. */
  attempts(name: RateName): Attempts {
    return { count: async (key) => void (await this.consume(name, key)), forget: (key) => this.refund(name, key) }
  }

  rate(name: RateName): Rate {
    return this.#rates[name]
  }
}

/**
 * Counts a request for its address (or its user) and says how many are left, in the headers of the IETF draft
 * (draft-ietf-httpapi-ratelimit-headers). A request without a key is not counted.
 */
export function limitRate(name: RateName, by: (c: Context<Env>) => string | undefined): MiddlewareHandler<Env> {
  // By this name a test finds the routes that have to document it.
  return async function limitedByRate(c, next) {
    const key = by(c)
    if (key === undefined) return next()
    const { points, window_s } = c.var.rates.rate(name)
    c.header('RateLimit-Policy', `"${name}";q=${points};w=${window_s}`)
    try {
      const { remaining, reset_s } = await c.var.rates.consume(name, key)
      c.header('RateLimit', `"${name}";r=${remaining};t=${reset_s}`)
    } catch (error) {
      if (error instanceof AppError) c.header('RateLimit', `"${name}";r=0;t=${error.info.retry_after_s ?? window_s}`)
      throw error
    }
    await next()
  }
}

export function byAddress(c: Context<Env>): string {
  return hostOf(c.var.address)
}

export function byUser(c: Context<Env>): string {
  return c.var.actor.user_id
}

/** Keys are addresses and names of people: only their digests are stored. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}
