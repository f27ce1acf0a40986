// Resume tokens: where a client stands in the log, signed so that it can be handed out and taken back without being kept.
import { createHmac, timingSafeEqual } from 'node:crypto'

const VERSION = 1
const MAX_LENGTH = 512

/** All events up to `safe_id` of this epoch were heard, or are in what was loaded. */
export type Position = { epoch: string; safe_id: number }

export class ResumeTokens {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    this.#key = key
  }

  sign(userId: string, { epoch, safe_id }: Position): string {
    const said = Buffer.from(JSON.stringify([VERSION, epoch, safe_id, userId])).toString('base64url')
    return `${said}.${this.#seal(said).toString('base64url')}`
  }

  /** Undefined when it is not one of ours, or another user's. */
  verify(userId: string, token: string): Position | undefined {
    const [said, seal, ...rest] = token.length <= MAX_LENGTH ? token.split('.') : []
    if (said === undefined || seal === undefined || rest.length > 0) return undefined
    const given = Buffer.from(seal, 'base64url')
    const right = this.#seal(said)
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
    const [version, epoch, safe_id, owner] = JSON.parse(Buffer.from(said, 'base64url').toString())
    return version === VERSION && owner === userId ? { epoch, safe_id } : undefined
  }

  #seal(said: string): Buffer {
    return createHmac('sha256', this.#key).update(said).digest()
  }
}
