// How a client comes to hold what the server has, and goes on holding it: it loads everything, or is told what it missed; then
// events keep it up to date. A resume token is kept only once everything before it is in the state, together with the state.
import type { Call } from './call.js'
import { Alarm, backoff, type Clock } from './clock.js'
import { pauseOf } from './failure.js'
import { EVERYTHING, ME } from './own-rules.js'
import { Reader } from './reader.js'
import { Repairs } from './repairs.js'
import { fits, isEvent, isObject, type Loose } from './shapes.js'
import type { State } from './state.js'
import type { Keeper } from './storage.js'
import { Streams } from './streams.js'
import type { EventFrame } from './types.js'

/** Events that may come during a load; after more it begins anew. */
const KEPT_MAX = 5_000
/** Whoever has been live for so long loads at once; before, a load waits longer each time. */
const SETTLED_MS = 10_000

export type SyncOptions = {
  call: Call
  fetch: (stream: string, from_seq: number, to_seq: number) => Promise<unknown[]>
  state: State
  keeper: Keeper
  clock: Clock
  userId: () => string | undefined
  /** Everything missed is being told or loaded. */
  onCatchingUp: () => void
  /** The state is what the server has. */
  onLive: () => void
  /** It has been applied. */
  onEvent: (event: EventFrame) => void
  onError: (error: unknown) => void
  /** What was loaded belongs to somebody else. */
  onStranger: () => void
}

export class Sync {
  readonly #options: SyncOptions
  readonly #reader: Reader
  readonly #streams: Streams
  readonly #repairs: Repairs
  readonly #alarm: Alarm
  /** All before it has been applied. Without it everything has to be loaded. */
  #resume: string | undefined
  /** The newest one, as long as something before it is still to be read. */
  #offered: string | undefined
  /** Of a conversation that came with a joining: up to which event it was told, and which ones it held already. */
  readonly #untold = new Map<string, { told: number; until: number }>()
  #isLoading = false
  #isLive = false
  #kept: EventFrame[] = []
  /** Counts loads and what ends them: an answer to a former one is passed over. */
  #turn = 0
  #loads = 0
  #liveAt: number | undefined

