// Who hears an event: for each stream, the people of this node who may, kept up to date by the log itself. A membership
// is loaded once for each user with a socket here; from then on the membership events attach and detach it at their seq.
import type { EndedSessions } from '../auth/ended-sessions.js'
import { EVENTS, type ResyncReason } from '../contract/events.js'
import type { Metrics } from '../observe.js'
import { encodeEvent, encodeResync } from '../protocols/native.js'
import type { Connection } from './connection.js'
import { isWithheld, withoutContent } from './frames.js'
import type { LogEvent } from './log.js'
import type { Reach } from './recent-events.js'

/** The open spans of a user: the conversations they are in, and the seq from which each is theirs; and their blocks, both ways. */
export type LoadAudience = (userId: string) => Promise<{
  spans: { conversation_id: string; from_seq: number }[]
  blocks: Block[]
  unsettled: number
}>
type Block = { blocker_id: string; blocked_id: string }

/** A user with sockets on this node. */
type Audience = {
  readonly userId: string
  readonly connections: Set<Connection>
  readonly conversations: Set<string>
  /** Those whom the user has blocked, and those who have blocked the user: of neither they hear any signal. */
  readonly blocked: Set<string>
  readonly blockedBy: Set<string>
  /** Until this id is handed out, the spans are newer than what was. */
  unsettled: number
  /** Sockets that wait for the spans. */
  waiting: number
  ready: Promise<void>
  /** What the log said of this user's memberships and blocks while they were being read; undefined once they are. */
  changes: Change[] | undefined
}
type Change = { conversation_id: string; seq: number; joined: boolean } | (Block & { blocked: boolean })

export class Fanout {
  readonly #loadAudience: LoadAudience
  readonly #ended: EndedSessions
  readonly #metrics: Metrics
  readonly #users = new Map<string, Audience>()
  /** conversation -> its listeners here -> the first seq that is theirs */
  readonly #streams = new Map<string, Map<Audience, number>>()

  constructor(loadAudience: LoadAudience, ended: EndedSessions, metrics: Metrics) {
    this.#loadAudience = loadAudience
    this.#ended = ended
    this.#metrics = metrics
  }

  /** From when it resolves, the connection hears everything that is its user's; `greet` puts its first frames in front. */
  async attach(connection: Connection, greet: () => void): Promise<void> {
    const audience = this.#audienceOf(connection.actor.user_id)
    audience.waiting++
    try {
      await audience.ready
      if (!connection.isOpen) return
      if (this.#users.get(audience.userId) !== audience) return await this.attach(connection, greet)
      greet()
      audience.connections.add(connection)
    } finally {
      audience.waiting--
      this.#forgetIfEmpty(audience)
    }
  }

  detach(connection: Connection): void {
    const audience = this.#users.get(connection.actor.user_id)
    if (!audience) return
    audience.connections.delete(connection)
    this.#forgetIfEmpty(audience)
  }

  /**
   * Where a user whose sockets are here hears, and from which seq on; undefined while the spans that were read are newer
   * than what was handed out up to `safe`.
   */
  reachOf(userId: string, safe: number): Reach | undefined {
    const audience = this.#users.get(userId)
    return audience && audience.unsettled <= safe ? this.#reach(audience) : undefined
  }

  *#reach(audience: Audience): Generator<[streamId: string, fromSeq: number]> {
    for (const id of audience.conversations) yield [id, this.#streams.get(id)?.get(audience) ?? 0]
  }

  /**
   * Puts one event of the log into the queues of those who hear it; also one that cannot be followed, for without it each of them
   * would ask for a gap. @throws whatever makes it unreadable, after that
   */
  dispatch(event: LogEvent): void {
    let heard = 0
    try {
      if (event.type === 'member.added' || event.type === 'member.removed') this.#follow(event)
      if (event.type === 'block.added' || event.type === 'block.removed') this.#followBlock(event)
    } finally {
      heard = this.#deliver(event)
    }
    if (event.type === 'conversation.deleted') this.#closeStream(event.stream_id)
    if (event.type === 'session.revoked') this.#endSession(event)
    if (heard > 0) {
      this.#metrics.deliveries.inc(heard)
      this.#metrics.commitToSocket.observe(Math.max(0, Date.now() - event.created_at.getTime()) / 1_000)
    }
  }

  /** Hands a signal about a user to the other people of the conversation, but not across a block. */
  signal(conversationId: string, aboutUserId: string, frame: Buffer): void {
    for (const audience of this.#streams.get(conversationId)?.keys() ?? []) signalTo(audience, aboutUserId, frame)
  }

  /** The same to everybody in any of these conversations, to each of them once. */
  signalOnce(conversationIds: readonly string[], aboutUserId: string, frame: Buffer): void {
    const people = new Set<Audience>()
    for (const id of conversationIds) for (const audience of this.#streams.get(id)?.keys() ?? []) people.add(audience)
    for (const audience of people) signalTo(audience, aboutUserId, frame)
  }

  /** Another history: what was heard may be gone, so everybody comes back and loads afresh. */
  resyncAll(reason: ResyncReason): void {
    const frame = encodeResync(reason)
    const audiences = [...this.#users.values()]
    // Whoever comes back must not find memberships of the other history.
    this.#users.clear()
    this.#streams.clear()
    for (const audience of audiences) {
      for (const connection of audience.connections) {
        connection.send(frame)
        connection.close('going_away')
      }
    }
  }

  #audienceOf(userId: string): Audience {
    const known = this.#users.get(userId)
    if (known) return known
    const audience: Audience = {
      userId,
      connections: new Set(),
      conversations: new Set(),
      blocked: new Set(),
      blockedBy: new Set(),
      unsettled: 0,
      waiting: 0,
      ready: Promise.resolve(),
      changes: [],
    }
    // Known to dispatch() before the read begins, so that no change falls between the two.
    this.#users.set(userId, audience)
    audience.ready = this.#load(audience)
    return audience
  }

  async #load(audience: Audience): Promise<void> {
    try {
      const { spans, blocks, unsettled } = await this.#loadAudience(audience.userId)
      audience.unsettled = unsettled
      const changes = audience.changes ?? []
      audience.changes = undefined
      for (const span of spans) this.#open(audience, span.conversation_id, span.from_seq)
      for (const block of blocks) this.#apply(audience, { ...block, blocked: true })
      for (const change of changes) this.#apply(audience, change)
    } catch (error) {
      // Later sockets must not inherit the failure.
      if (this.#users.get(audience.userId) === audience) this.#users.delete(audience.userId)
      throw error
    }
  }

  #follow(event: LogEvent): void {
    const { user_id } = EVENTS['member.added'].pick({ user_id: true }).parse(JSON.parse(event.data))
    this.#change(user_id, { conversation_id: event.stream_id, seq: event.seq, joined: event.type === 'member.added' })
  }

  /** It stands on the stream of the one who blocks; both have to know. */
  #followBlock(event: LogEvent): void {
    const blocker_id = event.stream_id
    const blocked_id = EVENTS['block.added'].parse(JSON.parse(event.data)).user_id
    for (const userId of [blocker_id, blocked_id]) {
      this.#change(userId, { blocker_id, blocked_id, blocked: event.type === 'block.added' })
    }
  }

  #change(userId: string, change: Change): void {
    const audience = this.#users.get(userId)
    if (!audience) return
    if (audience.changes) audience.changes.push(change)
    else this.#apply(audience, change)
  }

