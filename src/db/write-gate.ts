// Whether it is worth while to write. A database that is away, full or read-only, or whose commits wait for a standby that is
// gone, would keep each write for as long as it may take, and a connection with it. So after such an end only one write at a
// time finds out how things are, and the others are refused at once; the first that succeeds opens the gate again. Some
// connections are never given to writes: the reads go on with them.

import { AppError } from '../contract/errors.js'
import type { WriteTrouble } from '../contract/operations.js'
import { troubleOf } from './sqlstate.js'

/** No commit takes so long where all is well, nor does a statement that commits by itself. */
const STALLED_MS = 5_000
/** For so long a failure is told to whoever asks: a node that is sent nothing for it must not stay away for ever. */
const TOLD_MS = 10_000
/** One connection that is lost says nothing about the next one. */
const LOSSES = 2
const WAITING_MAX = 10_000
const RETRY_AFTER_S = 1

export type WriteGateOptions = {
  /** Writes at the same time; the others wait for their turn. */
  max?: number
  /** Longest wait for a turn. */
  wait_ms?: number
  now?: () => number
  onRefused?: (reason: WriteTrouble) => void
}

/** A write on its way; `since`: from when on it has waited for its commit, or for the one statement that it is. */
type Pass = { since: number }
type Waiter = { go: () => void; refuse: (error: AppError) => void }

export class WriteGate {
  readonly #max: number
  readonly #waitMs: number
  readonly #now: () => number
  readonly #onRefused: (reason: WriteTrouble) => void
  readonly #waiting = new Set<Waiter>()
  /** Those that are being committed, the oldest first. */
  readonly #committing = new Set<Pass>()
  #active = 0
  #trial: Pass | undefined
  #shut: WriteTrouble | undefined
  #failedAt = Number.NEGATIVE_INFINITY
  #losses = 0

  constructor(options: WriteGateOptions = {}) {
    this.#max = options.max ?? Number.POSITIVE_INFINITY
    this.#waitMs = options.wait_ms ?? 5_000
    this.#now = options.now ?? (() => performance.now())
    this.#onRefused = options.onRefused ?? (() => undefined)
  }

  /** What became of the last writes; undefined while they succeed, and when none has failed for some time. */
  get trouble(): WriteTrouble | undefined {
    if (this.#isStalled()) return 'stalled'
    return this.#now() - this.#failedAt <= TOLD_MS ? this.#shut : undefined
  }

  /**
   * Runs a write, which calls `committing` when it begins to wait for its commit; `probe` comes before one that is only to
   * find out how things are. What they throw is thrown on.
   * @throws AppError unavailable while writes fail, overloaded when there are too many
   */
  async pass<T>(work: (committing: () => void) => Promise<T>, probe = async () => {}): Promise<T> {
    this.admit()
    await this.#turn()
    const pass: Pass = { since: 0 }
    try {
      // While it waited, others may have failed.
      this.admit()
      if (this.#shut) {
        this.#trial = pass
        await probe()
      }
      const result = await work(() => {
        this.#committing.delete(pass)
        this.#committing.add(pass)
        pass.since = this.#now()
      })
      // One that was on its way before may have had nothing to commit.
      if (this.#shut !== 'unconfirmed' || this.#trial === pass) this.#shut = undefined
      this.#losses = 0
      return result
    } catch (error) {
      this.#failed(error)
      throw error
    } finally {
      this.#committing.delete(pass)
      if (this.#trial === pass) this.#trial = undefined
      const [next] = this.#waiting
      if (next) next.go()
      else this.#active--
    }
  }

  /** Beside a trial, or behind a commit that hangs, nobody else is let in. @throws AppError unavailable */
  admit(): void {
    const reason = this.#isStalled() ? 'stalled' : this.#trial && this.#shut
    if (reason) throw this.#refusal(reason)
  }

  #refusal(reason: WriteTrouble): AppError {
    this.#onRefused(reason)
    return new AppError('unavailable', { retry_after_s: RETRY_AFTER_S })
  }

  #isStalled(): boolean {
    const [oldest] = this.#committing
    return oldest !== undefined && this.#now() - oldest.since > STALLED_MS
  }

  async #turn(): Promise<void> {
    if (this.#active < this.#max) {
      this.#active++
      return
    }
    const full = () => new AppError('overloaded', { retry_after_s: RETRY_AFTER_S })
    if (this.#waiting.size >= WAITING_MAX) throw full()
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        this.#waiting.delete(waiter)
      }
      const waiter: Waiter = {
        go: () => {
          leave()
          resolve()
        },
        refuse: (error) => {
          leave()
          reject(error)
        },
      }
      const timer = setTimeout(() => waiter.refuse(full()), this.#waitMs)
      this.#waiting.add(waiter)
    })
  }

  #failed(error: unknown): void {
    const trouble = troubleOf(error)
    if (!trouble || (trouble === 'lost' && !this.#shut && ++this.#losses < LOSSES)) return
    this.#shut = trouble
    this.#failedAt = this.#now()
    for (const waiter of this.#waiting) waiter.refuse(this.#refusal(trouble))
  }
}
