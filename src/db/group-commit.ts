// What comes while a commit is under way is written by the next one, all in one transaction. No timer: where nothing is under way
// an item is written at once, and the busier it gets, the more of them share a flush of the disk.
//
// Nobody waits for what somebody else holds: an item whose key (the conversation) is locked goes aside, where a few keys at a
// time may wait, each on a connection of its own. And an item that cannot be written takes no other with it.
import { setTimeout as delay, setImmediate as endOfTurn } from 'node:timers/promises'
import { AppError } from '../contract/errors.js'
import { FairQueue } from '../kit/fair-queue.js'
import { isAboutItsData, isLockTimeout } from './sqlstate.js'

/** Commits under way at once: more would share less, and wait for each other's locks. */
const AT_ONCE = 1
const BATCH_ITEMS = 200
const BATCH_BYTES = 1_048_576
const QUEUE_ITEMS = 10_000
const QUEUE_BYTES = 33_554_432
/** Keys that may wait for a lock at once. */
const ASIDE = 4
/** Of all keys together: who holds a few conversations must not fill the queue for all. */
const ASIDE_ITEMS = 5_000
/** Before what was found locked by a patient write is tried again. */
const RETRY_MS = 100
/** How often it is looked who has waited for too long. */
const SWEEP_MS = 500
/** As long as one waits for a connection. */
const WAIT_MS = 5_000

/** What a writer may say of an item in place of an outcome: it was left alone, for somebody holds its key, or for one before it. */
export type Left = 'locked' | 'again'

export type GroupCommitOptions<Item, Outcome> = {
  /** Writes all of them in one transaction; what became of each, in their order. Only if `patient` it waits for locks. @throws if none was written */
  write: (items: Item[], patient: boolean) => Promise<(Outcome | Left)[]>
  /** What an item waits for, if it is locked. */
  keyOf: (item: Item) => string
  /** Roughly. */
  bytesOf: (item: Item) => number
  /** @throws AppError when it is not worth while to wait for a turn */
  admit?: () => void
  onBatch?: (size: number) => void
}

type Entry<Item, Outcome> = {
  item: Item
  key: string
  bytes: number
  /** The order in which they came. */
  nth: number
  at: number
  /** It has waited for too long, and was told so. */
  isLate: boolean
  resolve: (outcome: Outcome) => void
  reject: (error: unknown) => void
}
/** `isBusy` while some of them are being written. */
type Lane<Item, Outcome> = { entries: Entry<Item, Outcome>[]; isBusy: boolean }
/** Those of a batch that were left alone, and whether for a lock. */
type Rest<Item, Outcome> = { entry: Entry<Item, Outcome>; isLocked: boolean }[]

export class GroupCommit<Item, Outcome extends object> {
  readonly #options: GroupCommitOptions<Item, Outcome>
  readonly #queue = new FairQueue<Entry<Item, Outcome>>()
  /** What is locked, by its key, the longest waiting first. */
  readonly #aside = new Map<string, Lane<Item, Outcome>>()
  /** Those that are not being written, here or aside. */
  readonly #waiting = new Set<Entry<Item, Outcome>>()
  #sweep: NodeJS.Timeout | undefined
  #last = 0
  #count = 0
  #bytes = 0
  #busy = 0
  #busyAside = 0
  #isGathering = false

  constructor(options: GroupCommitOptions<Item, Outcome>) {
    this.#options = options
  }

  /** Items whose outcome is not known yet. */
  get count(): number {
    return this.#count
  }

  /** Resolves once it is committed. @throws AppError overloaded, busy; and what `admit` and `write` throw */
  async add(item: Item): Promise<Outcome> {
    this.#options.admit?.()
    const key = this.#options.keyOf(item)
    const bytes = this.#options.bytesOf(item)
    const lane = this.#aside.get(key)
    if (lane && this.#asideCount() >= ASIDE_ITEMS) throw refusal('busy')
    if (this.#count >= QUEUE_ITEMS || this.#bytes + bytes > QUEUE_BYTES) throw refusal('overloaded')
    this.#count++
    this.#bytes += bytes
    this.#sweep ??= setInterval(() => this.#expire(), SWEEP_MS).unref()
    try {
      return await new Promise<Outcome>((resolve, reject) => {
        const entry = { item, key, bytes, nth: this.#last++, at: performance.now(), isLate: false, resolve, reject }
        this.#waiting.add(entry)
        if (lane) lane.entries.push(entry)
        else this.#queue.push(key, entry)
        this.#gather()
      })
    } finally {
      this.#count--
      this.#bytes -= bytes
    }
  }

  /** What comes in one turn of the event loop goes together. */
  #gather(): void {
    if (this.#isGathering || this.#busy >= AT_ONCE) return
    this.#isGathering = true
    void endOfTurn().then(() => {
      this.#isGathering = false
      this.#next()
    })
  }

  #next(): void {
    while (this.#busy < AT_ONCE && this.#queue.count > 0) {
      const batch = this.#begin(this.#queue.take(room()))
      if (batch.length === 0) continue
      this.#busy++
      void this.#write(batch, false).then((rest) => {
        this.#busy--
        this.#return(rest)
        this.#gather()
      })
    }
  }

