// What a client tells its application.
import { Emitter } from './emitter.js'
import type { ClientEvents, ClientStatus } from './options.js'

export class News {
  readonly events = new Emitter<ClientEvents>((error) => this.report(error))
  readonly #onChanged: (conversationId: string) => void
  #status: ClientStatus = 'offline'
  #isReporting = false
  /** The server has said so over this socket. */
  #isStale = false
  /** What has changed and is not told yet. */
  #changed: Set<string> | undefined

  constructor(onChanged: (conversationId: string) => void) {
    this.#onChanged = onChanged
  }

  get status(): ClientStatus {
    return this.#status
  }

  show(status: ClientStatus): void {
    if (this.#status === status) return
    this.#status = status
    if (status === 'connecting') this.#isStale = false
    this.events.emit('status', status)
  }

  /** As far as the server itself is. */
  get isLive(): boolean {
    return this.#status === 'live' || this.#status === 'stale'
  }

  showLive(): void {
    this.show(this.#isStale ? 'stale' : 'live')
  }

  /** @returns false if this is no frame in which the server tells of itself */
  hear(type: unknown): boolean {
    if (type !== 'stale' && type !== 'fresh') return false
    this.#isStale = type === 'stale'
    if (this.isLive) this.showLive()
    return true
  }

  /** Told once for all that changes in one turn. */
  change(conversationId?: string): void {
    if (!this.#changed) {
      this.#changed = new Set()
      queueMicrotask(() => {
        const ids = this.#changed ?? []
        this.#changed = undefined
        for (const id of ids) this.#onChanged(id)
        this.events.emit('change')
      })
    }
    if (conversationId !== undefined) this.#changed.add(conversationId)
  }

  /** An error while errors are told is passed over. */
  report(error: unknown): void {
    if (this.#isReporting) return
    this.#isReporting = true
    this.events.emit('error', error)
    this.#isReporting = false
  }
}
