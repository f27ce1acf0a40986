// What has verified before: a signature costs far more than a look-up, and a client brings the same token with each request.
import { hash } from 'node:crypto'
import type { VerifiedActor } from './actor.js'

export type Verified = { readonly actor: VerifiedActor; readonly kid: string }

/** By the SHA-256 of the token, so that no token stands in memory. Beyond `max`, the one that was kept first is forgotten. */
export class VerifiedTokens {
  readonly #max: number
  readonly #kept = new Map<string, Verified>()

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#kept.size
  }

  /** Undefined for a token that is not kept, or has ended. */
  get(token: string): Verified | undefined {
    const key = digest(token)
    const verified = this.#kept.get(key)
    if (!verified || !hasEnded(verified)) return verified
    this.#kept.delete(key)
    return undefined
  }

  add(token: string, verified: Verified): void {
    const key = digest(token)
    this.#kept.delete(key)
    // Those in front are the oldest, most of which have ended: they need not wait for the bound.
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size < this.#max && !hasEnded(kept)) break
      this.#kept.delete(oldest)
    }
    this.#kept.set(key, verified)
  }
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url')
}

function hasEnded({ actor }: Verified): boolean {
  return actor.expires_at.getTime() <= Date.now()
}
