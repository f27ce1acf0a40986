// What comes while a commit is under way is written by the next one, all in one transaction. No timer: where nothing is under way
// an item is written at once, and the busier it gets, the more of them share a flush of the disk.
//
// Nobody waits for what somebody else holds: an item whose key (the conversation) is locked goes aside, where a few keys at a
// time may wait, each on a connection of its own. And an item that cannot be written takes no other with it.
import { setImmediate as endOfTurn } from 'node:timers/promises'
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
/** Of one key. */
const ASIDE_ITEMS = 5_000
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
  at: number
  resolve: (outcome: Outcome) => void
  reject: (error: unknown) => void
}

/** `isBusy` while some of them are being written. */
type Lane<Item, Outcome> = { entries: Entry<Item, Outcome>[]; isBusy: boolean }

export class GroupCommit<Item, Outcome extends object> {
  readonly #options: GroupCommitOptions<Item, Outcome>
  readonly #queue = new FairQueue<Entry<Item, Outcome>>()
  /** What is locked, by its key, the longest waiting first. */
  readonly #aside = new Map<string, Lane<Item, Outcome>>()
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
    const aside = this.#aside.get(key)
    if (aside && aside.entries.length >= ASIDE_ITEMS) throw refusal('busy')
    if (this.#count >= QUEUE_ITEMS || this.#bytes + bytes > QUEUE_BYTES) throw refusal('overloaded')
    this.#count++
    this.#bytes += bytes
    try {
      return await new Promise<Outcome>((resolve, reject) => {
        const entry = { item, key, bytes, at: performance.now(), resolve, reject }
        if (aside) aside.entries.push(entry)
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
      const batch = this.#takeBatch()
      if (batch.length === 0) continue
      this.#busy++
      void this.#write(batch, false).finally(() => {
        this.#busy--
        this.#gather()
      })
    }
  }

  #takeBatch(): Entry<Item, Outcome>[] {
    const batch = this.#queue.take(room())
    const since = performance.now() - WAIT_MS
    for (const { at, reject } of batch) if (at < since) reject(refusal('overloaded'))
    return batch.filter(({ at }) => at >= since)
  }

  /** Never throws. */
  async #write(batch: Entry<Item, Outcome>[], patient: boolean): Promise<void> {
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
    const left: [Entry<Item, Outcome>, Left][] = []
    for (const [n, entry] of batch.entries()) {
      const outcome = outcomes[n]
      if (typeof outcome === 'object') entry.resolve(outcome)
      else if (outcome === undefined) entry.reject(new Error('an item was written without an outcome'))
      else left.push([entry, outcome])
    }
    this.#return(left)
  }

  async #failed(batch: Entry<Item, Outcome>[], patient: boolean, error: unknown): Promise<void> {
    if (isLockTimeout(error) && !patient) {
      this.#return(batch.map((entry) => [entry, 'locked']))
    } else if (batch.length > 1 && isAboutItsData(error)) {
      const half = Math.ceil(batch.length / 2)
      await this.#write(batch.slice(0, half), patient)
      await this.#write(batch.slice(half), patient)
    } else {
      for (const { reject } of batch) reject(error)
    }
  }

  /** Each to the front of what it was taken from, or aside; those of one key stay in their order. */
  #return(left: [Entry<Item, Outcome>, Left][]): void {
    const byKey = new Map<string, Entry<Item, Outcome>[]>()
    for (const [entry] of left) {
      const own = byKey.get(entry.key)
      if (own) own.push(entry)
      else byKey.set(entry.key, [entry])
    }
    const locked = new Set(left.filter(([, why]) => why === 'locked').map(([entry]) => entry.key))
    for (const [key, entries] of byKey) {
      const lane = this.#aside.get(key)
      if (lane) lane.entries.unshift(...entries)
      // What came meanwhile stays behind them.
      else if (locked.has(key))
        this.#aside.set(key, { entries: [...entries, ...this.#queue.takeAll(key)], isBusy: false })
      else for (const entry of entries.reverse()) this.#queue.putBack(key, entry)
    }
    this.#nextAside()
  }

  #nextAside(): void {
    const since = performance.now() - WAIT_MS
    for (const [key, lane] of this.#aside) {
      if (lane.isBusy) continue
      const late = lane.entries.findIndex(({ at }) => at >= since)
      for (const { reject } of lane.entries.splice(0, late < 0 ? lane.entries.length : late)) reject(refusal('busy'))
      if (lane.entries.length === 0) this.#aside.delete(key)
      else if (this.#busyAside < ASIDE) void this.#writeAside(key, lane)
    }
  }

  async #writeAside(key: string, lane: Lane<Item, Outcome>): Promise<void> {
    this.#busyAside++
    lane.isBusy = true
    const fits = room()
    const end = lane.entries.findIndex((entry, n) => !fits(entry) && n > 0)
    await this.#write(lane.entries.splice(0, end < 0 ? lane.entries.length : end), true)
    lane.isBusy = false
    this.#busyAside--
    // Behind the others that wait.
    this.#aside.delete(key)
    if (lane.entries.length > 0) this.#aside.set(key, lane)
    this.#nextAside()
  }
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