  #apply(audience: Audience, change: Change): void {
    if ('blocked' in change) return applyBlock(audience, change)
    const { conversation_id, seq, joined } = change
    const fromSeq = this.#streams.get(conversation_id)?.get(audience)
    // The spans may be newer than the change: an old removal does not end a later stay.
    if (fromSeq !== undefined && fromSeq > seq) return
    if (joined) this.#open(audience, conversation_id, seq + 1)
    else this.#shut(audience, conversation_id)
  }

  #open(audience: Audience, conversationId: string, fromSeq: number): void {
    const listeners = this.#streams.get(conversationId)
    if (listeners) listeners.set(audience, fromSeq)
    else this.#streams.set(conversationId, new Map([[audience, fromSeq]]))
    audience.conversations.add(conversationId)
  }

  #shut(audience: Audience, conversationId: string): void {
    audience.conversations.delete(conversationId)
    const listeners = this.#streams.get(conversationId)
    listeners?.delete(audience)
    if (listeners?.size === 0) this.#streams.delete(conversationId)
  }

  #deliver(event: LogEvent): number {
    let heard = 0
    let frame: Buffer | undefined
    let withheldFrame: Buffer | undefined
    const deliverTo = (audience: Audience) => {
      if (audience.connections.size === 0) return
      let sent: Buffer
      if (isWithheld(event, audience.userId)) sent = withheldFrame ??= encodeEvent(withoutContent(event))
      else sent = frame ??= encodeEvent(event)
      for (const connection of audience.connections) connection.hear(event, sent)
      heard += audience.connections.size
    }
    const owner = this.#users.get(event.stream_id)
    if (owner) deliverTo(owner)
    for (const [audience, fromSeq] of this.#streams.get(event.stream_id) ?? []) {
      if (event.seq >= fromSeq) deliverTo(audience)
    }
    return heard
  }

  #closeStream(conversationId: string): void {
    for (const audience of this.#streams.get(conversationId)?.keys() ?? [])
      audience.conversations.delete(conversationId)
    this.#streams.delete(conversationId)
  }

  #endSession(event: LogEvent): void {
    const { session_id, reason } = EVENTS['session.revoked'].parse(JSON.parse(event.data))
    this.#ended.add(session_id)
    for (const connection of this.#users.get(event.stream_id)?.connections ?? []) {
      if (connection.actor.session_id === session_id) {
        connection.close(reason === 'account_deleted' ? 'account_closed' : 'session_ended')
      }
    }
  }

  #forgetIfEmpty(audience: Audience): void {
    if (audience.connections.size > 0 || audience.waiting > 0 || audience.changes) return
    for (const conversationId of audience.conversations) this.#shut(audience, conversationId)
    if (this.#users.get(audience.userId) === audience) this.#users.delete(audience.userId)
  }
}

function applyBlock(audience: Audience, { blocker_id, blocked_id, blocked }: Block & { blocked: boolean }): void {
  const [people, other] =
    audience.userId === blocker_id ? [audience.blocked, blocked_id] : [audience.blockedBy, blocker_id]
  if (blocked) people.add(other)
  else people.delete(other)
}

function signalTo(audience: Audience, aboutUserId: string, frame: Buffer): void {
  if (audience.userId === aboutUserId) return
  if (audience.blocked.has(aboutUserId) || audience.blockedBy.has(aboutUserId)) return
  for (const connection of audience.connections) connection.sendSignal(frame)
}
