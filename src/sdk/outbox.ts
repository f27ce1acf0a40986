// Unsent messages: sent one after the other in the order in which they were written, kept until the server has them, also over a
// restart. The client_id makes a repetition harmless: the server answers with the message that it has.
import { EarshotError } from './call.js'
import { Alarm, backoff, type Clock } from './clock.js'
import { codeOf, failure, mayRepeat, pauseOf } from './failure.js'
import { fits, isMessage } from './shapes.js'
import type { Keeper } from './storage.js'
import type { Commands, Message, SendMessage } from './types.js'

export const OUTBOX_MAX = 500
const PREFIX = 'outbox:'

/** A message that the server does not have yet, or has refused. */
export interface Unsent {
  client_id: string
  conversation_id: string
  content: string
  attachment_ids?: string[]
  reply_to_id?: string
  metadata?: Record<string, unknown>
  /** By the clock of this device. */
  created_at: string
  /** `failed`: refused for good; it waits for retry() or discard(). */
  state: 'waiting' | 'failed'
  error?: { code: string; detail: string }
}

/** What a message may have beside its text. */
export type More = Omit<SendMessage, 'content'>

type Entry = {
  unsent: Unsent
  order: number
  promise?: Promise<Message>
  resolve?: (message: Message) => void
  reject?: (error: unknown) => void
}