  /** From now on they are being written; without those that have been told. */
  #begin(entries: Entry<Item, Outcome>[]): Entry<Item, Outcome>[] {
    for (const entry of entries) this.#waiting.delete(entry)
    return entries.filter(({ isLate }) => !isLate)
  }

  /** Never throws; what was left alone is for the caller to put back. */
  async #write(batch: Entry<Item, Outcome>[], patient: boolean): Promise<Rest<Item, Outcome>> {
    this.#options.onBatch?.(batch.length)
    let outcomes: (Outcome | Left)[]
    try {
      outcomes = await this.#options.write(
        batch.map(({ item }) => item),
        patient,
      )
    } catch (error) {
      return this.#failed(batch, patient, error)
    }
    const rest: Rest<Item, Outcome> = []
    for (const [n, entry] of batch.entries()) {
      const outcome = outcomes[n]
      if (typeof outcome === 'object') entry.resolve(outcome)
      else if (outcome === undefined) entry.reject(new Error('an item was written without an outcome'))
      else rest.push({ entry, isLocked: outcome === 'locked' })
    }
    return rest
  }

  async #failed(batch: Entry<Item, Outcome>[], patient: boolean, error: unknown): Promise<Rest<Item, Outcome>> {
    if (isLockTimeout(error) && !patient) return batch.map((entry) => ({ entry, isLocked: true }))
    if (batch.length > 1 && isAboutItsData(error)) {
      const half = Math.ceil(batch.length / 2)
      const rest = await this.#write(batch.slice(0, half), patient)
      // What comes behind one that was left alone stays behind it.
      const left = new Set(rest.map(({ entry }) => entry.key))
      const [behind, others] = partition(batch.slice(half), ({ key }) => left.has(key))
      if (others.length > 0) rest.push(...(await this.#write(others, patient)))
      return [...rest, ...behind.map((entry) => ({ entry, isLocked: false }))]
    }
    for (const { reject } of batch) reject(error)
    return []
  }

  /** Each to where it was taken from, or aside; those of one key stay in their order. */
  #return(rest: Rest<Item, Outcome>): void {
    for (const { entry, isLocked } of rest) {
      this.#waiting.add(entry)
      // What came meanwhile stays behind it.
      if (isLocked && !this.#aside.has(entry.key))
        this.#aside.set(entry.key, { entries: this.#queue.takeAll(entry.key), isBusy: false })
    }
    for (const { entry } of rest.sort((a, b) => b.entry.nth - a.entry.nth)) {
      const lane = this.#aside.get(entry.key)
      if (lane) lane.entries.unshift(entry)
      else this.#queue.putBack(entry.key, entry)
    }
    this.#nextAside()
  }

  #nextAside(): void {
    for (const [key, lane] of this.#aside) {
      if (this.#busyAside >= ASIDE) return
      if (lane.isBusy) continue
      if (lane.entries.length === 0) this.#aside.delete(key)
      else void this.#writeAside(key, lane)
    }
  }

  async #writeAside(key: string, lane: Lane<Item, Outcome>): Promise<void> {
    this.#busyAside++
    lane.isBusy = true
    const fits = room()
    const end = lane.entries.findIndex((entry, n) => !fits(entry) && n > 0)
    const batch = this.#begin(lane.entries.splice(0, end < 0 ? lane.entries.length : end))
    const rest = batch.length > 0 ? await this.#write(batch, true) : []
    this.#busyAside--
    this.#return(rest)
    // Something smaller than what was waited for is held: it is not asked for all the time.
    if (rest.some(({ isLocked }) => isLocked)) await delay(RETRY_MS, undefined, { ref: false })
    lane.isBusy = false
    // Behind the others that wait.
    this.#aside.delete(key)
    if (lane.entries.length > 0) this.#aside.set(key, lane)
    this.#nextAside()
  }

  #asideCount(): number {
    let count = 0
    for (const { entries } of this.#aside.values()) count += entries.length
    return count
  }

  /** Also while what is being written hangs, nobody waits for longer. */
  #expire(): void {
    const since = performance.now() - WAIT_MS
    for (const entry of this.#waiting) {
      if (entry.at >= since) continue
      entry.isLate = true
      this.#waiting.delete(entry)
      entry.reject(refusal(this.#aside.has(entry.key) ? 'busy' : 'overloaded'))
    }
    if (this.#count > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
  }
}

function partition<T>(items: T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}

/** Whether one more fits into a batch, asked of each in turn. */
function room(): (entry: { bytes: number }) => boolean {
  let [items, all] = [0, 0]
  return ({ bytes }) => {
    items++
    all += bytes
    return items <= BATCH_ITEMS && all <= BATCH_BYTES
  }
}

function refusal(code: 'busy' | 'overloaded'): AppError {
  return new AppError(code, { retry_after_s: 1 })
}
