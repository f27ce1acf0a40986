// What everybody heard of one stream, and how long it took. Frames may come before the one who made the conversation has
// read the answer that names it, so a hearing begins with its first frame.
import type { EventFrame } from '../../src/contract/events.js'
import { Message } from '../../src/contract/messages.js'
import { Samples } from './samples.js'

export class Hearing {
  /** From just before a request until a frame with its client_id arrived, for each socket that heard it. */
  readonly latencies = new Samples()
  readonly #sentAt = new Map<string, number>()
  readonly #frames = new Map<string, EventFrame[]>()
  readonly #texts = new Map<string, number>()
  #waiting: { count: number; people: Set<string>; done: () => void } | undefined

  /** To be called just before the request. */
  sending(clientId: string): void {
    this.#sentAt.set(clientId, performance.now())
  }

  hear(userId: string, event: EventFrame, at: number): void {
    const frames = this.#frames.get(userId)
    if (frames) frames.push(event)
    else this.#frames.set(userId, [event])
    const message = messageOf(event)
    if (message?.type !== 'text') return
    const sentAt = this.#sentAt.get(message.client_id ?? '')
    if (sentAt !== undefined) this.latencies.add(at - sentAt)
    this.#texts.set(userId, this.texts(userId) + 1)
    this.#settle(userId)
  }

  /** This one will hear nothing more: nobody needs to wait for them. */
  giveUp(userId: string): void {
    this.#waiting?.people.delete(userId)
    if (this.#waiting?.people.size === 0) this.#waiting.done()
  }

  /** Resolves when each of them has heard `count` texts, or after `ms`: with those who have not. */
  async everyoneHas(count: number, people: readonly string[], ms: number): Promise<string[]> {
    const missing = new Set(people.filter((userId) => this.texts(userId) < count))
    if (missing.size === 0) return []
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#waiting = { count, people: missing, done }
    })
    this.#waiting = undefined
    return [...missing]
  }

  frames(userId: string): readonly EventFrame[] {
    return this.#frames.get(userId) ?? []
  }

  texts(userId: string): number {
    return this.#texts.get(userId) ?? 0
  }

  listeners(): string[] {
    return [...this.#frames.keys()]
  }

  #settle(userId: string): void {
    if (this.#waiting && this.texts(userId) >= this.#waiting.count) this.giveUp(userId)
  }
}

/** The message that an event announces, if it announces one that this reader may see. */
export function messageOf(event: EventFrame): Message | undefined {
  if (event.type !== 'message.created') return undefined
  // Parsed already by the client: this only tells a message from one that is gone.
  return Message.safeParse(event.data).data
}

/** The hearings of all streams. */
export class Hearings {
  readonly #streams = new Map<string, Hearing>()

  of(stream: string): Hearing {
    const known = this.#streams.get(stream)
    if (known) return known
    const hearing = new Hearing()
    this.#streams.set(stream, hearing)
    return hearing
  }
}
