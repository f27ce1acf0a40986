// A client that is small enough for thousands of them in one process. It keeps its token and, of each stream, the last seq:
// the next event of a stream is the next seq or a repetition, anything else is a fault. It comes back as the SDK does.
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { CLOSE_CODES, shouldReconnect } from '../../../src/contract/close-codes.js'
import { backoff, REAL_CLOCK } from '../../../src/sdk/clock.js'
import type { Frame } from '../../support/ear.js'
import type { Person } from '../../support/person.js'
import { pick, type Random } from '../../support/random.js'

/** Whoever was live for so long comes back as if for the first time. */
const SETTLED_MS = 10_000
const NO_ANSWER_MS = 15_000
const AT_A_TIME = 100
const LIVE_MS = 120_000

/** Where somebody stands, for any number of their clients. */
export type Start = { resume: string; seqs: ReadonlyMap<string, number> }
export type LightClientOptions = {
  person: Person
  /** Where it comes to, in turn. */
  urls: readonly string[]
  start: Start
  random: Random
  /** Instead of the wait that the rule asks for. */
  waitMs?: (rule: number) => number
}

export class LightClient {
  readonly person: Person
  /** Of each stream that it hears, the last seq. */
  readonly seqs: Map<string, number>
  /** What should not have been; empty as long as all is well. */
  readonly faults: string[] = []
  /** The codes with which its sockets were closed, and how often each. */
  readonly closes = new Map<number, number>()
  readonly did = { connected: 0, resumed: 0, events: 0, repeated: 0, limited: 0, resync: 0 }
  /** The code after which a client does not come back. */
  endedWith: number | undefined
  readonly #options: LightClientOptions
  #socket: WebSocket | undefined
  #retry: NodeJS.Timeout | undefined
  #token: string
  #url = ''
  #turn = 0
  #attempt = 0
  #liveAt: number | undefined
  #within = 0
  #isOver = false
  /** What has come while it loads. */
  #waiting: Frame[] | undefined

  constructor(options: LightClientOptions) {
    this.#options = options
    this.person = options.person
    this.seqs = new Map(options.start.seqs)
    this.#token = options.start.resume
    this.#connect()
  }

  /** It has heard all that it had missed. */
  get isLive(): boolean {
    return this.#liveAt !== undefined
  }
  /** Where it is, or tries to be. */
  get url(): string {
    return this.#url
  }

  /** Its network is gone; it comes back. */
  cut(): void {
    this.#socket?.terminate()
  }

