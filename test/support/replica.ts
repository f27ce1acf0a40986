// What a client holds: loaded once, then kept up to date by events alone, by the rule that docs/realtime.md gives to clients.
import type { Conversation } from '../../src/contract/conversations.js'
import { EVENTS } from '../../src/contract/events.js'
import type { Member as ListedMember } from '../../src/contract/members.js'
import type { Membership } from '../../src/contract/memberships.js'
import type { Message } from '../../src/contract/messages.js'
import type { Ear, Frame } from './ear.js'
import type { Person } from './person.js'

/** So many of the newest messages of a conversation are compared: what is older may be held or not. */
const SHOWN = 50
/** Who may read the list of bans. */
const MODERATORS = ['owner', 'admin', 'moderator']

type Member = { role: string; nickname: string | null; joined_at: string }
type Held = {
  /** Without what is derived here: unread_count and last_message. */
  conversation: Omit<Conversation, 'last_message' | 'me'> & { me: Omit<Membership, 'unread_count'> }
  members: Map<string, Member>
  bans: Map<string, string | null>
  messages: Map<string, Message>
}

/** All that it keeps, so that it can be put away whole, together with a resume token. */
export type State = {
  me: Record<string, unknown>
  conversations: Map<string, Held>
  blocks: Set<string>
  sessions: Set<string>
  hidden: Set<string>
  seqs: Map<string, number>
}
/** Reads a stretch of a stream that was not heard. */
export type FetchStretch = (stream: string, from_seq: number, to_seq: number) => Promise<Frame[]>

export class Replica {
  readonly #person: Person
  readonly #fetch: FetchStretch
  #state: State = emptyState()
  /** Where the last load stands. */
  resume = ''

  private constructor(person: Person, fetch: FetchStretch) {
    this.#person = person
    this.#fetch = fetch
  }

  /** Connects first, so that nothing falls between the load and the first event. */
  static async open(person: Person): Promise<{ replica: Replica; ear: Ear }> {
    const ear = await person.connect()
    return { replica: await Replica.load(person, (...range) => fetchBy(ear, ...range)), ear }
  }

  static async load(person: Person, fetch: FetchStretch = noGaps): Promise<Replica> {
    const replica = new Replica(person, fetch)
    await replica.#load()
    return replica
  }

