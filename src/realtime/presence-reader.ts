// Reads how people are of whom somebody on this node wants to hear. A hint says whom to look at, and nothing else: what is
// true is in the database. Hints of a moment are one read, and everybody is read again now and then, so that a hint that
// was lost costs no more than that.
import type { Logger } from '../observe.js'
import type { Truth } from './presence.js'

const LOOK_MS = 50
const REREAD_MS = 30_000
/** Users of one read; the others wait for the next. */
const USERS_MAX = 5_000

export type PresenceReaderOptions = {
  /** Undefined while this node has no lease: then the others may have none either. */
  read: (userIds: readonly string[]) => Promise<Truth[] | undefined>
  onNoLease: () => void
  /** Whom this node's sockets want to hear of. */
  watched: () => ReadonlyMap<string, unknown>
  hear: (truth: Truth) => void
  /** Whether the leases are whole; while they are not, people would seem to be gone. */
  settled: () => boolean
  now: () => number
  logger: Logger
}

export class PresenceReader {
  readonly #options: PresenceReaderOptions
  /** Bounded by those who are watched. */
  readonly #hinted = new Set<string>()
  /** When the invisibility of those who are watched ends. */
  readonly #ends = new Map<string, number>()
  #reading: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #rereadAt = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(options: PresenceReaderOptions) {
    this.#options = options
  }

  hint(userId: string): void {
    if (!this.#options.watched().has(userId)) return
    this.#hinted.add(userId)
    this.#arm()
  }

  /** Hints may have been lost. */
  reread(): void {
    this.#rereadAt = Number.NEGATIVE_INFINITY
  }

  /** Nobody writes anything when it ends. */
  expectEnd(userId: string, at: Date): void {
    if (this.#options.watched().has(userId)) this.#ends.set(userId, at.getTime())
  }

  sweep(): void {
    const { watched, settled, now } = this.#options
    const at = now()
    for (const [userId, end] of this.#ends) {
      if (end > at) continue
      this.#ends.delete(userId)
      this.hint(userId)
    }
    if (at - this.#rereadAt >= REREAD_MS && settled()) {
      this.#rereadAt = at
      for (const userId of this.#ends.keys()) if (!watched().has(userId)) this.#ends.delete(userId)
      for (const userId of watched().keys()) this.#hinted.add(userId)
    }
    // What could not be read has another turn.
    this.#arm()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#reading
  }

  #arm(): void {
    if (this.#timer || this.#reading || this.#stopped || this.#hinted.size === 0 || !this.#options.settled()) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#reading = this.#look().then((isRead) => {
        this.#reading = undefined
        // What was hinted meanwhile. After a failure the next sweep is soon enough.
        if (isRead) this.#arm()
      })
    }, LOOK_MS)
  }

  async #look(): Promise<boolean> {
    const { read, hear, onNoLease, logger } = this.#options
    const userIds: string[] = []
    for (const userId of this.#hinted) {
      if (userIds.push(userId) === USERS_MAX) break
    }
    // Before they are read: a hint that comes meanwhile is of something newer.
    for (const userId of userIds) this.#hinted.delete(userId)
    try {
      const truths = await read(userIds)
      for (const truth of truths ?? []) hear(truth)
      if (truths) return true
    } catch (error) {
      logger.warn({ err: error }, 'who is here could not be read; it is tried again')
    }
    // PostgreSQL may have crashed, and have forgotten who is here.
    onNoLease()
    for (const userId of userIds) if (this.#options.watched().has(userId)) this.#hinted.add(userId)
    return false
  }
}
