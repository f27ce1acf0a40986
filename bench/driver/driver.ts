// The load: people with sockets who send and hear. The same for every server; only the adapter knows which one it is.
import { setTimeout as delay } from 'node:timers/promises'
import { forEachAtOnce } from '../lib/at-once.js'
import { type Latencies, Samples, summarize } from '../lib/samples.js'
import { type Adapter, type Connection, type Seat, writeMark } from './adapters/adapter.js'
import { ADAPTERS, type AdapterName } from './adapters.js'
import { type Asked, type Asking, askAll } from './asking.js'
import { type Inserted, type Inserting, insertAll } from './inserting.js'
import { type Counts, Ledger } from './ledger.js'

const OPENED_AT_ONCE = 50
const LOOK_MS = 20
/** After a refusal, so that an overloaded server is not asked as fast as it says no. */
const REST_MS = 50
/** More than this shows that a rate is not sustained. */
const MAX_IN_FLIGHT = 5_000

export type Phase = {
  seconds: number
  bytes: number
  /** Only these are spoken in. */
  conversations?: readonly string[]
}
/** `until`: when somebody who is at work sends the next text. */
export type Saturating = Phase & { in_flight: number; until: 'acked' | 'heard' }
export type Pacing = Phase & { rate: number }

export type Outcome = Counts & {
  /** From the first text until the last of the phase was answered. */
  seconds: number
  /** From the (intended) time of sending, in milliseconds: until answered, heard by the first, heard by the last. */
  acks: Latencies
  firsts: Latencies
  lasts: Latencies
  /** How long after the intended time the driver came to send. */
  late: Latencies
  frame_bytes: number
  /** False when the phase was broken off because answers stayed away. */
  sustained: boolean
  troubles: string[]
}

export class Driver {
  #adapter: Adapter = ADAPTERS.bare
  #connections: Connection[] = []
  /** Who may speak, by conversation. */
  #members = new Map<string, number[]>()
  #ledger = new Ledger(1)
  #onHeard = new Map<number, () => void>()
  #frameBytes = 0
  #troubles = new Set<string>()
  readonly #settle_ms: number

  /** `settle_ms`: how long the last answers and deliveries of a phase are waited for. */
  constructor(settle_ms = 15_000) {
    this.#settle_ms = settle_ms
  }

  /** Resolves once everybody hears. */
  async connect(name: AdapterName, seats: readonly Seat[]): Promise<void> {
    this.#adapter = ADAPTERS[name]
    this.#members = new Map()
    for (const [index, { conversations }] of seats.entries()) {
      for (const conversation of conversations) {
        const members = this.#members.get(conversation)
        if (members) members.push(index)
        else this.#members.set(conversation, [index])
      }
    }
    await forEachAtOnce(OPENED_AT_ONCE, [...seats.entries()], async ([index, seat]) => {
      this.#connections[index] = await this.#adapter.connect(seat, {
        onText: (id, frame_bytes) => this.#hear(id, index, frame_bytes),
        onLost: (what) => this.#troubles.add(what),
      })
    })
  }

  async disconnect(): Promise<void> {
    for (const connection of this.#connections.splice(0)) connection.close()
  }

  /** As many texts as the server takes, `in_flight` at a time. */
  async saturate({ in_flight, until, ...phase }: Saturating): Promise<Outcome> {
    const ledger = this.#begin()
    const conversations = phase.conversations ?? [...this.#members.keys()]
    const began = performance.now()
    const end = began + phase.seconds * 1_000
    let turn = 0
    let lastAt = began
    const work = async () => {
      while (performance.now() < end) {
        const conversation = conversations[turn++ % conversations.length] as string
        const isStored = await this.#say(ledger, conversation, performance.now(), phase.bytes, until)
        if (isStored) lastAt = performance.now()
        else await delay(REST_MS)
      }
    }
    const everybody = Promise.all(Array.from({ length: in_flight }, work))
    await Promise.race([everybody, delay(phase.seconds * 1_000 + this.#settle_ms, undefined, { ref: false })])
    await this.#settle(ledger)
    return this.#conclude(ledger, (lastAt - began) / 1_000, new Samples(), true)
  }

  /** Texts at a steady pace, whether or not they are answered: each latency counts from when it was to be sent. */
  async pace({ rate, ...phase }: Pacing): Promise<Outcome> {
    const ledger = this.#begin()
    const conversations = phase.conversations ?? [...this.#members.keys()]
    const late = new Samples()
    const total = rate * phase.seconds
    const began = performance.now() + 5
    let sent = 0
    while (sent < total && ledger.inFlight < MAX_IN_FLIGHT) {
      const now = performance.now()
      for (let due = began + (sent * 1_000) / rate; due <= now && sent < total; due = began + (sent * 1_000) / rate) {
        late.add(now - due)
        void this.#say(ledger, conversations[sent++ % conversations.length] as string, due, phase.bytes, 'acked')
      }
      await delay(1)
    }
    await this.#settle(ledger)
    const seconds = (performance.now() - began) / 1_000
    return this.#conclude(ledger, Math.max(phase.seconds, seconds - LOOK_MS / 1_000), late, sent === total)
  }

  /** Requests over HTTP, of everybody who has a seat. */
  ask(name: AdapterName, seats: readonly Seat[], asking: Asking): Promise<Asked> {
    return askAll(ADAPTERS[name], seats, asking)
  }

  /** Rows, without any server in between. */
  insert(inserting: Inserting): Promise<Inserted> {
    return insertAll(inserting)
  }

  #begin(): Ledger {
    this.#onHeard = new Map()
    this.#troubles = new Set()
    this.#ledger = new Ledger(this.#ledger.nextId)
    return this.#ledger
  }

  /** Answers whether it was stored. */
  async #say(ledger: Ledger, conversation: string, at: number, bytes: number, until: 'acked' | 'heard') {
    const members = this.#members.get(conversation) ?? []
    const from = members[Math.floor(Math.random() * members.length)] ?? 0
    const id = ledger.send(at, from, members.length - 1)
    const heard = until === 'heard' && new Promise<void>((resolve) => this.#onHeard.set(id, resolve))
    try {
      await this.#connections[from]?.send(conversation, writeMark(id, bytes))
      ledger.ack(id, performance.now())
      if (heard) await heard
      return true
    } catch (error) {
      ledger.fail()
      this.#troubles.add(String(error))
      return false
    }
  }

  #hear(id: number, by: number, frame_bytes: number): void {
    this.#frameBytes = frame_bytes
    if (!this.#ledger.hear(id, by, performance.now())) return
    this.#onHeard.get(id)?.()
    this.#onHeard.delete(id)
  }

  async #settle(ledger: Ledger): Promise<void> {
    const deadline = performance.now() + this.#settle_ms
    while (!ledger.isSettled && performance.now() < deadline) await delay(LOOK_MS)
  }

  #conclude(ledger: Ledger, seconds: number, late: Samples, sustained: boolean): Outcome {
    return {
      ...ledger.count(),
      seconds,
      acks: summarize(ledger.acks),
      firsts: summarize(ledger.firsts),
      lasts: summarize(ledger.lasts),
      late: summarize(late),
      frame_bytes: this.#frameBytes,
      sustained: sustained && ledger.inFlight === 0,
      troubles: [...this.#troubles].slice(0, 5),
    }
  }
}
