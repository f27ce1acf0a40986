// One conversation, replayed: its group is made, every line is sent as its author, one after the other; then what each
// member heard and what each can read back is held against what was sent.
import type { Hello } from '../../src/contract/events.js'
import { HARD } from '../../src/contract/limits.js'
import type { Message } from '../../src/contract/messages.js'
import { compareRun, compareUtterances, Findings, type Utterance } from './agreement.js'
import { forEachAtOnce } from './at-once.js'
import { type Client, Refusal } from './client.js'
import type { Author } from './company.js'
import type { Hearing, Hearings } from './hearing.js'
import { type Line, type Transcript, whyNotSend } from './transcript.js'

/** From the last answer until the last delivery. */
const LAST_DELIVERY_MS = 30_000
const READERS_AT_ONCE = 2

export type Group = { id: string; hearing: Hearing; members: readonly Author[] }

export class Lane {
  readonly transcript: Transcript
  readonly findings = new Findings()
  /** Why a line was not sent -> how often. */
  readonly skipped = new Map<string, number>()
  /** Replies to a line that is not in the file, comes later, or was not sent: sent without. */
  unlinked = 0
  replies = 0
  seconds = 0
  readonly #client: Client
  readonly #group: Group
  readonly #sent = new Map<number, Utterance>()
  readonly #histories = new Map<string, Message[]>()

  constructor(client: Client, transcript: Transcript, group: Group) {
    this.#client = client
    this.transcript = transcript
    this.#group = group
  }

  get sent(): number {
    return this.#sent.size
  }

  get members(): readonly Author[] {
    return this.#group.members
  }

  get hearing(): Hearing {
    return this.#group.hearing
  }

  get deliveries(): number {
    return this.members.reduce((sum, member) => sum + this.hearing.texts(member.id), 0)
  }

  /** Sends every line, and waits until everybody has heard it. */
  async play(limits: Hello['limits'], onLine: () => void): Promise<void> {
    const began = performance.now()
    const authors = new Map(this.members.map((member) => [member.nick, member]))
    for (const line of this.transcript.lines) {
      const reason = whyNotSend(line.text, limits)
      if (reason === undefined) await this.#send(line, authors)
      else this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1)
      onLine()
    }
    const ids = this.members.map((member) => member.id)
    const late = new Set(await this.hearing.everyoneHas(this.sent, ids, LAST_DELIVERY_MS))
    this.seconds = (performance.now() - began) / 1_000
    for (const member of this.members) {
      if (!late.has(member.id)) continue
      const texts = this.hearing.texts(member.id)
      this.findings.add(member.nick, [
        `has heard ${texts} of ${this.sent} messages; gave up ${LAST_DELIVERY_MS / 1_000} s after the last was sent`,
      ])
    }
  }

  /** Every member reads the whole history. */
  async readBack(onHistory: () => void): Promise<void> {
    await forEachAtOnce(READERS_AT_ONCE, this.members, async (member) => {
      const messages = await this.#client.readHistory(member.token, this.#group.id)
      const numbers = messages.map((message) => message.number)
      this.findings.add(`${member.nick}'s history`, [
        ...compareUtterances([...this.#sent.values()], messages.filter(isText).map(toUtterance)),
        ...compareRun('number', 1, numbers),
      ])
      onHistory()
    })
  }

  /** Holds what each socket heard against what was sent: as late as possible, for a double may come late. */
  compare(hearings: Hearings, troubles: ReadonlyMap<string, readonly string[]>): void {
    const said = [...this.#sent.values()]
    for (const member of this.members) {
      const events = this.hearing.events(member.id)
      const heard = events.flatMap(({ message }) => (message && isText(message) ? [toUtterance(message)] : []))
      this.findings.add(`${member.nick}'s socket`, [
        ...(troubles.get(member.id) ?? []),
        ...compareUtterances(said, heard),
        ...this.#compareSeqs(hearings.of(member.id), member, events.map((event) => event.seq)),
      ])
    }
    const ours = new Set(this.members.map((member) => member.id))
    for (const listener of this.hearing.listeners()) {
      if (!ours.has(listener)) this.findings.add(listener, ['heard this conversation without being a member'])
    }
  }
}
