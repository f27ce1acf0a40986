// People who write, over REST and over sockets, and who do not rest until each message was answered for: with the same client
// id, however often that takes. What was asked and what was answered is kept for the audit.
import { setTimeout as delay } from 'node:timers/promises'
import type { Ear } from '../../support/ear.js'
import { fetchJson, type Person } from '../../support/person.js'
import { fork, pick, type Random, upTo } from '../../support/random.js'
import { ANSWER_MS, type Stage } from './stage.js'

const GIVE_UP_MS = 120_000
/** Answers after which one asks again. */
const PASSING = [429, 502, 503, 504]

/** One message, from the first time it was sent until it was answered for. */
export type Send = {
  client_id: string
  sender: string
  conversation: string
  content: string
  tries: number
  /** What the server made of it; undefined while it is not known. */
  outcome?: { id: string; number: number } | { refused: string }
  /** Changed by its sender since. */
  isEdited?: boolean
}
/** How far a member has certainly read. */
export type Read = { conversation: string; user: string; read_number: number }

type Room = { id: string; owner: Person; members: Person[] }
type Writer = { person: Person; random: Random; sent: Send[]; ear?: Ear | undefined; overSocket: boolean }

export type WorkloadOptions = {
  writers?: number
  rooms?: number
  /** Longest rest between two acts of one writer; on average it is half of it. */
  restMs?: number
  /** Also edit, delete, read, leave and join: on unless it is said otherwise. */
  variety?: boolean
  /** In every room from the beginning, and left alone. */
  listeners?: Person[]
  /** In a room now and then. */
  wanderers?: Person[]
}

export class Workload {
  readonly sends: Send[] = []
  readonly reads: Read[] = []
  readonly rooms: Room[] = []
  /** The longest that anybody has waited for one answer, in milliseconds. */
  longestMs = 0
  /** Answers that asked for another try, by code; and what never should have come. */
  readonly refusals = new Map<string, number>()
  readonly failures: string[] = []
  readonly #stage: Stage
  readonly #random: Random
  readonly #options: Required<WorkloadOptions>
  readonly #writers: Writer[] = []
  #running: Promise<unknown> | undefined
  #isOver = false
  #acknowledged = 0
  #waiting: { count: number; resolve: () => void }[] = []

  private constructor(stage: Stage, random: Random, options: Required<WorkloadOptions>) {
    this.#stage = stage
    this.#random = random
    this.#options = options
  }

  /** Signs them up and puts them into rooms; `begin` sets them to work. */
  static async gather(stage: Stage, random: Random, options: WorkloadOptions = {}): Promise<Workload> {
    const all = { writers: 8, rooms: 4, restMs: 40, variety: true, listeners: [], wanderers: [], ...options }
    const workload = new Workload(stage, random, all)
    const names = Array.from({ length: all.writers }, (_, n) => `writer${n}`)
    const people = await Promise.all(names.map((name, n) => stage.person(name, stage.node(n % stage.nodes.length))))
    for (const [n, person] of people.entries())
      workload.#writers.push({ person, random: fork(random), sent: [], overSocket: n % 2 === 1 })
    for (let n = 0; n < all.rooms; n++) {
      // Each room has half of the writers, and each writer half of the rooms.
      const members = people.filter((_, index) => index % 2 === n % 2 || n === all.rooms - 1)
      const [owner, ...others] = members
      if (!owner) throw new Error('a room needs somebody')
      const { id } = await stage.group(owner, ...others, ...all.listeners, ...all.wanderers)
      workload.rooms.push({ id, owner, members })
    }
    return workload
  }

  get acknowledged(): number {
    return this.#acknowledged
  }
  get people(): Person[] {
    return this.#writers.map(({ person }) => person)
  }

  begin(): void {
    this.#running = Promise.all(this.#writers.map((writer) => this.#run(writer)))
    this.#running.catch(() => undefined)
  }