  constructor(options: SyncOptions) {
    const { clock, state } = options
    this.#options = options
    this.#alarm = new Alarm(clock)
    this.#reader = new Reader({ call: options.call, state, hear: (event) => this.#hear(event) })
    const settle = () => this.#settle()
    this.#repairs = new Repairs({
      clock,
      read: (key) => this.#reader.read(key, (id) => this.#repairs.need(id)),
      hear: (event) => this.#hear(event),
      onError: options.onError,
      done: settle,
    })
    this.#streams = new Streams({
      clock,
      seqOf: (stream) => state.seqOf(stream),
      apply: (event) => this.#apply(event),
      fetch: options.fetch,
      lost: (stream) => this.#need(stream),
      closed: settle,
    })
  }

  /** Where to resume, if that is possible. */
  get resume(): string | undefined {
    return this.#resume
  }

  get reader(): Reader {
    return this.#reader
  }

  /** What a storage had, if it is whole. */
  restore(kept: ReadonlyMap<string, unknown>): void {
    const resume = kept.get('resume')
    if (this.#options.state.restore(kept) && typeof resume === 'string') this.#resume = resume
  }

  /** A socket is there; `isResuming`: it was opened with the token. */
  hello(isResuming: boolean): void {
    if (isResuming) this.#options.onCatchingUp()
    else this.#load()
  }

  /** The socket is gone. What is being read goes on; a load begins again with the next socket. */
  down(): void {
    this.#turn++
    this.#isLoading = this.#isLive = false
    this.#alarm.clear()
    this.#streams.clear()
    this.#kept = []
    // What waited was not applied, and comes again after the token of before it.
    this.#offered = undefined
  }

  /** Nothing goes on after it. */
  stop(): void {
    this.down()
    // What was to be read again is known nowhere else.
    if (this.#repairs.isBusy) this.#resume = undefined
    this.#repairs.clear()
    this.#loads = 0
  }

  /** Nothing is known any more. */
  clear(): void {
    this.stop()
    this.#resume = undefined
    this.#untold.clear()
  }

  /** @returns false if this is no frame that the server sends */
  frame(frame: Loose): boolean {
    const { type, data } = frame
    switch (type) {
      case 'resync':
        this.#load()
        return true
      case 'resumed':
        return this.#resumed(data)
      case 'checkpoint': {
        const isToken = isObject(data) && typeof data.resume === 'string' && data.resume !== ''
        if (isToken && this.#isLive) {
          this.#offered = data.resume as string
          this.#settle()
        }
        return isToken
      }
      default:
        if (!isEvent(frame)) return false
        this.#hear(frame)
        return true
    }
  }

  #resumed(data: unknown): boolean {
    const limited = isObject(data) && Array.isArray(data.limited) ? data.limited : [undefined]
    const isClear = limited.every((id) => typeof id === 'string' && id !== this.#options.state.me?.id)
    // What was left out cannot be read alone, or is not among what is loaded just now.
    if (!isClear || (this.#isLoading && limited.length > 0)) this.#load()
    else for (const id of limited) this.#need(id)
    if (!this.#isLoading) this.#goLive()
    return isClear
  }

  #hear(event: EventFrame): void {
    const { state } = this.#options
    if (this.#isLoading) {
      if (this.#kept.push(event) > KEPT_MAX) this.#load()
    } else if (!this.#repairs.keep(event)) {
      if (state.seqOf(event.stream) !== undefined) {
        this.#tell(event)
        this.#streams.hear(event)
      } else {
        this.#reader.note(event)
        // An archived conversation that comes back by it, or one that moved from page to page while all were loaded.
        if (event.type === 'message.created') this.#need(event.stream)
      }
    }
  }

  /** What a joining has brought with it is nothing new to the state, but to whoever listens. */
  #tell(event: EventFrame): void {
    const untold = this.#untold.get(event.stream)
    if (!untold || event.seq <= untold.told) return
    if (event.seq <= untold.until) this.#options.onEvent(event)
    untold.told = event.seq
    if (untold.told >= untold.until) this.#untold.delete(event.stream)
  }

  #apply(event: EventFrame): void {
    const { state, onEvent } = this.#options
    if (event.stream === state.me?.id) this.#reader.note(event)
    const joining = joiningOf(event)
    const before = joining && state.seqOf(joining.id)
    const needed = state.apply(event)
    if (joining && (before ?? 0) < joining.seq) {
      const until = state.seqOf(joining.id) ?? 0
      if (until > joining.seq) this.#untold.set(joining.id, { told: joining.seq, until })
    }
    for (const key of needed) this.#need(key)
    // What could not be made sense of is not told.
    if (!needed.includes(event.stream) && !needed.includes(EVERYTHING)) onEvent(event)
  }

  #need(key: string): void {
    if (key === EVERYTHING || (key !== ME && key === this.#options.state.me?.id)) return this.#load()
    this.#repairs.need(key)
    this.#streams.forget(key)
  }

  #load(): void {
    const { clock, onCatchingUp } = this.#options
    const turn = ++this.#turn
    if (this.#liveAt !== undefined && clock.now() - this.#liveAt >= SETTLED_MS) this.#loads = 0
    this.#isLoading = true
    this.#isLive = false
    this.#liveAt = this.#resume = this.#offered = undefined
    this.#kept = []
    this.#untold.clear()
    this.#repairs.clear()
    this.#streams.clear()
    onCatchingUp()
    // Whoever was told may have stopped it.
    if (turn !== this.#turn) return
    this.#try(turn, this.#loads > 0 ? backoff(clock, this.#loads - 1) : 0)
  }

  #try(turn: number, wait_ms: number): void {
    this.#loads++
    this.#alarm.set(wait_ms, () => {
      // What was heard before is in what is read.
      this.#kept = []
      this.#everything(turn).catch((error) => {
        if (turn !== this.#turn) return
        this.#options.onError(error)
        this.#try(turn, pauseOf(error) + backoff(this.#options.clock, this.#loads))
      })
    })
  }

  async #everything(turn: number): Promise<void> {
    const { state, userId, onStranger } = this.#options
    const loaded = await this.#reader.everything(() => turn === this.#turn)
    if (!loaded || turn !== this.#turn) return
    const { me, seq, conversations, resume } = loaded
    if (me.id !== userId()) return onStranger()
    this.#isLoading = false
    for (const id of state.replace(me, seq, conversations)) this.#need(id)
    this.#offered = resume
    const kept = this.#kept
    this.#kept = []
    for (const event of kept) if (turn === this.#turn) this.#hear(event)
    if (turn === this.#turn) this.#goLive()
  }

  #goLive(): void {
    this.#isLive = true
    this.#liveAt ??= this.#options.clock.now()
    this.#settle()
    this.#options.onLive()
  }

  #settle(): void {
    if (this.#offered === undefined || this.#isLoading || this.#repairs.isBusy || this.#streams.isWaiting) return
    const { state, keeper } = this.#options
    this.#resume = this.#offered
    this.#offered = undefined
    state.save(keeper)
    keeper.set('resume', this.#resume)
    keeper.save().catch(() => undefined)
  }
}

function joiningOf({ type, data }: EventFrame): { id: string; seq: number } | undefined {
  if (type !== 'conversation.joined' || !fits(data, { conversation_id: 'text', seq: 'count' })) return undefined
  return { id: data.conversation_id as string, seq: data.seq as number }
}
