// Who types where. What is started on this node is kept with its expiry and ends by it, by a message, with its sockets, or
// with the membership; what others say over the bus is kept beside it, so that every node can tell. Nothing is stored.
import type { Actor } from '../auth/actor.js'
import { EVENTS } from '../contract/events.js'
import { Membership } from '../contract/memberships.js'
import { may } from '../domain/access.js'
import type { MayAnnounceTyping } from '../domain/typing.js'
import { PairMap } from '../kit/pair-map.js'
import type { Connection } from './connection.js'
import type { LogEvent } from './log.js'
import type { Signal, Signals } from './signals.js'

/** One announcement in this time for each (user, conversation); a repeat within it costs no query. */
export const TYPING_THROTTLE_MS = 3_000
export const TYPING_EXPIRY_MS = 10_000
/** Another node ends what it has started; this only takes what it could not end. A repeat within the throttle is not told. */
const HEARD_MS = TYPING_EXPIRY_MS + TYPING_THROTTLE_MS
/** Beyond it nobody more is announced. */
const ENTRIES_MAX = 50_000
const REST = 'rest'

/** No more than is needed: what a newer version adds beside it is none of ours. */
const MEMBER_ROLE = EVENTS['member.updated'].pick({ user_id: true, role: true })
const MEMBER = EVENTS['member.removed'].pick({ user_id: true })
const WISH = EVENTS['membership.updated']
  .pick({ conversation_id: true })
  .extend({ me: Membership.pick({ show_typing: true }).nullable() })

type Entry = {
  readonly userId: string
  readonly conversationId: string
  askedAt: number
  allowed: Promise<boolean>
  typing: boolean
  announced: boolean
  announcedAt: number
  expiresAt: number
  /** The sockets that say so, and REST; it ends with the last of them. */
  readonly holders: Set<string>
}

export type TypingOptions = {
  /** Whether the others are told. @throws AppError when the actor may not type there */
  mayAnnounce: MayAnnounceTyping
  signals: Pick<Signals, 'publish'>
  now: () => number
}

export class Typing {
  readonly #options: TypingOptions
  readonly #entries = new PairMap<Entry>()
  readonly #bySocket = new Map<string, Set<Entry>>()
  /** conversation, user -> until when it holds */
  readonly #heard = new PairMap<number>()

  constructor(options: TypingOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size + this.#heard.size
  }

