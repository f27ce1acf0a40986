// What a client holds: loaded once, then kept up to date by events alone, by the rule that docs/realtime.md gives to clients.
import type { Conversation } from '../../src/contract/conversations.js'
import type { Membership } from '../../src/contract/memberships.js'
import type { Message } from '../../src/contract/messages.js'
import type { Ear, Frame } from './ear.js'
import type { Person } from './person.js'

type Member = { role: string; nickname: string | null; joined_at: string }
type Held = {
  /** Without what is derived here: unread_count and last_message. */
  conversation: Omit<Conversation, 'last_message' | 'me'> & { me: Omit<Membership, 'unread_count'> }
  members: Map<string, Member>
  bans: Map<string, string | null>
  messages: Map<string, Message>
}

export class Replica {
  readonly #person: Person
  readonly #conversations = new Map<string, Held>()
  readonly #blocks = new Set<string>()
  readonly #sessions = new Set<string>()
  readonly #hidden = new Set<string>()
  readonly #seqs = new Map<string, number>()
  #me: Record<string, unknown> = {}

  private constructor(person: Person) {
    this.#person = person
  }

  /** Connects first, so that nothing falls between the load and the first event. */
  static async open(person: Person): Promise<{ replica: Replica; ear: Ear }> {
    const ear = await person.connect()
    return { replica: await Replica.load(person), ear }
  }

  static async load(person: Person): Promise<Replica> {
    const replica = new Replica(person)
    const { data } = await person.get('/conversations?archived=include&limit=100')
    await Promise.all(data.map((one: Conversation) => replica.#hold(one)))
    replica.#me = await person.get('/users/me')
    for (const { user } of (await person.get('/blocks?limit=100')).data) replica.#blocks.add(user.id)
    for (const { id } of (await person.get('/sessions')).data) replica.#sessions.add(id)
    return replica
  }

  /** Everything in one comparable value. */
  picture(): unknown {
    const conversations = [...this.#conversations.values()].map(({ conversation, members, bans, messages }) => {
      const shown = [...messages.values()]
        .filter((message) => !this.#hidden.has(message.id))
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
        bans: [...bans].sort(),
        messages: shown,
      }
    })
    return {
      me: this.#me,
      blocks: [...this.#blocks].sort(),
      sessions: [...this.#sessions].sort(),
      conversations: conversations.sort((a, b) => a.id.localeCompare(b.id)),
    }
  }

  /** One frame, in the order in which the socket had them. Loads what somebody who has just joined does not have yet. */
  async apply(frame: Frame): Promise<void> {
    const { stream = '', seq, data } = frame
    if (seq === undefined || seq <= (this.#seqs.get(stream) ?? 0)) return
    this.#seqs.set(stream, seq)
    if (stream === this.#person.id) return this.#applyOwn(frame)
    const held = this.#conversations.get(stream)
    // Between conversation.joined on one's own stream and the load that follows, there may be events of it already.
    if (!held) return
    held.conversation.seq = seq
    if (frame.type === 'conversation.deleted') this.#conversations.delete(stream)
    else if (frame.type.startsWith('conversation.')) Object.assign(held.conversation, data)
    else if (frame.type.startsWith('member.')) this.#applyMember(held, frame)
    else this.#applyMessage(held, frame)
  }

  async #applyOwn({ type, data }: Frame): Promise<void> {
    switch (type) {
      case 'conversation.joined':
        if (data.conversation) await this.#hold(data.conversation)
        return
      case 'conversation.left':
        this.#conversations.delete(data.conversation_id)
        return
      case 'membership.updated': {
        const held = this.#conversations.get(data.conversation_id)
        if (held && data.me) held.conversation.me = withoutCount(data.me)
        return
      }
      case 'message.hidden':
        if (data.hidden) this.#hidden.add(data.message_id)
        else {
          this.#hidden.delete(data.message_id)
          const message = await this.#person.get(`/messages/${data.message_id}`)
          this.#conversations.get(data.conversation_id)?.messages.set(message.id, message)
        }
        return
      case 'user.updated':
        // The address is only in one's own view.
        this.#me = await this.#person.get('/users/me')
        return
      case 'session.revoked':
        this.#sessions.delete(data.session_id)
        return
      case 'block.added':
        this.#blocks.add(data.user_id)
        return
      case 'block.removed':
        this.#blocks.delete(data.user_id)
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
    held.messages.set(data.id, data)
    if (type === 'message.created') {
      const { conversation } = held
      const { me } = conversation
      conversation.message_number = data.number
      conversation.last_activity_at = at ?? ''
      if (data.sender_id === this.#person.id) {
        Object.assign(me, { read_number: data.number, delivered_number: data.number, unread_from: null })
      }
      if (me.archived_at !== null && isLater(at, me.archived_at) && isLater(at, me.muted_until)) me.archived_at = null
      return
    }
    for (const message of held.messages.values()) {
      const quoted = message.reply_to
      if (!quoted || quoted.id !== data.id) continue
      const excerpt = data.content === null ? null : [...data.content].slice(0, 140).join('')
      message.reply_to = { ...quoted, excerpt }
    }
  }

  async #hold(one: Conversation): Promise<void> {
    const { last_message: _, me, ...conversation } = one
    const at = `/conversations/${one.id}`
    const [members, messages, bans] = await Promise.all([
      this.#person.get(`${at}/members?limit=100`),
      this.#person.get(`${at}/messages?limit=100`),
      this.#person.ask('GET', `${at}/bans?limit=100`),
    ])
    const held: Held = {
      conversation: { ...conversation, me: withoutCount(me) },
      members: new Map(),
      bans: new Map(),
      messages: new Map(messages.data.map((message: Message) => [message.id, message])),
    }
    for (const { user, role, nickname, joined_at } of members.data)
      held.members.set(user.id, { role, nickname, joined_at })
    if (bans.status === 200) for (const { user, banned_until } of bans.body.data) held.bans.set(user.id, banned_until)
    this.#conversations.set(one.id, held)
    // What is newer comes as an event; what is older is in it already.
    this.#seqs.set(one.id, one.seq)
  }
}

function isLater(at = '', than: string | null): boolean {
  return than === null || at > than
}

function withoutCount({ unread_count: _, ...me }: Membership): Omit<Membership, 'unread_count'> {
  return me
}