  /** The state as it is now; what is applied later does not change it. */
  keep(): State {
    return structuredClone(this.#state)
  }

  goBackTo(state: State): void {
    this.#state = structuredClone(state)
  }

  /** Everything in one comparable value. */
  picture(): unknown {
    const conversations = [...this.#state.conversations.values()].map(({ conversation, members, bans, messages }) => {
      const shown = [...messages.values()]
        .filter((message) => !this.#state.hidden.has(message.id))
        .sort((a, b) => a.number - b.number)
      // A delivery alone is not told to one's own devices, which have no use for it.
      const { delivered_number: _, ...me } = conversation.me
      const { message_number } = conversation
      return {
        ...conversation,
        // What others say of themselves is no event of mine: profile.changed tells when to read it again.
        peer: conversation.peer?.id,
        last_message: shown.at(-1) ?? null,
        me: { ...me, unread_count: message_number - (me.unread_from === null ? me.read_number : me.unread_from - 1) },
        members: [...members].sort(),
        // Heard by everybody, but only moderators can read them again.
        bans: MODERATORS.includes(me.role) ? [...bans].sort() : [],
        messages: shown.slice(-SHOWN),
      }
    })
    return {
      me: this.#state.me,
      blocks: [...this.#state.blocks].sort(),
      sessions: [...this.#state.sessions].sort(),
      conversations: conversations.sort((a, b) => a.id.localeCompare(b.id)),
    }
  }

  /**
   * One frame, in the order in which the socket had them. Loads what somebody who has just joined does not have yet, what
   * too much was missed of, and everything when it is told to.
   */
  async apply(frame: Frame): Promise<void> {
    if (frame.type === 'resync') return this.#load()
    if (frame.type === 'resumed') return this.reload(frame.data.limited)
    const { stream = '', seq } = frame
    if (seq === undefined) return
    const last = this.#state.seqs.get(stream)
    if (last !== undefined && seq <= last) return
    if (last !== undefined && seq > last + 1 && this.#follows(stream)) {
      for (const missing of await this.#fetch(stream, last + 1, seq - 1)) await this.#applyNext(missing)
    }
    await this.#applyNext(frame)
  }

  /** Conversations of which too much was missed; what cannot be read any more was left since, and its own event will say so. */
  async reload(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      this.#state.conversations.delete(id)
      const { status, body } = await this.#person.ask('GET', `/conversations/${id}`)
      if (status === 200) await this.#hold(body)
    }
  }

  async #load(): Promise<void> {
    const person = this.#person
    // Where one's own stream and the log stand comes first: what is read after it may be newer, and is then said again.
    const { me, resume } = await person.get('/sync')
    this.#state = emptyState()
    this.#state.seqs.set(person.id, me.seq)
    this.resume = resume
    const { data } = await person.get('/conversations?archived=include&limit=100')
    await Promise.all(data.map((one: Conversation) => this.#hold(one)))
    this.#state.me = await person.get('/users/me')
    for (const { user } of (await person.get('/blocks?limit=100')).data) this.#state.blocks.add(user.id)
    for (const { id } of (await person.get('/sessions')).data) this.#state.sessions.add(id)
  }

  #follows(stream: string): boolean {
    return stream === this.#person.id || this.#state.conversations.has(stream)
  }

  async #applyNext(frame: Frame): Promise<void> {
    const { stream = '', seq = 0, data } = frame
    this.#state.seqs.set(stream, seq)
    const isKnown = frame.type in EVENTS
    if (stream === this.#person.id) return isKnown ? this.#applyOwn(frame) : undefined
    const held = this.#state.conversations.get(stream)
    // Between conversation.joined on one's own stream and the load that follows, there may be events of it already.
    if (!held) return
    held.conversation.seq = seq
    // Of a newer version: what it means is for those who know it.
    if (!isKnown) return
    if (!isReadable(frame)) return this.reload([stream])
    if (frame.type === 'conversation.deleted') this.#state.conversations.delete(stream)
    else if (frame.type.startsWith('conversation.')) Object.assign(held.conversation, data)
    else if (frame.type.startsWith('member.')) this.#applyMember(held, frame)
    else this.#applyMessage(held, frame)
  }

  async #applyOwn(frame: Frame): Promise<void> {
    const { type, data, at } = frame
    if (!isReadable(frame)) return
    switch (type) {
      case 'conversation.joined':
        if (data.conversation) await this.#hold(data.conversation)
        return
      case 'conversation.left':
        this.#state.conversations.delete(data.conversation_id)
        return
      case 'membership.updated': {
        const held = this.#state.conversations.get(data.conversation_id)
        if (held && data.me) applyMembership(held, data.me, at)
        return
      }
      case 'message.hidden':
        if (data.hidden) this.#state.hidden.add(data.message_id)
        else {
          this.#state.hidden.delete(data.message_id)
          const { status, body } = await this.#person.ask('GET', `/messages/${data.message_id}`)
          if (status === 200) this.#state.conversations.get(data.conversation_id)?.messages.set(body.id, body)
        }
        return
      case 'user.updated':
        // The address is only in one's own view.
        this.#state.me = await this.#person.get('/users/me')
        return
      case 'session.revoked':
        this.#state.sessions.delete(data.session_id)
        return
      case 'block.added':
        this.#state.blocks.add(data.user_id)
        return
      case 'block.removed':
        this.#state.blocks.delete(data.user_id)
        return
      default:
        throw new Error(`no rule for ${type}`)
    }
  }

  #applyMember(held: Held, { type, data }: Frame): void {
    const { user_id } = data
    if (type === 'member.banned') held.bans.set(user_id, data.banned_until)
    else if (type === 'member.unbanned') held.bans.delete(user_id)
    else {
      held.conversation.member_count = data.member_count
      const { role, nickname, joined_at } = data
      if (type === 'member.removed') held.members.delete(user_id)
      else held.members.set(user_id, { role, nickname, joined_at })
      if (user_id === this.#person.id) Object.assign(held.conversation.me, { role, nickname })
    }
  }

  #applyMessage(held: Held, { type, data, at }: Frame): void {
    if (type === 'message.created') {
      held.messages.set(data.id, data)
      const { conversation } = held
      const { me } = conversation
      conversation.message_number = data.number
      conversation.last_activity_at = at ?? ''
      if (data.sender_id === this.#person.id && data.number > me.read_number) {
        Object.assign(me, { read_number: data.number, delivered_number: data.number, unread_from: null })
      }
      endArchive(held, at)
      return
    }
    // What is not held is older than what was loaded, or hidden.
    if (held.messages.has(data.id)) held.messages.set(data.id, data)
    for (const message of held.messages.values()) {
      const quoted = message.reply_to
      if (!quoted || quoted.id !== data.id) continue
      const excerpt = data.content === null ? null : [...data.content].slice(0, 140).join('')
      message.reply_to = { ...quoted, excerpt }
    }
  }

  /** Undefined for who is not there. */
  async #readMembers(at: string): Promise<ListedMember[] | undefined> {
    const all: ListedMember[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const path: string = `${at}/members?limit=100${cursor && `&cursor=${cursor}`}`
      const { status, body } = await this.#person.ask('GET', path)
      if (status !== 200) return undefined
      all.push(...body.data)
      cursor = body.next_cursor
    }
    return all
  }