  /** For good. */
  leave(): void {
    this.#isOver = true
    clearTimeout(this.#retry)
    this.#socket?.terminate()
  }

  /** Streams of which it has not heard all that the log has by now. */
  behind(log: ReadonlyMap<string, number>): string[] {
    return [...this.seqs].filter(([stream, seq]) => seq < (log.get(stream) ?? 0)).map(([stream]) => stream)
  }

  #connect(): void {
    const { urls, person } = this.#options
    this.#url = urls[this.#turn++ % urls.length] ?? ''
    const query = new URLSearchParams({ token: person.token, resume: this.#token, batch: '1' })
    const socket = new WebSocket(`${this.#url.replace('http', 'ws')}/ws?${query}`, {
      perMessageDeflate: false,
      handshakeTimeout: NO_ANSWER_MS,
    })
    this.#socket = socket
    this.#waiting = undefined
    socket.on('message', (data) => {
      if (socket !== this.#socket) return
      for (const frame of [JSON.parse(data.toString())].flat() as Frame[]) this.#hear(frame)
    })
    // The close event follows.
    socket.on('error', () => undefined)
    socket.on('close', (code) => this.#lost(code))
  }

  #lost(code: number): void {
    if (this.#isOver) return
    this.closes.set(code, (this.closes.get(code) ?? 0) + 1)
    if (this.#liveAt !== undefined && Date.now() - this.#liveAt >= SETTLED_MS) this.#attempt = 0
    this.#liveAt = undefined
    if (!shouldReconnect(code)) {
      this.endedWith = code
      return
    }
    const { random, waitMs = (rule) => rule } = this.#options
    const grown = backoff({ ...REAL_CLOCK, random }, this.#attempt++)
    const isFirst = code === CLOSE_CODES.going_away.code && this.#attempt === 1
    this.#retry = setTimeout(() => this.#connect(), waitMs(isFirst ? random() * this.#within : grown))
  }

  #hear(frame: Frame): void {
    if (this.#waiting) this.#waiting.push(frame)
    else this.#take(frame)
  }

  #take({ type, stream, seq, data }: Frame): void {
    if (stream !== undefined && seq !== undefined) this.#count(stream, seq)
    if (type === 'checkpoint') this.#token = data.resume
    else if (type === 'conversation.joined') this.#stand(data.conversation_id, data.conversation?.seq ?? data.seq)
    else if (type === 'conversation.left') this.seqs.delete(data.conversation_id)
    else if (type === 'hello') {
      this.did.connected++
      this.#within = data.reconnect_within_s * 1_000
    } else if (type === 'resumed') {
      this.did.limited += data.limited.length
      this.#load(() => this.#standIn(data.limited), 'resumed')
    } else if (type === 'resync') {
      this.seqs.clear()
      this.#load(() => this.#begin(), 'resync')
    }
  }

  #count(stream: string, seq: number): void {
    const last = this.seqs.get(stream)
    if (last !== undefined && seq <= last) {
      this.did.repeated++
      return
    }
    if (last !== undefined && seq > last + 1) this.faults.push(`${this.person.name}: ${stream}#${seq} after #${last}`)
    this.did.events++
    this.seqs.set(stream, seq)
  }

  #stand(stream: string, seq: number): void {
    this.seqs.set(stream, Math.max(seq, this.seqs.get(stream) ?? 0))
  }

  /** What comes meanwhile waits; then it is live. */
  #load(read: () => Promise<void> | undefined, why: 'resumed' | 'resync'): void {
    const socket = this.#socket
    const goOn = () => {
      if (socket !== this.#socket || socket?.readyState !== WebSocket.OPEN) return
      this.did[why]++
      this.#liveAt = Date.now()
      const waiting = this.#waiting ?? []
      this.#waiting = undefined
      for (const frame of waiting) this.#hear(frame)
    }
    const reading = read()
    if (!reading) return goOn()
    this.#waiting = []
    // It is asked again, by the token that it has.
    reading.then(goOn, () => socket?.terminate())
  }

  async #begin(): Promise<void> {
    const { resume, seqs } = await startOf(this.person)
    this.#token = resume
    for (const [stream, seq] of seqs) this.#stand(stream, seq)
  }

  #standIn(limited: readonly string[]): Promise<void> | undefined {
    if (limited.length === 0) return undefined
    const read = async (id: string) => {
      const { status, body } = await this.person.ask('GET', `/conversations/${id}`)
      if (status === 200) this.#stand(id, body.seq)
      else this.seqs.delete(id)
    }
    return Promise.all(limited.map(read)).then(() => undefined)
  }
}

/** Where this person stands now. */
export async function startOf(person: Person): Promise<Start> {
  const { me, conversations, resume } = await person.get('/sync')
  const seqs = conversations.data.map(({ id, seq }: { id: string; seq: number }) => [id, seq])
  return { resume, seqs: new Map([[person.id, me.seq], ...seqs]) }
}

export type CrowdOptions = Pick<LightClientOptions, 'urls' | 'waitMs'> & { people: Person[]; count: number }

/** So many clients of these people, each of them of the next. They come some at a time; resolves once all of them are live. */
export async function openCrowd(random: Random, { people, count, ...options }: CrowdOptions): Promise<LightClient[]> {
  const starts = await Promise.all(people.map(async (person) => ({ person, start: await startOf(person) })))
  const crowd: LightClient[] = []
  while (crowd.length < count) {
    const coming = Array.from({ length: Math.min(AT_A_TIME, count - crowd.length) }, () => {
      const one = starts[crowd.length % starts.length] ?? pick(random, starts)
      const client = new LightClient({ ...options, ...one, random })
      crowd.push(client)
      return client
    })
    await allLive(coming)
  }
  return crowd
}

/** Resolves once each of them has heard what it had missed. */
export async function allLive(clients: readonly LightClient[]): Promise<void> {
  const deadline = Date.now() + LIVE_MS
  for (;;) {
    const away = clients.filter(({ isLive }) => !isLive)
    if (away.length === 0) return
    if (Date.now() > deadline) throw new Error(`${away.length} of ${clients.length} clients do not come back`)
    await delay(20)
  }
}
