import type { Outbox } from './outbox.js'
import type { Reader } from './reader.js'
import type { State } from './state.js'
import { Timeline } from './timeline.js'

export type TimelinesOptions = {
  state: State
  reader: Reader
  outbox: Outbox
  onError: (error: unknown) => void
}

/** The timelines that are open, by conversation. */
export class Timelines {
  readonly #options: TimelinesOptions
  readonly #open = new Map<string, Set<Timeline>>()

  constructor(options: TimelinesOptions) {
    this.#options = options
  }

  /** @throws EarshotError conversation.not_found, or why it cannot be read */
  async open(id: string): Promise<Timeline> {
    const { state, reader } = this.#options
    await reader.bring(id)
    state.open(id)
    const timeline = new Timeline({ ...this.#options, conversation_id: id, onClosed: (one) => this.#forget(one) })
    this.#open.set(id, (this.#open.get(id) ?? new Set()).add(timeline))
    try {
      await reader.fill(id)
    } catch (error) {
      timeline.close()
      throw error
    }
    return timeline
  }

  changed(id: string): void {
    for (const timeline of this.#open.get(id) ?? []) timeline.changed()
  }

  gone(id: string): void {
    for (const timeline of this.#open.get(id) ?? []) timeline.gone()
  }

  #forget(timeline: Timeline): void {
    const { conversation_id: id } = timeline
    const open = this.#open.get(id)
    if (open?.delete(timeline) && open.size === 0) this.#open.delete(id)
  }
}
