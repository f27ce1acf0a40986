// What was sent, what was answered, and by how many of those who were to hear it each text was heard.
import { Samples } from '../lib/samples.js'

const FIRST_ROOM = 1 << 14

export type Counts = {
  sent: number
  acked: number
  /** Answered with a refusal, or cut off. */
  failed: number
  /** Deliveries, without the echo that a sender may get. */
  heard: number
  /** Of what was acknowledged: deliveries that never came. */
  lost: number
  /** Deliveries beyond one to each. */
  surplus: number
}

export class Ledger {
  readonly acks = new Samples()
  readonly firsts = new Samples()
  readonly lasts = new Samples()
  readonly #first: number
  readonly #state: { at: Float64Array; from: Int32Array; due: Int32Array; heard: Int32Array; acked: Uint8Array }
  #sent = 0
  #acked = 0
  #failed = 0
  #heard = 0
  /** Deliveries that are still to come, of what was acknowledged. */
  #open = 0

  constructor(firstId: number) {
    this.#first = firstId
    this.#state = {
      at: new Float64Array(FIRST_ROOM),
      from: new Int32Array(FIRST_ROOM),
      due: new Int32Array(FIRST_ROOM),
      heard: new Int32Array(FIRST_ROOM),
      acked: new Uint8Array(FIRST_ROOM),
    }
  }

  get nextId(): number {
    return this.#first + this.#sent
  }

  get isSettled(): boolean {
    return this.#open <= 0 && this.#acked + this.#failed === this.#sent
  }

  get inFlight(): number {
    return this.#sent - this.#acked - this.#failed
  }

  /** `at`: when it is meant to be sent; `due`: how many others are to hear it. Answers with its id. */
  send(at: number, from: number, due: number): number {
    const index = this.#sent++
    if (index === this.#state.at.length) this.#grow()
    this.#state.at[index] = at
    this.#state.from[index] = from
    this.#state.due[index] = due
    return this.#first + index
  }

  ack(id: number, now: number): void {
    const index = id - this.#first
    const { at, due, heard, acked } = this.#state
    acked[index] = 1
    this.#acked++
    this.#open += (due[index] ?? 0) - (heard[index] ?? 0)
    this.acks.add(now - (at[index] ?? 0))
  }

  fail(): void {
    this.#failed++
  }

  /** True when this was the last who was to hear it. */
  hear(id: number, by: number, now: number): boolean {
    const index = id - this.#first
    // Of a phase that is over, or an echo.
    if (index < 0 || index >= this.#sent || this.#state.from[index] === by) return false
    const { at, due, heard, acked } = this.#state
    const count = (heard[index] ?? 0) + 1
    heard[index] = count
    this.#heard++
    if (acked[index]) this.#open--
    if (count === 1) this.firsts.add(now - (at[index] ?? 0))
    if (count !== due[index]) return false
    this.lasts.add(now - (at[index] ?? 0))
    return true
  }

  count(): Counts {
    const { due, heard, acked } = this.#state
    let lost = 0
    let surplus = 0
    for (let index = 0; index < this.#sent; index++) {
      const missing = (due[index] ?? 0) - (heard[index] ?? 0)
      if (missing > 0 && acked[index]) lost += missing
      if (missing < 0) surplus -= missing
    }
    return { sent: this.#sent, acked: this.#acked, failed: this.#failed, heard: this.#heard, lost, surplus }
  }

  #grow(): void {
    const state = this.#state
    const room = state.at.length * 2
    const larger = <T extends Float64Array | Int32Array | Uint8Array>(old: T, fresh: T): T => {
      fresh.set(old)
      return fresh
    }
    state.at = larger(state.at, new Float64Array(room))
    state.from = larger(state.from, new Int32Array(room))
    state.due = larger(state.due, new Int32Array(room))
    state.heard = larger(state.heard, new Int32Array(room))
    state.acked = larger(state.acked, new Uint8Array(room))
  }
}
