// What a client tells its application.
import { Emitter } from './emitter.js'
import type { ClientEvents, ClientStatus } from './options.js'

export class News {
  readonly events = new Emitter<ClientEvents>((error) => this.report(error))
  readonly #onChanged: (conversationId: string) => void
  #status: ClientStatus = 'offline'
  #isReporting = false
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
    this.events.emit('status', status)
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
