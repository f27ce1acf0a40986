// The tokens of one signed-in device. The refresh token works once: whoever needs a new access token waits for the same refresh.

import { EarshotError } from './call.js'
import type { Clock } from './clock.js'
import { failure, unexpected } from './failure.js'
import { fits, isSignedIn } from './shapes.js'
import type { Keeper } from './storage.js'
import type { SignedIn } from './types.js'

/** A token is replaced when less than this is left of it, or a fifth of its life. */
const EARLY_MS = 30_000
/** A token that is so young has not expired: what was refused was the one before. */
const YOUNG_MS = 10_000

type Tokens = {
  user_id: string
  access_token: string
  refresh_token: string
  /** By the clock of this device, which knows how long, not until when. */
  renew_at: number
  expires_at: number
}

export type SessionOptions = {
  /** POST /auth/refresh. */
  ask: (refresh_token: string) => Promise<SignedIn>
  keeper: Keeper
  clock: Clock
  /** The server does not take the refresh token any more. */
  onEnded: (error: EarshotError) => void
}

export class Session {
  readonly #options: SessionOptions
  #tokens: Tokens | undefined
  #refreshing: Promise<void> | undefined
  #renewedAt = Number.NEGATIVE_INFINITY

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Who is signed in. */
  get userId(): string | undefined {
    return this.#tokens?.user_id
  }

  /** What a storage had. */
  restore(kept: unknown): void {
    const isWhole = fits(kept, {
      user_id: 'text',
      access_token: 'text',
      refresh_token: 'text',
      renew_at: 'count',
      expires_at: 'count',
    })
    if (isWhole) this.#tokens = kept as Tokens
  }

  begin({ access_token, refresh_token, expires_in, user }: SignedIn): void {
    const now = this.#options.clock.now()
    const ttl_ms = expires_in * 1_000
    this.#renewedAt = now
    this.#tokens = {
      user_id: user.id,
      access_token,
      refresh_token,
      renew_at: Math.round(now + ttl_ms - Math.min(EARLY_MS, ttl_ms / 5)),
      expires_at: now + ttl_ms,
    }
    this.#keep()
  }

  end(): void {
    this.#tokens = undefined
    this.#keep()
  }

  /**
   * An access token that is good for a while; `renew`: another one than before, for the server says that one has expired.
   * @throws EarshotError if it could not be refreshed
   */
  async token({ renew } = { renew: false }): Promise<string | undefined> {
    const held = this.#tokens
    const now = this.#options.clock.now()
    if (held && (renew ? now - this.#renewedAt >= YOUNG_MS : now >= held.renew_at)) {
      await this.refresh().catch((error) => {
        // It is early: the one at hand is still good.
        if (renew || this.#tokens !== held || now >= held.expires_at) throw error
      })
    }
    return this.#tokens?.access_token
  }

  /** One refresh for all who ask meanwhile. @throws EarshotError */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #refresh(): Promise<void> {
    const held = this.#tokens
    if (!held) throw failure('auth.unauthenticated', 'Nobody is signed in')
    try {
      const answer: unknown = await this.#options.ask(held.refresh_token)
      if (!isSignedIn(answer) || answer.user.id !== held.user_id) throw unexpected()
      // Somebody may have signed out meanwhile.
      if (this.#tokens === held) this.begin(answer)
    } catch (error) {
      const isRefused = error instanceof EarshotError && (error.status === 401 || error.status === 422)
      if (isRefused && this.#tokens === held) this.#options.onEnded(error)
      throw error
    }
  }

  /** At once: the refresh token of before works no more. */
  #keep(): void {
    this.#options.keeper.set('session', this.#tokens)
    this.#options.keeper.save().catch(() => undefined)
  }
}
