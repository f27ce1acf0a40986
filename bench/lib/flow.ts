// Messages at a steady pace, by plain SQL: the log does not mind who writes, so they flow while nodes come and go.
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Group } from './crowd.js'
import { wallClock } from './wall-clock.js'

const TURN_MS = 20

export type FlowOptions = { session: pg.Client; groups: readonly Group[]; per_second: number; characters?: number }

export class Flow {
  readonly #options: FlowOptions
  readonly #padding: string
  readonly #running: Promise<void>
  #going = true
  #failure: unknown
  #said = 0
  readonly #began = performance.now()

  constructor(options: FlowOptions) {
    this.#options = options
    this.#padding = 'and then she said '
      .repeat(Math.ceil((options.characters ?? 60) / 18))
      .slice(0, options.characters ?? 60)
    this.#running = this.#run().catch((error) => {
      this.#failure = error
    })
  }

  /** What was reached, as a whole. */
  get per_second(): number {
    return (this.#said / (performance.now() - this.#began)) * 1_000
  }

  /** Resolves once the last message is committed. @throws what the database said, if it said no */
  async stop(): Promise<void> {
    this.#going = false
    await this.#running
    if (this.#failure) throw this.#failure
  }

  async #run(): Promise<void> {
    const { per_second } = this.#options
    for (let due = performance.now(), owed = 0; this.#going; due += TURN_MS) {
      await delay(Math.max(0, due - performance.now()))
      owed += (per_second * TURN_MS) / 1_000
      const count = Math.floor(owed)
      owed -= count
      if (count > 0) await this.#say(count)
    }
  }

  /** Each begins with the time at which it was said: `saidAt` reads it. */
  async #say(count: number): Promise<void> {
    const { session, groups } = this.#options
    const chosen = Array.from({ length: count }, () => groups[Math.floor(Math.random() * groups.length)] as Group)
    await session.query(
      'insert into messages (conversation_id, sender_id, content) select * from unnest($1::uuid[], $2::uuid[], $3::text[])',
      [
        chosen.map(({ id }) => id),
        chosen.map(({ members }) => members[0]),
        chosen.map(() => `${wallClock().toFixed(2)} ${this.#padding}`),
      ],
    )
    this.#said += count
  }
}

/** On the wall clock; NaN for what was not said by a flow. */
export function saidAt(content: string): number {
  return Number.parseFloat(content)
}
