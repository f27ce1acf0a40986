// What everybody heard of one stream, and how long it took.
import type { Heard } from './client.js'
import { Samples } from './samples.js'

export class Hearing {
  /** From just before a request until the message with its client_id arrived, for each socket that heard it. */
  readonly latencies = new Samples()
  readonly #sentAt = new Map<string, number>()
  readonly #events = new Map<string, Heard[]>()
  readonly #texts = new Map<string, number>()
  readonly #deaf = new Set<string>()
  #waiting: { count: number; people: Set<string>; done: () => void } | undefined

  /** To be called just before the request. */
  sending(clientId: string): void {
    this.#sentAt.set(clientId, performance.now())
  }

  hear(userId: string, event: Heard, at: number): void {
    const events = this.#events.get(userId)
    if (events) events.push(event)
    else this.#events.set(userId, [event])
    if (event.message?.type !== 'text') return
    const sentAt = this.#sentAt.get(event.message.client_id ?? '')
    if (sentAt !== undefined) this.latencies.add(at - sentAt)
    const texts = this.texts(userId) + 1
    this.#texts.set(userId, texts)
    if (this.#waiting && texts >= this.#waiting.count) this.#waitNoLongerFor(userId)
  }

  /** Resolves when each of them has heard `count` texts or is deaf, or after `ms`: with those who still lack some. */
  async everyoneHas<T extends { id: string }>(count: number, people: readonly T[], ms: number): Promise<T[]> {
    const lacking = () => people.filter(({ id }) => this.texts(id) < count)
    const waiting = new Set(
      lacking()
        .map(({ id }) => id)
        .filter((id) => !this.#deaf.has(id)),
    )
    if (waiting.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        const done = () => {
          clearTimeout(timer)
          resolve()
        }
        this.#waiting = { count, people: waiting, done }
      })
      this.#waiting = undefined
    }
    return lacking()
  }

  /** Their socket is gone: nobody needs to wait for them. */
  deafen(userId: string): void {
    this.#deaf.add(userId)
    this.#waitNoLongerFor(userId)
  }

  events(userId: string): readonly Heard[] {
    return this.#events.get(userId) ?? []
  }

  /** Messages of people that this user has heard, doubles included. */
  texts(userId: string): number {
    return this.#texts.get(userId) ?? 0
  }

  listeners(): string[] {
    return [...this.#events.keys()]
  }

  #waitNoLongerFor(userId: string): void {
    this.#waiting?.people.delete(userId)
    if (this.#waiting?.people.size === 0) this.#waiting.done()
  }
}

/** All streams. A hearing begins when it is first asked for: frames may come before the answer that names their stream. */
export class Hearings {
  readonly #streams = new Map<string, Hearing>()

  of(stream: string): Hearing {
    const known = this.#streams.get(stream)
    if (known) return known
    const hearing = new Hearing()
    this.#streams.set(stream, hearing)
    return hearing
  }

  deafen(userId: string): void {
    for (const hearing of this.#streams.values()) hearing.deafen(userId)
  }
}
