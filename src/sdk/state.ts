// What a client holds: me, my conversations with where their streams stand, and of some of them the newest messages. Events alone keep
// it up to date; what they cannot is answered as something to be read again.
import { notFound } from './failure.js'
import { applyOwn } from './own-rules.js'
import { applyToConversation, byActivity, withMembership } from './rules.js'
import { fits, isConversation, isMe, isMessage, isObject } from './shapes.js'
import type { Keeper } from './storage.js'
import type { Conversation, EventFrame, Me, Message, Messages } from './types.js'
import { type MessageChange, Window } from './window.js'

/** Of an open timeline: what is further back is not kept. */
const OPEN_MAX = 2_000
/** Conversations whose newest messages are kept when their timelines are closed. */
const CLOSED_MAX = 20
const ME = 'me'
const PREFIX = 'conversation:'

type Held = {
  conversation: Conversation
  window?: Window
  /** Timelines that show it. */
  open: number
  /** Mine, stored, but their events have not come yet. */
  ahead: readonly Message[]
}

export type StateOptions = {
  keepMessages: number
  /** undefined: something of me. */
  onChange: (conversationId?: string) => void
  /** It is not mine any more. */
  onGone: (conversationId: string) => void
}

export class State {
  readonly #options: StateOptions
  readonly #held = new Map<string, Held>()
  readonly #dirty = new Set<string>()
  /** In the order in which they were closed. */
  readonly #closed = new Set<string>()
  #me: Me | undefined
  #seq = 0
  #sorted: Conversation[] | undefined

  constructor(options: StateOptions) {
    this.#options = options
  }

  get me(): Me | undefined {
    return this.#me
  }

  /** Pinned ones first, then the most recently active. */
  get conversations(): readonly Conversation[] {
    this.#sorted ??= [...this.#held.values()].map(({ conversation }) => conversation).sort(byActivity)
    return this.#sorted
  }

  conversation(id: string): Conversation | undefined {
    return this.#held.get(id)?.conversation
  }

  /** Where a stream stands; undefined for what is not held. */
  seqOf(stream: string): number | undefined {
    return stream === this.#me?.id ? this.#seq : this.#held.get(stream)?.conversation.seq
  }

