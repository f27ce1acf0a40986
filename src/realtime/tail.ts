// The tail: reads the log once for the whole node and hands each event out once, in the order of its stream.
//
// Ids become visible out of order, so "after the head" alone would lose events: what was skipped stays a hole until it
// shows up or can no longer come. `safe` is the id below which nothing can appear any more, and never lies beyond an event
// that is not yet in the sockets' queues. A seq that is not the stream's next is an alarm: what lies between is read from
// the log before anything later of that stream goes out.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isReadOnly } from '../db/sqlstate.js'
import { Bell } from '../kit/bell.js'
import type { Logger, Metrics } from '../observe.js'
import { Holes } from './holes.js'
import { HEAD_LIMIT, HOLES_LIMIT, type Log, type LogEvent, type LogRead } from './log.js'

const FENCE_EACH_MS = 200
const SAVE_EACH_MS = 10_000
/** A quarter of the smallest queue of a socket. */
const TURN_CHARACTERS = 65_536
const RETRY_MAX_MS = 1_000
/** Streams whose last seq is remembered; the longest silent one is forgotten first. */
const STREAMS_MAX = 200_000

export type TailOptions = {
  openLog: () => Promise<Log>
  /** Puts the event into the queues of those who hear it. Must not wait. */
  onEvent: (event: LogEvent) => void
  /** From now on every event above this id is handed out; what was handed out before counts no more from this turn on. */
  onBegin: (safe: number) => Promise<void> | void
  /** The database is another one than before: what sockets have heard may not be in it. */
  onNewEpoch: () => void
  /** How long to wait for the bell before looking anyway. */
  pollMs: () => number
  logger: Logger
  metrics: Metrics
}

export class Tail {
  readonly #options: TailOptions
  readonly #bell = new Bell()
  readonly #holes = new Holes()
  readonly #lastSeq = new Map<string, number>()
  #log: Log | undefined
  #epoch: string | undefined
  #epochIsCurrent = false
  #head = 0
  #readAt = 0
  #fencedAt = 0
  #savedAt = 0
  #stopped = false
  #loop: Promise<void> | undefined

  constructor(options: TailOptions) {
    this.#options = options
  }

  get safe(): number {
    return this.#holes.safe(this.#head)
  }

  /** Which history of the database this is; empty before the first read. */
  get epoch(): string {
    return this.#epoch ?? ''
  }

  /** Milliseconds since the log was last read. */
  get lagMs(): number {
    return Date.now() - this.#readAt
  }

  wake(): void {
    this.#bell.ring()
  }

  /** The listener was away: whatever happened meanwhile, the epoch is read before the next event. */
  reconnected(): void {
    this.#epochIsCurrent = false
    this.wake()
  }

  /** Somebody has heard of an id that this database has never reached: it is an older copy. */
  async raiseEpoch(id: number): Promise<void> {
    if (this.#epoch === undefined) return
    await this.#log?.readState(this.#epoch, id)
    this.reconnected()
  }

  /** Resolves after the first read: from then on the node delivers. */
  async start(): Promise<void> {
    await this.#step(await this.#connect())
    this.#loop = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.wake()
    await this.#loop
    if (this.#epoch !== undefined) await this.#log?.savePosition(this.#epoch, this.safe).catch(() => undefined)
    await this.#log?.close()
  }

  async #run(): Promise<void> {
    let failures = 0
    while (!this.#stopped) {
      try {
        const log = await this.#connect()
        const more = await this.#step(log)
        failures = 0
        if (!more)
          await this.#bell.wait(
            this.#holes.count > 0 ? Math.min(FENCE_EACH_MS, this.#options.pollMs()) : this.#options.pollMs(),
          )
      } catch (error) {
        if (this.#stopped) return
        this.#options.metrics.tailErrors.inc()
        this.#options.logger.warn({ err: error }, 'the tail could not read the log')
        await this.#log?.close()
        await this.#bell.wait(Math.min(50 * 2 ** failures++, RETRY_MAX_MS))
      }
    }
  }

  /** A connection whose epoch was read before anything else. */
  async #connect(): Promise<Log> {
    if (!this.#log || this.#log.ended) {
      this.#log = await this.#options.openLog()
      this.#epochIsCurrent = false
    }
    if (!this.#epochIsCurrent) {
      this.#epochIsCurrent = true
      await this.#readEpoch(this.#log)
    }
    return this.#log
  }

