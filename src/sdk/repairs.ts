// What events could not keep up to date is read again: one reading at a time of each thing, a few at a time in all, again and again
// until it succeeds. Events that come meanwhile are applied after it.
import { Alarm, backoff, type Clock } from './clock.js'
import type { EventFrame } from './types.js'

const AT_ONCE = 4
const KEPT_MAX = 256
/** What is needed again so soon waits: a server that makes it needed each time must not be asked without end. */
const SOON_MS = 10_000
const RECENT_MAX = 100

type Repair = {
  isReady: boolean
  isRunning: boolean
  /** Something more was lost while it was read. */
  again: boolean
  kept: EventFrame[]
  attempt: number
  alarm: Alarm
}

export type RepairsOptions = {
  clock: Clock
  /** @returns what puts the result in place. Rejects if it has to be tried again */
  read: (key: string) => Promise<() => void>
  /** An event that came while its stream was read. */
  hear: (event: EventFrame) => void
  onError: (error: unknown) => void
  /** One is done. */
  done: () => void
}

export class Repairs {
  readonly #options: RepairsOptions
  readonly #all = new Map<string, Repair>()
  readonly #recent = new Map<string, { at: number; times: number }>()
  #running = 0

  constructor(options: RepairsOptions) {
    this.#options = options
  }

  get isBusy(): boolean {
    return this.#all.size > 0
  }

  need(key: string): void {
    const known = this.#all.get(key)
    if (known) {
      known.again ||= known.isRunning
      return
    }
    const { clock } = this.#options
    const repair: Repair = {
      isReady: true,
      isRunning: false,
      again: false,
      kept: [],
      attempt: this.#count(key),
      alarm: new Alarm(clock),
    }
    this.#all.set(key, repair)
    if (repair.attempt > 0) this.#later(repair)
    this.#next()
  }

  /** @returns whether the event is looked after here, because its stream is about to be read */
  keep(event: EventFrame): boolean {
    const repair = this.#all.get(event.stream)
    if (!repair) return false
    // What was heard before the reading begins is in what is read.
    if (repair.isRunning && repair.kept.push(event) > KEPT_MAX) {
      repair.kept = []
      repair.again = true
    }
    return true
  }

  clear(): void {
    for (const { alarm } of this.#all.values()) alarm.clear()
    this.#all.clear()
    this.#recent.clear()
  }

  /** How often it was needed in a row. */
  #count(key: string): number {
    const now = this.#options.clock.now()
    const before = this.#recent.get(key)
    const times = before && now - before.at < SOON_MS ? before.times + 1 : 0
    this.#recent.delete(key)
    this.#recent.set(key, { at: now, times })
    const [oldest] = this.#recent.keys()
    if (this.#recent.size > RECENT_MAX && oldest !== undefined) this.#recent.delete(oldest)
    return times
  }

  #later(repair: Repair): void {
    repair.isReady = false
    repair.alarm.set(backoff(this.#options.clock, repair.attempt++), () => {
      repair.isReady = true
      this.#next()
    })
  }

  #next(): void {
    for (const [key, repair] of this.#all) {
      if (this.#running >= AT_ONCE) return
      if (repair.isReady && !repair.isRunning) this.#run(key, repair).catch(this.#options.onError)
    }
  }

  async #run(key: string, repair: Repair): Promise<void> {
    Object.assign(repair, { isRunning: true, again: false, kept: [] })
    this.#running++
    let putInPlace: (() => void) | undefined
    let failure: unknown
    try {
      putInPlace = await this.#options.read(key)
    } catch (error) {
      failure = error
    }
    this.#running--
    repair.isRunning = false
    const isWanted = this.#all.get(key) === repair
    if (isWanted && failure !== undefined) this.#options.onError(failure)
    if (isWanted && (!putInPlace || repair.again)) this.#later(repair)
    else if (isWanted && putInPlace) {
      this.#all.delete(key)
      putInPlace()
      for (const event of repair.kept) this.#options.hear(event)
      this.#options.done()
    }
    this.#next()
  }
}
