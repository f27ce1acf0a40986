// One conversation, replayed: every line is sent as its author, one after the other; then what each member heard, and what
// each can read back, is held against what was sent.
import { setImmediate } from 'node:timers/promises'
import type { Conversation } from '../../src/contract/conversations.js'
import type { EventData, Hello } from '../../src/contract/events.js'
import { HARD } from '../../src/contract/limits.js'
import type { Message } from '../../src/contract/messages.js'
import { compareRun, compareUtterances, Findings, type Utterance } from './agreement.js'
import { forEachAtOnce } from './at-once.js'
import { BadAnswer, type Client } from './client.js'
import type { Author } from './company.js'
import type { Hearing, Hearings } from './hearing.js'
import { type Line, type Transcript, whyNotSend } from './transcript.js'

/** From the last answer until the last delivery. */
const LAST_DELIVERY_MS = 30_000
const READERS_AT_ONCE = 2

export class Lane {
  readonly transcript: Transcript
  readonly members: readonly Author[]
  readonly findings = new Findings()
  /** Why a line was not sent -> how often. */
  readonly skipped = new Map<string, number>()
  replies = 0
  /** Replies to a line that is not in the file, comes later, or was not sent: sent without. */
  unlinked = 0
  seconds = 0
  readonly #client: Client
  readonly #hearings: Hearings
  readonly #group: Conversation
  /** n of the line -> what was sent, in the order of sending */
  readonly #sent = new Map<number, Utterance>()

  private constructor(
    client: Client,
    hearings: Hearings,
    transcript: Transcript,
    members: readonly Author[],
    group: Conversation,
  ) {
    this.#client = client
    this.#hearings = hearings
    this.transcript = transcript
    this.members = members
    this.#group = group
  }

  /** Makes the group; whoever speaks first is its owner. */
  static async open(client: Client, hearings: Hearings, transcript: Transcript, authors: ReadonlyMap<string, Author>) {
    const members = transcript.nicks.flatMap((nick) => authors.get(nick) ?? [])
    const [owner, ...others] = members
    if (!owner) throw new Error(`${transcript.name} has no authors`)
    const ids = others.map((author) => author.id)
    const name = transcript.name.slice(0, HARD.conversation_name)
    const group = await client.createGroup(owner.token, name, ids.slice(0, HARD.ids))
    for (let from = HARD.ids; from < ids.length; from += HARD.ids) {
      await client.addMembers(owner.token, group.id, ids.slice(from, from + HARD.ids))
    }
    return new Lane(client, hearings, transcript, members, group)
  }

  get hearing(): Hearing {
    return this.#hearings.of(this.#group.id)
  }

  get sent(): number {
    return this.#sent.size
  }

  get deliveries(): number {
    return this.members.reduce((sum, member) => sum + this.hearing.texts(member.id), 0)
  }

  /** Sends every line, and waits until everybody has heard it. */
  async play(limits: Hello['limits'], onLine: () => void): Promise<void> {
    const began = performance.now()
    const authors = new Map(this.members.map((member) => [member.nick, member]))
    for (const line of this.transcript.lines) {
      const author = authors.get(line.nick)
      const reason = whyNotSend(line.text, limits)
      if (reason !== undefined) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1)
      else if (author) await this.#send(line, author)
      onLine()
    }
    const late = await this.hearing.everyoneHas(this.sent, this.members, LAST_DELIVERY_MS)
    this.seconds = (performance.now() - began) / 1_000
    for (const member of late) {
      this.findings.add(member.nick, [
        `has heard ${this.hearing.texts(member.id)} of ${this.sent} messages, and no more is waited for`,
      ])
    }
  }

  /** Every member reads the whole history. */
  async readBack(onHistory: () => void): Promise<void> {
    await forEachAtOnce(READERS_AT_ONCE, this.members, async (member) => {
      this.findings.add(`the history of ${member.nick}`, await this.#checkHistory(member))
      onHistory()
    })
  }

  /** Holds what each socket heard against what was sent: to be called late, for a double may come late. */
  async checkHearing(troubles: ReadonlyMap<string, readonly string[]>): Promise<void> {
    const strangers = new Set(this.hearing.listeners())
    for (const member of this.members) {
      // The server may live on this very loop, and its heart must not stand still meanwhile.
      await setImmediate()
      strangers.delete(member.id)
      const events = this.hearing.events(member.id)
      this.findings.add(`the socket of ${member.nick}`, [
        ...(troubles.get(member.id) ?? []),
        ...this.#compare(events.flatMap(({ message }) => message ?? [])),
        ...this.#checkSeqs(
          member,
          events.map((event) => event.seq),
        ),
      ])
    }
    for (const stranger of strangers) this.findings.add(stranger, ['heard this conversation without being a member'])
  }

  async #send({ n, text, reply_to }: Line, author: Author): Promise<void> {
    const target = reply_to === null ? undefined : this.#sent.get(reply_to)
    if (target) this.replies++
    else if (reply_to !== null) this.unlinked++
    const client_id = crypto.randomUUID()
    this.hearing.sending(client_id)
    try {
      const { id, number } = await this.#client.send(author.token, this.#group.id, {
        content: text,
        client_id,
        reply_to_id: target?.id,
      })
      const reply_to_id = target?.id ?? null
      this.#sent.set(n, { id, client_id, number, sender_id: author.id, content: text, reply_to_id })
    } catch (error) {
      if (!(error instanceof BadAnswer)) throw error
      this.findings.add(author.nick, [`line ${n} was refused: ${error.message}`])
    }
  }

  #compare(messages: readonly Message[]): string[] {
    const got = messages
      .filter((message) => message.type !== 'system')
      .map((message) => ({ ...message, reply_to_id: message.reply_to?.id ?? null }))
    return compareUtterances([...this.#sent.values()], got)
  }

  async #checkHistory(member: Author): Promise<string[]> {
    try {
      const history = await this.#client.readHistory(member.token, this.#group.id)
      const numbers = history.map((message) => message.number)
      return [...this.#compare(history), ...compareRun('number', 1, numbers)]
    } catch (error) {
      if (!(error instanceof BadAnswer)) throw error
      return [`was refused: ${error.message}`]
    }
  }

  /** From the seq of their joining on, which is said on their own stream, each the next. */
  #checkSeqs(member: Author, seqs: readonly number[]): string[] {
    for (const { type, data } of this.#hearings.of(member.id).events(member.id)) {
      if (type !== 'conversation.joined') continue
      const joined = data as EventData<'conversation.joined'>
      if (joined.conversation_id === this.#group.id) return compareRun('seq', joined.seq + 1, seqs)
    }
    return ['never heard conversation.joined']
  }
}