  /** Resolves once so many more messages were acknowledged. */
  async acknowledges(more: number): Promise<void> {
    const count = this.#acknowledged + more
    const got = new Promise<void>((resolve) => this.#waiting.push({ count, resolve }))
    // Whatever ends the writers ends the wait.
    await Promise.race([got, this.#running?.then(() => undefined)])
  }

  /** Nothing new is begun; resolves once everything that was begun has its answer. */
  async end(): Promise<void> {
    this.#isOver = true
    await this.#running
    for (const { ear } of this.#writers) ear?.cut()
  }

  /** Their senders ask for them once more, with the same client ids; what was read is forgotten. */
  async askAgain({ sends, reads }: { sends: readonly Send[]; reads: readonly Read[] }): Promise<void> {
    for (const read of reads) this.reads.splice(this.reads.indexOf(read), 1)
    await Promise.all(
      this.#writers.map(async (writer) => {
        const own = sends.filter(({ sender }) => sender === writer.person.id)
        for (const send of own) send.outcome = await this.#untilAnswered(writer, send)
      }),
    )
  }

  async #run(writer: Writer): Promise<void> {
    while (!this.#isOver) {
      await this.#act(writer)
      await delay(upTo(writer.random, this.#options.restMs))
    }
  }

  async #act(writer: Writer): Promise<void> {
    const { random, sent, person } = writer
    const rooms = this.rooms.filter(({ members }) => members.includes(person))
    const room = pick(random, rooms)
    const chance = this.#options.variety ? random() * 100 : 0
    const last = sent.length > 0 ? pick(random, sent) : undefined
    const id = last?.outcome && 'id' in last.outcome ? last.outcome.id : undefined
    if (chance < 70 || !last || id === undefined) await this.#send(writer, room)
    else if (chance < 80) {
      last.isEdited = true
      await this.#ask(writer, 'PATCH', `/messages/${id}`, { content: `edited ${random()}` })
    } else if (chance < 84) {
      last.isEdited = true
      await this.#ask(writer, 'DELETE', `/messages/${id}`)
    } else if (chance < 94 || this.#options.wanderers.length === 0) {
      const read_number = 1 + upTo(random, this.sends.length)
      const answer = await this.#ask(writer, 'PUT', `/conversations/${room.id}/receipts`, { read_number })
      if (answer?.status === 200)
        this.reads.push({ conversation: room.id, user: person.id, read_number: answer.body.read_number })
    } else {
      const wanderer = pick(random, this.#options.wanderers)
      const at = `/conversations/${room.id}/members`
      const as = { ...writer, person: room.owner }
      if (random() < 0.5) await this.#ask(as, 'POST', at, { user_ids: [wanderer.id] })
      else await this.#ask(as, 'DELETE', `${at}/${wanderer.id}`)
    }
  }

  /** Until it is answered for. */
  async #send(writer: Writer, { id: conversation }: Room): Promise<void> {
    const { person, random, sent } = writer
    const content = `${person.name} ${sent.length} ${'x'.repeat(upTo(random, 200))}`
    const send: Send = { client_id: crypto.randomUUID(), sender: person.id, conversation, content, tries: 0 }
    this.sends.push(send)
    send.outcome = await this.#untilAnswered(writer, send)
    if ('refused' in send.outcome) return
    sent.push(send)
    this.#acknowledged++
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (count > this.#acknowledged) return true
      resolve()
      return false
    })
  }

  async #untilAnswered(writer: Writer, send: Send): Promise<NonNullable<Send['outcome']>> {
    const deadline = Date.now() + GIVE_UP_MS
    for (;;) {
      send.tries++
      const outcome = writer.overSocket
        ? await this.#sendOverSocket(writer, send)
        : await this.#sendOverRest(writer, send)
      if (outcome) return outcome
      if (Date.now() > deadline) throw new Error(`a message was not answered for in ${GIVE_UP_MS} ms`)
      await delay(20 + upTo(writer.random, 80))
    }
  }

  async #sendOverRest(writer: Writer, { conversation, content, client_id }: Send): Promise<Send['outcome']> {
    const answer = await this.#ask(writer, 'POST', `/conversations/${conversation}/messages`, { content, client_id })
    if (!answer) return undefined
    const { status, body } = answer
    return status < 300 ? { id: body.id, number: body.number } : { refused: body.code }
  }

  async #sendOverSocket(writer: Writer, { conversation, content, client_id }: Send): Promise<Send['outcome']> {
    const ear = await this.#earOf(writer)
    if (!ear) return undefined
    const began = Date.now()
    const reply = ear.command('message.send', { conversation_id: conversation, content, client_id })
    reply.catch(() => undefined)
    const answer = await Promise.race([reply, ear.closed.then(() => undefined)]).catch(() => {
      // It has been silent for as long as an ear waits.
      ear.cut()
      return undefined
    })
    this.longestMs = Math.max(this.longestMs, Date.now() - began)
    if (!answer) return undefined
    if (answer.ok) return { id: answer.data.id, number: answer.data.number }
    const { code, retry_after } = answer.error
    if (code === 'internal') this.failures.push(`message.send: ${code}`)
    return retry_after === undefined ? { refused: code } : this.#count(code)
  }

  async #earOf(writer: Writer): Promise<Ear | undefined> {
    if (writer.ear?.isOpen) return writer.ear
    const url = pick(writer.random, this.#stage.urls)
    writer.ear = await writer.person.connect(url).catch(() => undefined)
    return writer.ear
  }

  /** Undefined: there was no answer, or one that asks for another try. */
  // biome-ignore lint/suspicious/noExplicitAny: what the route answers
  async #ask({ person, random }: Writer, method: string, path: string, body?: unknown): Promise<any> {
    const began = Date.now()
    const answered = new AbortController()
    const answer = await Promise.race([
      fetchJson(pick(random, this.#stage.urls), method, path, {
        body,
        headers: { authorization: `Bearer ${person.token}` },
      }).catch(() => undefined),
      delay(ANSWER_MS, undefined, { ref: false, signal: answered.signal }).then(
        () => {
          this.failures.push(`${method} ${path}: no answer in ${ANSWER_MS} ms`)
          return undefined
        },
        () => undefined,
      ),
    ])
    answered.abort()
    this.longestMs = Math.max(this.longestMs, Date.now() - began)
    if (!answer) return undefined
    if (PASSING.includes(answer.status)) {
      if (!answer.headers.has('retry-after'))
        this.failures.push(`${method} ${path}: ${answer.status} without Retry-After`)
      return this.#count(answer.body.code)
    }
    if (answer.status >= 500) this.failures.push(`${method} ${path}: ${answer.status} ${answer.body.code}`)
    return answer
  }

  #count(code: string): undefined {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
    return undefined
  }
}