export type OutboxOptions = {
  send: (message: Commands['message.send']) => Promise<unknown>
  keeper: Keeper
  clock: Clock
  onChange: (conversationId: string) => void
  /** The server has it, and its event may not have come yet. */
  onStored: (message: Message) => void
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #alarm: Alarm
  /** In their order. */
  readonly #entries = new Map<string, Entry>()
  #list: readonly Unsent[] | undefined
  #inFlight: Entry | undefined
  #isLive = false
  #attempt = 0

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.clock)
  }

  get list(): readonly Unsent[] {
    this.#list ??= [...this.#entries.values()].map(({ unsent }) => unsent)
    return this.#list
  }

  /** Resolves once the server has it; rejects once it is refused for good, or discarded. */
  add(conversation_id: string, content: string, { client_id = createId(), ...more }: More): Promise<Message> {
    const known = this.#entries.get(client_id)
    if (known) {
      const again = promiseOf(known)
      this.retry(client_id)
      return again
    }
    if (this.#entries.size >= OUTBOX_MAX) {
      const detail = `There are ${OUTBOX_MAX} unsent messages already`
      return Promise.reject(failure('outbox.full', detail))
    }
    const created_at = new Date(this.#options.clock.now()).toISOString()
    const unsent: Unsent = { ...more, client_id, conversation_id, content, created_at, state: 'waiting' }
    const order = Math.max(0, ...[...this.#entries.values()].map((entry) => entry.order)) + 1
    const entry: Entry = { unsent, order }
    const promise = promiseOf(entry)
    this.#entries.set(client_id, entry)
    this.#changed(entry)
    this.#pump()
    return promise
  }

  /** Tries a failed one again, in the place that it had. */
  retry(clientId: string): void {
    const entry = this.#entries.get(clientId)
    if (entry?.unsent.state !== 'failed') return
    const { error: _, ...unsent } = entry.unsent
    entry.unsent = { ...unsent, state: 'waiting' }
    this.#changed(entry)
    this.#pump()
  }

  /** Gives one up. If it is on its way, it may be stored all the same. */
  discard(clientId: string): void {
    const entry = this.#remove(clientId)
    entry?.reject?.(failure('aborted', 'It was discarded'))
  }

  /** The server has it: by its reply, or by its event. */
  stored(message: Message): void {
    if (message.client_id !== null) this.#remove(message.client_id)?.resolve?.(message)
  }

  goLive(): void {
    this.#isLive = true
    this.#pump()
  }

  /** The socket is gone: what was on its way is sent again over the next one. */
  down(): void {
    this.#isLive = false
    this.#alarm.clear()
  }

  restore(kept: ReadonlyMap<string, unknown>): void {
    const found: Entry[] = []
    for (const [name, value] of kept) {
      if (!name.startsWith(PREFIX) || !fits(value, { order: 'count', unsent: 'object' })) continue
      const isWhole = fits(value.unsent, {
        client_id: 'text',
        conversation_id: 'text',
        content: 'text',
        created_at: 'text',
        state: 'text',
      })
      if (isWhole) found.push({ unsent: value.unsent as unknown as Unsent, order: value.order as number })
    }
    // What was written before the storage was read comes after what it had.
    const newer = [...this.#entries.values()]
    this.#entries.clear()
    for (const entry of found.sort((a, b) => a.order - b.order)) this.#entries.set(entry.unsent.client_id, entry)
    for (const entry of newer) {
      entry.order += found.at(-1)?.order ?? 0
      this.#entries.set(entry.unsent.client_id, entry)
      this.#changed(entry)
    }
    this.#list = undefined
  }

  /** Forgets all, without a word to the storage. */
  clear(): void {
    this.down()
    const error = failure('aborted', 'Signed out')
    for (const entry of this.#entries.values()) entry.reject?.(error)
    this.#entries.clear()
    this.#list = this.#inFlight = undefined
  }

  #pump(): void {
    if (!this.#isLive || this.#inFlight || this.#alarm.isSet) return
    const next = [...this.#entries.values()].find(({ unsent }) => unsent.state === 'waiting')
    if (next) this.#send(next).catch(() => undefined)
  }

  async #send(entry: Entry): Promise<void> {
    this.#inFlight = entry
    const { client_id, conversation_id } = entry.unsent
    try {
      const { created_at: _, state: __, error: ___, ...message } = entry.unsent
      const stored = await this.#options.send(message)
      this.#attempt = 0
      if (this.#entries.get(client_id) === entry) this.#accept(entry, stored)
      else if (isMessage(stored, conversation_id)) this.#options.onStored(stored)
    } catch (error) {
      if (this.#entries.get(client_id) === entry) this.#refused(entry, error)
    } finally {
      if (this.#inFlight === entry) this.#inFlight = undefined
      this.#pump()
    }
  }

  #accept(entry: Entry, stored: unknown): void {
    this.#remove(entry.unsent.client_id)
    if (isMessage(stored, entry.unsent.conversation_id)) this.#options.onStored(stored)
    entry.resolve?.(stored as Message)
  }

  #refused(entry: Entry, error: unknown): void {
    if (mayRepeat(error)) {
      if (this.#isLive)
        this.#alarm.set(pauseOf(error) || backoff(this.#options.clock, this.#attempt++), () => this.#pump())
      return
    }
    const code = codeOf(error) ?? 'unexpected'
    const detail = error instanceof EarshotError ? error.detail : String(error)
    entry.unsent = { ...entry.unsent, state: 'failed', error: { code, detail } }
    this.#changed(entry)
    entry.reject?.(error)
    // Whoever tries it again waits for another answer.
    delete entry.promise
  }

  #remove(clientId: string): Entry | undefined {
    const entry = this.#entries.get(clientId)
    if (!entry) return undefined
    this.#entries.delete(clientId)
    this.#changed(entry, true)
    return entry
  }

  #changed({ unsent, order }: Entry, isRemoved = false): void {
    this.#list = undefined
    const { keeper, onChange } = this.#options
    keeper.set(PREFIX + unsent.client_id, isRemoved ? undefined : { unsent, order })
    keeper.save().catch(() => undefined)
    onChange(unsent.conversation_id)
  }
}

function promiseOf(entry: Entry): Promise<Message> {
  entry.promise ??= new Promise<Message>((resolve, reject) => Object.assign(entry, { resolve, reject }))
  // Nobody may be waiting.
  entry.promise.catch(() => undefined)
  return entry.promise
}

/** A UUID, also where a page has no secure origin and so no crypto.randomUUID(). */
export function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')
}
