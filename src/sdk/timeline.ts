import { Emitter, quiet } from './emitter.js'
import type { More, Outbox, Unsent } from './outbox.js'
import type { Reader } from './reader.js'
import type { State } from './state.js'
import type { Message } from './types.js'

export type TimelineEvents = {
  /** `messages` or `hasOlder` is another one. */
  change: []
  /** The conversation was deleted, or is not mine any more. */
  gone: []
}

export type TimelineOptions = {
  conversation_id: string
  state: State
  reader: Reader
  outbox: Outbox
  onError: (error: unknown) => void
  onClosed: (timeline: Timeline) => void
}

/** The messages of one conversation, kept up to date until it is closed. Made by `earshot.open()`. */
export class Timeline {
  readonly conversation_id: string
  readonly #options: TimelineOptions
  readonly #events: Emitter<TimelineEvents>
  #messages: readonly (Message | Unsent)[] | undefined
  #older: Promise<void> | undefined
  #isClosed = false

  /** For `earshot.open()`. */
  constructor(options: TimelineOptions) {
    this.conversation_id = options.conversation_id
    this.#options = options
    this.#events = new Emitter(options.onError)
  }

  /**
   * In ascending order of `number`, without a gap but for those that are hidden for me; then what is not sent yet, which has a
   * `state` and no `number`. Another array after each change, never changed in place.
   */
  get messages(): readonly (Message | Unsent)[] {
    const { state, outbox } = this.#options
    this.#messages ??= [
      ...state.messages(this.conversation_id),
      ...outbox.list.filter(({ conversation_id }) => conversation_id === this.conversation_id),
    ]
    return this.#messages
  }

  /** Whether loadOlder() would bring more. */
  get hasOlder(): boolean {
    const window = this.#options.state.window(this.conversation_id)
    return window ? window.hasOlder && window.messages.length < window.limit : false
  }

  /** Brings up to 50 older messages. @throws EarshotError */
  loadOlder(): Promise<void> {
    this.#older ??= this.#loadOlder().finally(() => {
      this.#older = undefined
    })
    return quiet(this.#older)
  }

  /** Like `earshot.send()`, here. */
  send(content: string, more: More = {}): Promise<Message> {
    return quiet(this.#options.outbox.add(this.conversation_id, content, more))
  }

  /** @returns a function that ends it */
  on<N extends keyof TimelineEvents>(name: N, listener: (...values: TimelineEvents[N]) => void): () => void {
    return this.#events.on(name, listener)
  }

  /** Of all that it showed only the newest messages are kept. It says nothing any more. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#options.state.close(this.conversation_id)
    this.#options.onClosed(this)
  }

  /** For the client: something of what it shows has changed. */
  changed(): void {
    this.#messages = undefined
    if (!this.#isClosed) this.#events.emit('change')
  }

  /** For the client: there is nothing more to show. */
  gone(): void {
    this.#messages = []
    if (this.#isClosed) return
    this.close()
    this.#events.emit('gone')
  }

  async #loadOlder(): Promise<void> {
    const { state, reader } = this.#options
    const window = state.window(this.conversation_id)
    if (!window || !this.hasOlder) return
    await window.read((before) => reader.messages(this.conversation_id, before))
    state.shown(this.conversation_id)
  }
}
