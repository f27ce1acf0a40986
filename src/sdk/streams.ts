// The rule of each stream: the next event is applied, what is not newer is dropped, and what comes too early waits for what is
// missing, which may be on its way, or is fetched.
import { Alarm, backoff, type Clock } from './clock.js'
import { mayRepeat } from './failure.js'
import { isEvent } from './shapes.js'
import type { EventFrame } from './types.js'

const PATIENCE_MS = 500
/** What one command may fetch. */
const FETCH_MAX = 200
/** Beyond it, what a stream is about is read instead of its events. */
const GAP_MAX = 1_000
const WAITING_MAX = 256

export type StreamsOptions = {
  clock: Clock
  /** Where a stream stands; undefined for one that is not held. */
  seqOf: (stream: string) => number | undefined
  /** Takes the next event; afterwards its stream stands at its seq, or is held no more. */
  apply: (event: EventFrame) => void
  fetch: (stream: string, from_seq: number, to_seq: number) => Promise<unknown[]>
  /** What is missing cannot be had as events. */
  lost: (stream: string) => void
  /** Nothing waits any more. */
  closed: () => void
}

/** A stream in which something is missing. */
type Gap = { waiting: EventFrame[]; alarm: Alarm; attempt: number }

export class Streams {
  readonly #options: StreamsOptions
  readonly #gaps = new Map<string, Gap>()

  constructor(options: StreamsOptions) {
    this.#options = options
  }

  /** Whether anything waits for something before it. */
  get isWaiting(): boolean {
    return this.#gaps.size > 0
  }

  hear(event: EventFrame): void {
    const { stream } = event
    const seq = this.#options.seqOf(stream)
    if (seq === undefined || event.seq <= seq) return
    if (event.seq > seq + 1) return this.#keep(event)
    this.#options.apply(event)
    this.#drain(stream)
  }

  /** What waits in a stream is of no use any more: what it is about was read, or will be. */
  forget(stream: string): void {
    const gap = this.#gaps.get(stream)
    gap?.alarm.clear()
    if (this.#gaps.delete(stream)) this.#options.closed()
  }

  clear(): void {
    for (const { alarm } of this.#gaps.values()) alarm.clear()
    this.#gaps.clear()
  }

  #keep(event: EventFrame): void {
    const { stream, seq } = event
    let gap = this.#gaps.get(stream)
    if (!gap) {
      gap = { waiting: [], alarm: new Alarm(this.#options.clock), attempt: 0 }
      this.#gaps.set(stream, gap)
      gap.alarm.set(PATIENCE_MS, () => this.#startFill(stream))
    }
    let at = gap.waiting.length
    while ((gap.waiting[at - 1]?.seq ?? 0) > seq) at--
    if (gap.waiting[at - 1]?.seq === seq) return
    gap.waiting.splice(at, 0, event)
    if (gap.waiting.length > WAITING_MAX) this.#lose(stream)
  }

  /** Applies what has become the next. */
  #drain(stream: string): void {
    const gap = this.#gaps.get(stream)
    if (!gap) return
    for (;;) {
      const seq = this.#options.seqOf(stream)
      const next = gap.waiting[0]
      if (!next || seq === undefined) return this.forget(stream)
      if (next.seq > seq + 1) return
      gap.waiting.shift()
      if (next.seq === seq + 1) this.#options.apply(next)
      // What was applied may have ended all that.
      if (this.#gaps.get(stream) !== gap) return
    }
  }

  #lose(stream: string): void {
    this.forget(stream)
    this.#options.lost(stream)
  }

  #startFill(stream: string): void {
    this.#fill(stream).catch(() => undefined)
  }

  async #fill(stream: string): Promise<void> {
    const gap = this.#gaps.get(stream)
    const seq = this.#options.seqOf(stream)
    const next = gap?.waiting[0]
    if (!gap || seq === undefined || !next) return this.forget(stream)
    if (next.seq - seq > GAP_MAX) return this.#lose(stream)
    const to = Math.min(next.seq - 1, seq + FETCH_MAX)
    let found: unknown[] = []
    try {
      found = await this.#options.fetch(stream, seq + 1, to)
    } catch (error) {
      if (this.#gaps.get(stream) !== gap) return
      if (!mayRepeat(error)) return this.#lose(stream)
      return gap.alarm.set(PATIENCE_MS + backoff(this.#options.clock, gap.attempt++), () => this.#startFill(stream))
    }
    for (const event of found) {
      if (this.#gaps.get(stream) !== gap) return
      if (isEvent(event) && event.stream === stream) this.hear(event)
    }
    if (this.#gaps.get(stream) !== gap) return
    // Without progress it would be asked for ever.
    if ((this.#options.seqOf(stream) ?? seq) <= seq) return this.#lose(stream)
    await this.#fill(stream)
  }
}
