// Whether what this node tells is still what is. A tail that has not read the log for a while hears nothing, and silence looks
// just like a quiet conversation: so every socket is told once, and once more when it has passed. The sockets stay, since as a
// rule the database is away for all nodes; only where the others hear what this one does not are clients better off elsewhere.
import type { Logger, Metrics } from '../observe.js'
import { encodeFresh, encodeStale } from '../protocols/native.js'

/** For so long it may be over in a moment. */
const ALONE_MS = 30_000

export type StalenessOptions = {
  /** Since the log was last read. */
  lagMs: () => number
  stale_ms: number
  othersAreFresh: () => boolean
  /** To every socket that has had its `hello`. */
  tell: (frame: Buffer) => void
  /** From now on its clients should be on other nodes. */
  onAlone: () => void
  now: () => number
  logger: Logger
  metrics: Metrics
}

export class Staleness {
  readonly #options: StalenessOptions
  #since: string | undefined
  /** From when on the others were fresh and this node was not. */
  #aloneAt: number | undefined
  #isAlone = false

  constructor(options: StalenessOptions) {
    this.#options = options
  }

  /** What a socket that comes in is told right after its `hello`; undefined while all is well. */
  get frame(): Buffer | undefined {
    return this.#since === undefined ? undefined : encodeStale(this.#since)
  }

  /** Nobody should come in here. */
  get isAlone(): boolean {
    return this.#isAlone
  }

  sweep(): void {
    const { lagMs, stale_ms, othersAreFresh, onAlone, now } = this.#options
    const lag = lagMs()
    if (lag < stale_ms) {
      this.#aloneAt = undefined
      this.#isAlone = false
      return this.#refresh()
    }
    this.#expire(lag)
    if (!othersAreFresh()) {
      this.#aloneAt = undefined
      this.#isAlone = false
      return
    }
    this.#aloneAt ??= now()
    if (this.#isAlone || now() - this.#aloneAt < ALONE_MS) return
    this.#isAlone = true
    onAlone()
  }

  #expire(lag: number): void {
    if (this.#since !== undefined) return
    const { tell, logger, metrics } = this.#options
    this.#since = new Date(Date.now() - lag).toISOString()
    logger.warn({ lag_ms: lag }, 'the log cannot be read: clients are told that they may be behind')
    metrics.stale.set(1)
    tell(encodeStale(this.#since))
  }

  #refresh(): void {
    if (this.#since === undefined) return
    const { tell, logger, metrics } = this.#options
    this.#since = undefined
    logger.info('the log is read again')
    metrics.stale.set(0)
    tell(encodeFresh())
  }
}
