// How often somebody may try. Counted in PostgreSQL, so that a limit is one limit on all nodes and outlives a restart; but
// messages in memory, on each node, as that would cost as much as the message.
import { createHash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Config } from '../config.js'
import { AppError } from '../contract/errors.js'
import type { Pool } from '../db/pool.js'
import type { Attempts } from '../domain/accounts.js'
import { hostOf } from '../kit/network.js'
import type { Rate, RateCounter } from '../kit/rate.js'
import type { Env } from './env.js'

type StoredRate = 'register' | 'login' | 'login_account' | 'search' | 'upload' | 'ticket'
export type RateName = StoredRate | 'message'

export class RateLimits {
  readonly #rates: Record<StoredRate, Rate>
  readonly #limiters: Record<StoredRate, RateLimiterPostgres>
  readonly #messages: RateCounter

  constructor(pool: Pool, config: Config, messages: RateCounter) {
    this.#messages = messages
    this.#rates = {
      register: config.RATE_LIMIT_REGISTER,
      login: config.RATE_LIMIT_LOGIN,
      login_account: config.RATE_LIMIT_LOGIN_ACCOUNT,
      search: config.RATE_LIMIT_SEARCH,
      upload: config.RATE_LIMIT_UPLOAD,
      ticket: config.RATE_LIMIT_TICKET,
    }
    this.#limiters = Object.fromEntries(
      Object.entries(this.#rates).map(([keyPrefix, { points, window_s: duration }]) => [
        keyPrefix,
        new RateLimiterPostgres({
          storeClient: pool,
          tableName: 'rate_limits',
          tableCreated: true,
          // The housekeeper does that.
          clearExpiredByTimeout: false,
          keyPrefix,
          points,
          duration,
        }),
      ]),
    ) as Record<StoredRate, RateLimiterPostgres>
  }

  /** Takes one point. @throws AppError rate_limited */
  async consume(name: RateName, key: string): Promise<{ remaining: number; reset_s: number }> {
    if (name === 'message') {
      const { ok, remaining, reset_s } = this.#messages.take(key)
      if (!ok) throw new AppError('rate_limited', { retry_after_s: reset_s })
      return { remaining, reset_s }
    }
    try {
      const result = await this.#limiters[name].consume(digest(key))
      return { remaining: result.remainingPoints, reset_s: Math.ceil(result.msBeforeNext / 1_000) }
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      throw new AppError('rate_limited', { retry_after_s: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)) })
    }
  }

  /** Gives a point back: the attempt was none to count. */
  async refund(name: StoredRate, key: string): Promise<void> {
    await this.#limiters[name].reward(digest(key))
  }

  /** The same limit as something that can be handed on. */
  attempts(name: StoredRate): Attempts {
    return { count: async (key) => void (await this.consume(name, key)), forget: (key) => this.refund(name, key) }
  }

  rate(name: RateName): Rate {
    return name === 'message' ? this.#messages.rate : this.#rates[name]
  }
}

/**
 * Counts a request for its address (or its user) and says how many are left, in the headers of the IETF draft
 * (draft-ietf-httpapi-ratelimit-headers). A request without a key is not counted; one that two limits count names both.
 */
export function limitRate(name: RateName, by: (c: Context<Env>) => string | undefined): MiddlewareHandler<Env> {
  // By this name a test finds the routes that have to document it.
  return async function limitedByRate(c, next) {
    const key = by(c)
    if (key === undefined) return next()
    const { points, window_s } = c.var.rates.rate(name)
    c.header('RateLimit-Policy', `"${name}";q=${points};w=${window_s}`, { append: true })
    try {
      const { remaining, reset_s } = await c.var.rates.consume(name, key)
      c.header('RateLimit', `"${name}";r=${remaining};t=${reset_s}`, { append: true })
    } catch (error) {
      if (error instanceof AppError) {
        c.header('RateLimit', `"${name}";r=0;t=${error.info.retry_after_s ?? window_s}`, { append: true })
      }
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
