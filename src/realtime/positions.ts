// Where clients stand in the log, as the tokens that they keep.
import type { ResumeTokens } from '../auth/resume-tokens.js'
import type { ResyncReason } from '../contract/events.js'
import type { Tail } from './tail.js'

export class Positions {
  readonly #tokens: ResumeTokens
  readonly #tail: Tail

  constructor(tokens: ResumeTokens, tail: Tail) {
    this.#tokens = tokens
    this.#tail = tail
  }

  /** Nothing up to this id can appear any more, and all of it is in the queues of those who hear it. */
  get safe(): number {
    return this.#tail.safe
  }

  get epoch(): string {
    return this.#tail.epoch
  }

  /** For whoever has all that is in their queue now, or holds what was read after this call. */
  token(userId: string, safe = this.safe, epoch = this.epoch): string {
    return this.#tokens.sign(userId, { epoch, safe_id: safe })
  }

  /** The id after which events are missed, or why that cannot be said. */
  read(userId: string, token: string): number | ResyncReason {
    const position = this.#tokens.verify(userId, token)
    if (!position) return 'token'
    return position.epoch === this.#tail.epoch ? position.safe_id : 'epoch'
  }

  /** A position that the database has never reached: it is an older copy, and begins a new epoch. */
  async beyond(id: number): Promise<void> {
    await this.#tail.raiseEpoch(id)
  }
}