  /** Applies the next event of a stream that is held. @returns what has to be read again for it */
  apply(event: EventFrame): string[] {
    if (event.stream === this.#me?.id) {
      this.#seq = event.seq
      this.#dirty.add(ME)
      return applyOwn(this, event)
    }
    const held = this.#held.get(event.stream)
    if (!held) return []
    const outcome = applyToConversation(held.conversation, event, this.#me?.id ?? '')
    if (outcome === 'deleted') this.remove(event.stream)
    else if (outcome === 'unclear') {
      this.#put(held, { ...held.conversation, seq: event.seq })
      return [event.stream]
    } else {
      const { conversation, change } = outcome
      if (change) this.#change(held, change)
      held.ahead = held.ahead.filter(({ number }) => number > conversation.message_number)
      this.#put(held, conversation)
    }
    return []
  }

  /** All that was loaded, instead of what was held. @returns what has to be read again: what is on the screen */
  replace(me: Me, seq: number, conversations: readonly Conversation[]): string[] {
    this.#seq = seq
    this.setMe(me)
    const loaded = new Set(conversations.map(({ id }) => id))
    // One on the screen may be an archived one, which is not among those loaded.
    for (const [id, { open }] of [...this.#held]) if (open === 0 && !loaded.has(id)) this.remove(id)
    for (const conversation of conversations) this.hold(conversation)
    return [...this.#held].flatMap(([id, { open }]) => (open > 0 ? [id] : []))
  }

  /** As it was just read, with its newest messages if they were. What was held of its messages goes. */
  hold(conversation: Conversation, page?: Messages): void {
    const known = this.#held.get(conversation.id)
    const held: Held = known ?? { conversation, open: 0, ahead: [] }
    this.#held.set(conversation.id, held)
    held.ahead = held.ahead.filter(({ number }) => number > conversation.message_number)
    if (page) held.window = Window.of(page, OPEN_MAX)
    // On the screen it stays until it is read again.
    else if (held.open === 0) delete held.window
    this.#put(held, withMembership(conversation, conversation.me))
  }

  /** The same, unless what is held is as new. */
  adopt(conversation: Conversation): boolean {
    if ((this.seqOf(conversation.id) ?? -1) >= conversation.seq) return false
    this.hold(conversation)
    return true
  }

  remove(id: string): void {
    if (!this.#held.delete(id)) return
    this.#closed.delete(id)
    this.#touch(id)
    this.#options.onGone(id)
  }

  setMe(me: Me): void {
    this.#me = me
    this.#dirty.add(ME)
    this.#options.onChange()
  }

  /** Mine, as the server has just stored it; its event may come later. */
  addAhead(message: Message): void {
    const held = this.#held.get(message.conversation_id)
    if (!held || message.number <= held.conversation.message_number) return
    held.ahead = [...held.ahead, message]
    this.#options.onChange(message.conversation_id)
  }

  /** Another value of a conversation that is held. */
  put(conversation: Conversation): void {
    const held = this.#held.get(conversation.id)
    if (held) this.#put(held, conversation)
  }

  /**
   * A message that I do not want to see, or want to see again.
   * @returns false if it takes a reading to know what is to be shown
   */
  hide(id: string, message: { id: string; number: number; hidden: boolean }): boolean {
    const held = this.#held.get(id)
    if (!held) return true
    const { conversation, window } = held
    const last = conversation.last_message
    const shown = window?.isReady ? window.messages : []
    if (!message.hidden) {
      const isAbove = message.number >= (shown[0]?.number ?? last?.number ?? 0)
      return !isAbove && (!window || (window.isReady && window.hasOlder))
    }
    this.#change(held, { kind: 'gone', id: message.id })
    if (last?.id !== message.id) this.#touch(id)
    else {
      const before = window?.isReady ? window.messages.at(-1) : undefined
      if (!before && (!window?.isReady || window.hasOlder)) return false
      this.#put(held, { ...conversation, last_message: before ?? null })
    }
    return true
  }

  isOpen(id: string): boolean {
    return (this.#held.get(id)?.open ?? 0) > 0
  }

  window(id: string): Window | undefined {
    return this.#held.get(id)?.window
  }

  /** What a timeline shows before what is unsent. */
  messages(id: string): readonly Message[] {
    const held = this.#held.get(id)
    if (!held?.window) return []
    return held.ahead.length > 0 ? [...held.window.messages, ...held.ahead] : held.window.messages
  }

  /** Somebody looks at it from now on. @throws EarshotError conversation.not_found */
  open(id: string): Window {
    const held = this.#held.get(id)
    if (!held) throw notFound()
    this.#closed.delete(id)
    held.open++
    held.window ??= new Window(OPEN_MAX)
    held.window.limit = OPEN_MAX
    return held.window
  }

  close(id: string): void {
    const held = this.#held.get(id)
    if (!held || --held.open > 0) return
    this.#closed.add(id)
    if (held.window?.isReady && this.#options.keepMessages > 0) {
      held.window.limit = this.#options.keepMessages
      held.window.trim()
    } else delete held.window
    this.#dirty.add(id)
    for (const oldest of [...this.#closed].slice(0, -CLOSED_MAX)) {
      this.#closed.delete(oldest)
      delete this.#held.get(oldest)?.window
      this.#dirty.add(oldest)
    }
  }

  /** Tells that there are other messages to be shown. */
  shown(id: string): void {
    this.#touch(id)
  }

  /** What has changed since the last time; all of it belongs into one save. */
  save(keeper: Keeper): void {
    for (const id of this.#dirty) {
      if (id === ME) keeper.set(ME, this.#me && { me: this.#me, seq: this.#seq })
      else keeper.set(PREFIX + id, this.#picture(this.#held.get(id)))
    }
    this.#dirty.clear()
  }

  /** @returns false if it is not what a client keeps, and then nothing is held */
  restore(kept: ReadonlyMap<string, unknown>): boolean {
    const mine = kept.get(ME)
    if (!fits(mine, { seq: 'count' }) || !isMe(mine.me)) return false
    for (const [name, value] of kept) {
      if (!name.startsWith(PREFIX)) continue
      if (!isObject(value) || !isConversation(value.conversation)) return this.#forget()
      const { conversation, messages, has_older } = value
      const held: Held = { conversation, open: 0, ahead: [] }
      if (Array.isArray(messages) && messages.every((one) => isMessage(one, conversation.id))) {
        held.window = Window.of({ data: messages, has_before: has_older !== false }, this.#options.keepMessages)
        this.#closed.add(conversation.id)
      }
      this.#held.set(conversation.id, held)
    }
    this.#seq = mine.seq as number
    this.#me = mine.me
    this.#sorted = undefined
    this.#options.onChange()
    return true
  }

  /** Nothing is held any more. What is kept elsewhere is not touched. */
  clear(): void {
    for (const id of [...this.#held.keys()]) this.remove(id)
    this.#me = undefined
    this.#forget()
    this.#options.onChange()
  }

  #forget(): false {
    this.#held.clear()
    this.#closed.clear()
    this.#dirty.clear()
    this.#sorted = undefined
    return false
  }

  #picture(held: Held | undefined): unknown {
    if (!held) return undefined
    const { conversation, window } = held
    const count = this.#options.keepMessages
    if (!window?.isReady || count === 0) return { conversation }
    const messages = window.messages.slice(-count)
    return { conversation, messages, has_older: window.hasOlder || window.messages.length > count }
  }

  #change(held: Held, change: MessageChange): void {
    held.window?.apply(change)
    held.ahead = held.ahead.flatMap((one) => {
      if (one.id !== (change.kind === 'gone' ? change.id : change.message.id)) return [one]
      return change.kind === 'gone' ? [] : [change.message]
    })
  }

  #put(held: Held, conversation: Conversation): void {
    held.conversation = conversation
    this.#touch(conversation.id)
  }

  #touch(id: string): void {
    this.#dirty.add(id)
    this.#sorted = undefined
    this.#options.onChange(id)
  }
}