  async #readEpoch(log: Log): Promise<void> {
    const state = await log.readState(this.#epoch, this.#head)
    if (state.epoch === this.#epoch) return
    const first = this.#epoch === undefined
    this.#epoch = state.epoch
    this.#head = state.safe
    this.#holes.clear()
    this.#lastSeq.clear()
    const begun = this.#options.onBegin(this.#head)
    if (!first) {
      this.#options.logger.warn({ epoch: state.epoch }, 'the database has another history than before')
      // In this turn: a checkpoint of the new epoch must not reach anybody who holds the former history.
      this.#options.onNewEpoch()
    }
    await begun
  }

  /** One read. True when there is more to read at once. */
  async #step(log: Log): Promise<boolean> {
    const read = await log.read(this.#head, this.#holes.bounds)
    const more = await this.#take(log, read)
    this.#readAt = Date.now()
    if (this.#holes.unfenced && this.#readAt - this.#fencedAt >= FENCE_EACH_MS) {
      this.#holes.fence(await log.takeFence())
      this.#fencedAt = this.#readAt
    }
    if (this.#epoch !== undefined && this.#readAt - this.#savedAt >= SAVE_EACH_MS) {
      // Refused when the epoch was raised elsewhere: then it is read again.
      if (!(await this.#save(log, this.#epoch))) this.reconnected()
      this.#savedAt = this.#readAt
    }
    this.#measure()
    return more
  }

  /** Where nothing can be written, there is still something to be read. */
  #save(log: Log, epoch: string): Promise<boolean> {
    return log.savePosition(epoch, this.safe).catch((error) => {
      if (isReadOnly(error)) return true
      throw error
    })
  }

  async #take(log: Log, { events, xmin }: LogRead): Promise<boolean> {
    const late = events.filter((event) => event.id <= this.#head)
    if (late.length >= HOLES_LIMIT) {
      // A huge transaction became visible and the branch was cut off: its rows alone, and no hole may be dropped.
      await this.#dispatchAll(log, late)
      for (const event of late) this.#holes.cut(event.id)
      return true
    }
    // Handed out before anything is noted: if that fails, the same rows are read again, and come twice only by their seq.
    await this.#dispatchAll(log, events)
    for (const event of late) this.#holes.cut(event.id)
    this.#holes.drop(xmin)
    for (const event of events.slice(late.length)) {
      this.#holes.open(this.#head + 1, event.id - 1)
      this.#head = event.id
    }
    return events.length - late.length >= HEAD_LIMIT
  }

  async #dispatchAll(log: Log, events: LogEvent[]): Promise<void> {
    let turn = 0
    for (const event of events) {
      const last = this.#lastSeq.get(event.stream_id)
      if (last !== undefined && event.seq > last + 1) await this.#fill(log, event, last)
      this.#dispatch(event)
      // What is handed out in one turn leaves each socket in one write; a burst takes several, so that queues can drain.
      turn += event.data.length
      if (turn > TURN_CHARACTERS) {
        turn = 0
        await nextTurn()
      }
    }
  }

  async #fill(log: Log, event: LogEvent, last: number): Promise<void> {
    this.#options.metrics.tailGaps.inc()
    this.#options.logger.error(
      { stream: event.stream_id, last, seq: event.seq },
      'a stream has a gap: reading it from the log',
    )
    for (let from = last + 1; from < event.seq; from += HEAD_LIMIT) {
      const missing = await log.readStream(event.stream_id, from, Math.min(from + HEAD_LIMIT, event.seq) - 1)
      if (missing.length === 0) return
      for (const one of missing) this.#dispatch(one)
    }
  }

  #dispatch(event: LogEvent): void {
    const last = this.#lastSeq.get(event.stream_id)
    if (last !== undefined && event.seq <= last) return
    // Set anew, so that the map is in order of use.
    this.#lastSeq.delete(event.stream_id)
    this.#lastSeq.set(event.stream_id, event.seq)
    if (this.#lastSeq.size > STREAMS_MAX) {
      for (const oldest of this.#lastSeq.keys()) {
        this.#lastSeq.delete(oldest)
        break
      }
    }
    try {
      this.#options.onEvent(event)
    } catch (error) {
      // One event that cannot be handed out must not stop all that come after it.
      this.#options.metrics.tailPoison.inc()
      this.#options.logger.error({ err: error, event: event.id, type: event.type }, 'an event could not be handed out')
    }
    this.#options.metrics.tailEvents.inc()
  }

  #measure(): void {
    const { metrics } = this.#options
    metrics.tailReads.inc()
    metrics.tailHead.set(this.#head)
    metrics.tailSafe.set(this.safe)
    metrics.tailHoles.set(this.#holes.count)
  }
}