  /** Said over a socket it ends with that socket; over REST, by its expiry alone. @throws AppError conversation.not_found, .forbidden */
  async start(actor: Actor, conversationId: string, connection?: Connection): Promise<void> {
    const entry = this.#entryOf(actor, conversationId)
    const allowed = await this.#answer(entry)
    // Taken out while it was asked for: the membership has ended.
    if (this.#entries.get(conversationId, actor.user_id) !== entry) return
    if (!allowed) return this.#end(entry)
    if (connection && !connection.isOpen) return
    const now = this.#options.now()
    entry.typing = true
    entry.expiresAt = now + TYPING_EXPIRY_MS
    this.#hold(entry, connection?.id ?? REST)
    if (now - entry.announcedAt >= TYPING_THROTTLE_MS) this.#announce(entry, now)
  }

  /** Over a socket it ends what that socket or REST has said; over REST, everything. @throws AppError conversation.not_found, .forbidden */
  async stop(actor: Actor, conversationId: string, connection?: Connection): Promise<void> {
    const entry = this.#entries.get(conversationId, actor.user_id)
    if (!entry) return void (await this.#options.mayAnnounce(actor, conversationId))
    await this.#answer(entry)
    for (const holder of connection ? [connection.id, REST] : []) this.#release(entry, holder)
    if (!connection || entry.holders.size === 0) this.#end(entry)
  }

  /** Everybody who types there, as far as this node knows; who may be seen is for the domain to say. */
  inConversation(conversationId: string): string[] {
    const now = this.#options.now()
    const heard = [...this.#heard.under(conversationId)].filter(([, until]) => until > now)
    return heard.map(([userId]) => userId)
  }

  socketClosed(connectionId: string): void {
    const entries = this.#bySocket.get(connectionId)
    this.#bySocket.delete(connectionId)
    for (const entry of entries ?? []) {
      entry.holders.delete(connectionId)
      if (entry.holders.size === 0) this.#end(entry)
    }
  }

  hear(signal: Signal): void {
    if (signal.stream === undefined) return
    const { user_id } = signal.data
    if (signal.type === 'typing.stopped') this.#heard.delete(signal.stream, user_id)
    if (signal.type === 'typing.started') this.#note(signal.stream, user_id)
  }

  /** A message ends it, and so does whatever takes away that others may see it. */
  onEvent(event: LogEvent): void {
    if (event.type === 'membership.updated') return this.#onWish(event)
    const here = this.#entries.under(event.stream_id)
    const heard = this.#heard.under(event.stream_id)
    if (here.size === 0 && heard.size === 0) return
    if (event.type === 'message.created') {
      const entry = here.get(JSON.parse(event.data).sender_id)
      if (entry) this.#end(entry)
    } else if (event.type === 'member.removed') {
      this.#forget(event.stream_id, MEMBER.parse(JSON.parse(event.data)).user_id)
    } else if (event.type === 'member.updated') {
      const { user_id, role } = MEMBER_ROLE.parse(JSON.parse(event.data))
      if (!may(role, 'typing.start')) this.#forget(event.stream_id, user_id)
    } else if (event.type === 'conversation.deleted') {
      for (const userId of [...here.keys(), ...heard.keys()]) this.#forget(event.stream_id, userId)
    }
  }

  sweep(): void {
    const now = this.#options.now()
    for (const [conversationId, userId, entry] of this.#entries.entries()) {
      if (entry.typing && now >= entry.expiresAt) this.#end(entry)
      const rested = now - entry.announcedAt >= TYPING_THROTTLE_MS
      // Begun again within the throttle: its time has come.
      if (entry.typing && !entry.announced && rested) this.#announce(entry, now)
      if (!entry.typing && rested && now - entry.askedAt >= TYPING_THROTTLE_MS) {
        this.#entries.delete(conversationId, userId)
      }
    }
    for (const [conversationId, userId, until] of this.#heard.entries()) {
      if (now >= until) this.#heard.delete(conversationId, userId)
    }
  }

  /** Known before it is asked whether it may be, so that no end of a membership falls between the two. */
  #entryOf(actor: Actor, conversationId: string): Entry {
    const { mayAnnounce, now } = this.#options
    const known = this.#entries.get(conversationId, actor.user_id)
    if (known && now() - known.askedAt < TYPING_THROTTLE_MS) return known
    const allowed = mayAnnounce(actor, conversationId)
    if (known) return Object.assign(known, { askedAt: now(), allowed })
    const entry: Entry = {
      userId: actor.user_id,
      conversationId,
      askedAt: now(),
      allowed,
      typing: false,
      announced: false,
      announcedAt: Number.NEGATIVE_INFINITY,
      expiresAt: 0,
      holders: new Set(),
    }
    if (this.#entries.size < ENTRIES_MAX) this.#entries.set(conversationId, actor.user_id, entry)
    return entry
  }

  async #answer(entry: Entry): Promise<boolean> {
    try {
      return await entry.allowed
    } catch (error) {
      // What was refused is asked again the next time.
      if (this.#entries.get(entry.conversationId, entry.userId) === entry) {
        this.#forget(entry.conversationId, entry.userId)
      }
      throw error
    }
  }

  #announce(entry: Entry, now: number): void {
    entry.announced = true
    entry.announcedAt = now
    this.#note(entry.conversationId, entry.userId)
    this.#publish('typing.started', entry)
  }

  #end(entry: Entry): void {
    entry.typing = false
    for (const holder of entry.holders) this.#release(entry, holder)
    if (!entry.announced) return
    entry.announced = false
    this.#heard.delete(entry.conversationId, entry.userId)
    this.#publish('typing.stopped', entry)
  }

  #forget(conversationId: string, userId: string): void {
    const entry = this.#entries.get(conversationId, userId)
    if (entry) this.#end(entry)
    this.#entries.delete(conversationId, userId)
    this.#heard.delete(conversationId, userId)
  }

  #onWish(event: LogEvent): void {
    // The member's own stream carries every step of their reading too.
    if (this.#entries.size === 0) return
    const { conversation_id, me } = WISH.parse(JSON.parse(event.data))
    if (me?.show_typing === false) this.#forget(conversation_id, event.stream_id)
  }

  #hold(entry: Entry, holder: string): void {
    entry.holders.add(holder)
    if (holder === REST) return
    const entries = this.#bySocket.get(holder)
    if (entries) entries.add(entry)
    else this.#bySocket.set(holder, new Set([entry]))
  }

  #release(entry: Entry, holder: string): void {
    entry.holders.delete(holder)
    const entries = this.#bySocket.get(holder)
    entries?.delete(entry)
    if (entries?.size === 0) this.#bySocket.delete(holder)
  }

  #note(conversationId: string, userId: string): void {
    if (this.#heard.size < ENTRIES_MAX || this.#heard.get(conversationId, userId) !== undefined) {
      this.#heard.set(conversationId, userId, this.#options.now() + HEARD_MS)
    }
  }

  #publish(type: 'typing.started' | 'typing.stopped', { conversationId, userId }: Entry): void {
    this.#options.signals.publish({ type, stream: conversationId, data: { user_id: userId } })
  }
}
