// A stretch of one conversation without a gap: any place of it, or its end. The end is what the SDK keeps up to date; what is
// further back is read here, and followed by the same events. It is bounded: what is far from where one reads goes, and comes again.
import type { EventFrame, Message, Messages, Timeline, Unsent } from '../../src/sdk/client.js'
import { client } from './client.js'
import { oncePerFrame } from './frames.js'
import { alter, type Change, changeOf, isStored } from './history-changes.js'

const PAGE = 50
const AROUND = 100
/** Further back than the SDK's own. */
const KEPT_MAX = 1_000

type Where = { before?: number; after?: number; around?: number; limit?: number }

export class History {
  readonly #timeline: Timeline
  readonly #onChange: () => void
  /** For what comes by itself: nobody waits for that in the same turn. */
  readonly #onNews: () => void
  /** Read here. */
  #older: readonly Message[] = []
  /** What the timeline had last. */
  #newest: readonly Message[]
  /** Whether what the timeline has follows `older`. */
  #isJoined = true
  /** As the last page has said; undefined until there was one. */
  #hasBefore: boolean | undefined
  #notes = new Set<Change[]>()
  #messages: readonly (Message | Unsent)[] | undefined
  isOver = false
  readonly #stop: () => void

  constructor(timeline: Timeline, onChange: () => void) {
    this.#timeline = timeline
    this.#onChange = onChange
    this.#onNews = oncePerFrame(() => this.isOver || onChange())
    this.#newest = timeline.messages.filter(isStored)
    const stops = [timeline.on('change', () => this.#follow()), client.on('event', (event) => this.#hear(event))]
    this.#stop = () => {
      for (const stop of stops) stop()
    }
  }

  /** In ascending order; at the end what is unsent. Another array after each change. */
  get messages(): readonly (Message | Unsent)[] {
    this.#messages ??= this.#isJoined ? [...this.#older, ...this.#timeline.messages] : this.#older
    return this.#messages
  }

  get hasOlder(): boolean {
    const first = this.#first
    if (first === undefined) return false
    return this.#hasBefore ?? (first > 1 && this.#mayHaveOlder)
  }

  /** Whether there is more after it: the end is somewhere else. */
  get hasNewer(): boolean {
    return !this.#isJoined
  }

  has(number: number): boolean {
    const first = this.#first
    return first !== undefined && first <= number && (this.#isJoined || number <= (this.#older.at(-1)?.number ?? 0))
  }

  /** @throws EarshotError */
  async loadOlder(): Promise<void> {
    const first = this.#first
    if (first === undefined || !this.hasOlder) return
    const page = await this.#read({ before: first })
    // Meanwhile it was taken to another place.
    if (this.#first !== first) return
    this.#older = [...page.data, ...this.#older]
    this.#hasBefore = page.has_before
    const all = this.#isJoined ? [...this.#older, ...this.#newest] : this.#older
    if (this.#older.length > KEPT_MAX) {
      this.#older = all.slice(0, KEPT_MAX)
      this.#isJoined = false
    }
    this.#changed()
  }

  /** @throws EarshotError */
  async loadNewer(): Promise<void> {
    const last = this.#older.at(-1)?.number
    if (this.#isJoined) return
    if (last === undefined) return this.toEnd()
    const page = await this.#read({ after: last })
    if (this.#isJoined || this.#older.at(-1)?.number !== last) return
    const all = [...this.#older, ...page.data]
    if (all.length > KEPT_MAX) this.#hasBefore = true
    this.#older = all.slice(-KEPT_MAX)
    this.#join(page.has_after)
    this.#changed()
  }

  /** To where this message is, or was. @throws EarshotError */
  async to(number: number): Promise<void> {
    if (this.has(number)) return
    const page = await this.#read({ around: number, limit: AROUND })
    if (this.isOver) return
    this.#older = page.data
    this.#hasBefore = page.has_before
    this.#isJoined = false
    this.#join(page.has_after)
    this.#changed()
  }

  toEnd(): void {
    if (this.#isJoined && this.#older.length === 0) return
    this.#older = []
    this.#isJoined = true
    this.#hasBefore = undefined
    this.#changed()
  }

  /** After a time in which nothing was heard; `near` is the number at which one reads. @throws EarshotError */
  async refresh(near: number | undefined): Promise<void> {
    if (this.#older.length === 0) return
    if (this.#isJoined && (near ?? Number.POSITIVE_INFINITY) >= (this.#newest[0]?.number ?? 0)) return this.toEnd()
    const page = await this.#read({ around: near ?? this.#older.at(-1)?.number ?? 1, limit: AROUND })
    if (this.isOver) return
    this.#older = page.data
    this.#hasBefore = page.has_before
    this.#isJoined = false
    this.#join(page.has_after)
    this.#changed()
  }

  close(): void {
    this.isOver = true
    this.#stop()
  }

  get #first(): number | undefined {
    return this.#older[0]?.number ?? (this.#isJoined ? this.#newest[0]?.number : undefined)
  }

  /** The SDK says that there is no more also when it would keep no more. */
  get #mayHaveOlder(): boolean {
    return this.#timeline.hasOlder || this.#newest.length >= KEPT_MAX
  }

  #join(hasAfter: boolean): void {
    const first = this.#newest[0]?.number
    const last = this.#older.at(-1)?.number ?? 0
    if (hasAfter && (first === undefined || last < first - 1)) return
    this.#isJoined = true
    if (first !== undefined) this.#older = this.#older.filter(({ number }) => number < first)
  }

  /** The timeline shows something else. What has left its beginning is kept here, unless there is a gap now. */
  #follow(): void {
    const before = this.#newest
    const now = this.#timeline.messages.filter(isStored)
    this.#newest = now
    const first = now[0]?.number
    if (this.#isJoined && first !== undefined && this.#older.length > 0) {
      const left = before.filter(({ number }) => number < first)
      const last = (before.at(-1) ?? this.#older.at(-1))?.number ?? 0
      this.#older = [...this.#older.filter(({ number }) => number < first), ...left].slice(-KEPT_MAX)
      // Too much came while nobody heard: what lies between is read when it is wanted.
      if (last < first - 1 && this.#older.length > 0) this.#isJoined = false
    }
    this.#messages = undefined
    this.#onNews()
  }

  #hear(event: EventFrame): void {
    const change = changeOf(event, this.#timeline.conversation_id)
    if (!change) return
    for (const notes of this.#notes) notes.push(change)
    const older = alter(this.#older, change)
    // Or what was taken away would seem to have left the beginning.
    this.#newest = alter(this.#newest, change)
    if (older === this.#older) return
    this.#older = older
    this.#changed()
  }

  /** With what was heard while it was on its way. */
  async #read({ limit = PAGE, ...where }: Where): Promise<Messages> {
    const notes: Change[] = []
    this.#notes.add(notes)
    try {
      const path = { id: this.#timeline.conversation_id }
      const page = await client.call('GET /conversations/{id}/messages', { path, query: { limit, ...where } })
      return { ...page, data: [...notes.reduce<readonly Message[]>(alter, page.data)] }
    } finally {
      this.#notes.delete(notes)
    }
  }

  #changed(): void {
    this.#messages = undefined
    if (!this.isOver) this.#onChange()
  }
}