  async #hold(one: Conversation): Promise<void> {
    const { last_message: _, me, ...conversation } = one
    const before = this.#state.conversations.get(one.id)
    // What was loaded may be newer than the event that is said again.
    if (before && before.conversation.seq > one.seq) return
    const at = `/conversations/${one.id}`
    const [members, messages, bans] = await Promise.all([
      this.#readMembers(at),
      this.#person.ask('GET', `${at}/messages?limit=100`),
      this.#person.ask('GET', `${at}/bans?limit=100`),
    ])
    // Left meanwhile: conversation.left is on its way.
    if (!members || messages.status !== 200) return
    const held: Held = {
      conversation: { ...conversation, me: withoutCount(me) },
      members: new Map(),
      bans: new Map(),
      messages: new Map(messages.body.data.map((message: Message) => [message.id, message])),
    }
    for (const { user, role, nickname, joined_at } of members) held.members.set(user.id, { role, nickname, joined_at })
    if (bans.status === 200) for (const { user, banned_until } of bans.body.data) held.bans.set(user.id, banned_until)
    this.#state.conversations.set(one.id, held)
    // What is newer comes as an event; what is older is in it already.
    this.#state.seqs.set(one.id, one.seq)
  }
}

/** Of those that name somebody, whether they do. */
function isReadable({ type, data }: Frame): boolean {
  return !/^(member|block)\./.test(type) || typeof data?.user_id === 'string'
}

/** For whoever should hear everything without asking for it. */
async function noGaps(stream: string, from_seq: number, to_seq: number): Promise<Frame[]> {
  throw new Error(`a gap in ${stream}: ${from_seq} to ${to_seq} were not heard`)
}

/** All of a stretch, however long: each answer has the beginning of what was asked for. */
export async function fetchBy(ear: Ear, stream: string, from_seq: number, to_seq: number): Promise<Frame[]> {
  const events: Frame[] = []
  for (let from = from_seq; from <= to_seq; from = (events.at(-1)?.seq ?? to_seq) + 1) {
    const range = { stream, from_seq: from, to_seq: Math.min(to_seq, from + 199) }
    const { ok, data, error } = await ear.command('stream.fetch', range)
    if (!ok) throw new Error(JSON.stringify(error))
    if (data.events.length === 0) break
    events.push(...data.events)
  }
  return events
}

/**
 * What one's own devices are told of a membership is read when it is told; what was loaded may be newer. That shows in
 * `read_number`, which only grows, and which a send moves without a word here. Role and nickname follow the conversation's stream.
 */
function applyMembership(held: Held, news: Membership, at: string | undefined): void {
  const { me, last_activity_at } = held.conversation
  if (news.joined_at !== me.joined_at || news.read_number < me.read_number) return
  held.conversation.me = { ...withoutCount(news), role: me.role, nickname: me.nickname }
  // It was archived before the newest message came.
  if (isLater(last_activity_at, at ?? null)) endArchive(held, last_activity_at)
}

/** A message that came at this time brings the conversation back. */
function endArchive({ conversation: { me } }: Held, at: string | undefined): void {
  if (me.archived_at !== null && isLater(at, me.archived_at) && isLater(at, me.muted_until)) me.archived_at = null
}

function emptyState(): State {
  const [conversations, seqs] = [new Map(), new Map()]
  return { me: {}, conversations, seqs, blocks: new Set(), sessions: new Set(), hidden: new Set() }
}

function isLater(at = '', than: string | null): boolean {
  return than === null || at > than
}

function withoutCount({ unread_count: _, ...me }: Membership): Omit<Membership, 'unread_count'> {
  return me
}
