// A client that is cut off again and again, and goes on from what it had put away: the state and the token of the last
// checkpoint. It writes down every seq that it hears, to be held against the log.
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Ear, Frame } from './ear.js'
import type { Person } from './person.js'
import { type Random, upTo } from './random.js'
import { type FetchStretch, fetchBy, Replica, type State } from './replica.js'

/** What was heard of each stream, each seq once; and up to which event id it was loaded instead. */
type Journal = { heard: Map<string, number[]>; loaded: Map<string, number>; allLoaded: number }
type Kept = { state: State; journal: Journal; token: string }
/** What a token says was heard, and what was. */
type Claim = { safe_id: number; last: Map<string, number>; loaded: Map<string, number>; allLoaded: number }

/** How long it waits for something new before it is cut all the same; what was missed has more time. */
const NEWS_MS = 60
const MISSED_MS = 3_000
/** What one waits for before the socket goes; `hello`: before anything of what was missed has been applied. */
export type Visit = 'hello' | 'resumed' | 'news' | 'behind' | 'poll'

/** As much of a database session as is needed to know what is true. */
export type Sql = {
  // biome-ignore lint/suspicious/noExplicitAny: the one who asks knows the rows
  query: (text: string, values?: unknown[]) => Promise<{ rows: any[] }>
}

export type ReturnerOptions = {
  person: Person
  /** Where it comes back to, in turn. */
  urls: readonly string[]
  psql: Sql
  random: Random
  batch: boolean
}

export class Returner {
  readonly #options: ReturnerOptions
  readonly #replica: Replica
  #ear: Ear | undefined
  /** Frames before it are applied. */
  #read = 0
  #token: string
  #kept: Kept
  #journal: Journal
  #turn = 0
  /** Whatever was ever heard, also before it went back. */
  readonly #received = new Map<string, Set<number>>()
  #claims: Claim[] = []
  #isLeaving = false
  readonly did = { resumed: 0, limited: 0, resync: 0, gaps: 0, wentBack: 0 }
  /** The codes with which its sockets were closed. */
  readonly closes: number[] = []

  private constructor(options: ReturnerOptions, replica: Replica, loaded: number) {
    this.#options = options
    this.#replica = replica
    this.#token = replica.resume
    this.#journal = { heard: new Map(), loaded: new Map(), allLoaded: loaded }
    this.#kept = this.#keep()
  }

  static async begin(options: ReturnerOptions): Promise<Returner> {
    const fetch: FetchStretch = async (stream, from_seq, to_seq) => {
      one.did.gaps++
      const events = one.#ear ? await fetchBy(one.#ear, stream, from_seq, to_seq) : []
      for (const event of events) one.#note(event)
      return events
    }
    const replica = await Replica.load(options.person, fetch)
    const one: Returner = new Returner(options, replica, await lastEventId(options.psql))
    return one
  }

  /** Comes, hears something, and is cut off. */
  async visit(kind: Visit): Promise<void> {
    if (kind === 'poll') return this.#poll()
    const ear = await this.#comeBack()
    if (kind === 'behind') {
      await this.#until(ear, isCaughtUp, MISSED_MS)
      ear.socket.pause()
      await delay(upTo(this.#options.random, 300))
      ear.socket.resume()
      await this.#until(ear, ({ seq }) => seq !== undefined)
    } else if (kind !== 'hello') {
      await this.#until(ear, isCaughtUp, MISSED_MS)
      if (kind === 'news') await this.#until(ear, ({ seq }) => seq !== undefined)
    }
    ear.cut()
    this.#ear = undefined
    this.#goOn()
  }

  /** Comes, and stays until its node is gone. */
  async stay(): Promise<void> {
    const ear = await this.#comeBack()
    if (this.#isLeaving) ear.cut()
    while (ear.isOpen) await this.#until(ear, () => false, MISSED_MS)
    await this.#until(ear, () => false)
    this.closes.push((await ear.closed).code)
    this.#ear = undefined
    this.#goOn()
  }

  /** Comes back whenever it is cut off, until it is told to leave. */
  async follow(): Promise<void> {
    while (!this.#isLeaving) await this.stay()
  }

  /** Ends `follow`. */
  leave(): void {
    this.#isLeaving = true
    this.#ear?.cut()
  }

  /** As somebody whose process is held up: what is sent waits until they read on. */
  stopReading(): void {
    this.#ear?.socket.pause()
  }
  readOn(): void {
    this.#ear?.socket.resume()
  }

  /** Over the socket that it has now. */
  async command(type: string, data?: unknown): Promise<Frame> {
    if (!this.#ear) throw new Error(`there is no socket for ${type}`)
    return this.#ear.command(type, data)
  }

  /** Events that it has heard and that count. */
  get count(): number {
    return [...this.#received.values()].reduce((sum, seqs) => sum + seqs.size, 0)
  }

  /** Asks once more, and has all that was committed before. */
  async pollOnce(): Promise<Replica> {
    await this.#poll()
    return this.#replica
  }

  /** Comes once more and stays until it has heard all that there is. */
  async arrive(): Promise<Replica> {
    const ear = await this.#comeBack()
    await ear.seen(isCaughtUp)
    await this.#options.person.settled()
    await this.#until(ear, () => false)
    return this.#replica
  }

  /** After a cut: from the present state with the older token, or all from the last checkpoint. */
  #goOn(): void {
    if (this.#options.random() < 0.5) return
    this.did.wentBack++
    this.#replica.goBackTo(this.#kept.state)
    this.#journal = structuredClone(this.#kept.journal)
    this.#token = this.#kept.token
  }

  async #comeBack(): Promise<Ear> {
    const { person, urls, batch } = this.#options
    this.#read = 0
    for (;;) {
      const url = urls[this.#turn++ % urls.length] ?? ''
      const ear = await person
        .connect(url, { resume: this.#token, ...(batch && { batch: '1' }) })
        .catch(() => undefined)
      if (ear) {
        this.#ear = ear
        return ear
      }
      // A node that cannot take it now says so, one that is gone says nothing; it comes again, to the next.
      await delay(20)
    }
  }

  async #poll(): Promise<void> {
    const { person, urls } = this.#options
    const url = urls[this.#turn++ % urls.length] ?? ''
    const { status, body } = await person.ask('GET', `${url}/api/v1/sync?since=${this.#token}`)
    if (status === 410) {
      await this.#take({ type: 'resync' })
      this.#token = this.#replica.resume
    } else {
      expect(status).toBe(200)
      const limited = new Set(body.limited)
      for (const event of body.events) if (!limited.has(event.stream)) await this.#take(event)
      await this.#take({ type: 'resumed', data: { limited: body.limited } })
      this.#token = body.resume
    }
    this.#kept = this.#keep()
  }

  /** Applies what has come until such a frame was applied, or nothing comes for a while. */
  async #until(ear: Ear, matches: (frame: Frame) => boolean, patienceMs = NEWS_MS): Promise<void> {
    for (;;) {
      for (let frame = ear.frames[this.#read]; frame; frame = ear.frames[this.#read]) {
        this.#read++
        await this.#take(frame)
        if (matches(frame)) return
      }
      if (!ear.isOpen) return
      if (!(await hasNews(ear, patienceMs)) && ear.frames.length === this.#read) return
    }
  }

  async #take(frame: Frame): Promise<void> {
    if (frame.seq !== undefined) this.#note(frame)
    await this.#replica.apply(frame)
    if (frame.type === 'resync') {
      this.did.resync++
      this.#journal.heard.clear()
      // What was heard of another history is no more than a memory.
      if (frame.data?.reason === 'epoch') {
        this.#received.clear()
        this.#claims = []
      }
      this.#journal.allLoaded = await lastEventId(this.#options.psql)
    } else if (frame.type === 'resumed') {
      this.did.resumed++
      this.did.limited += frame.data.limited.length
      const now = frame.data.limited.length > 0 ? await lastEventId(this.#options.psql) : 0
      for (const id of frame.data.limited) this.#journal.loaded.set(id, now)
    } else if (frame.type === 'checkpoint') {
      this.#token = frame.data.resume
      this.#kept = this.#keep()
      const { heard, loaded, allLoaded } = this.#journal
      const last = new Map([...heard].map(([stream, seqs]) => [stream, seqs.at(-1) ?? 0]))
      this.#claims.push({ safe_id: safeIdOf(this.#token), last, loaded: new Map(loaded), allLoaded })
    }
  }

  #note({ stream = '', seq = 0 }: Frame): void {
    const received = this.#received.get(stream) ?? new Set()
    this.#received.set(stream, received.add(seq))
    const heard = this.#journal.heard.get(stream) ?? []
    this.#journal.heard.set(stream, heard)
    if (seq > (heard.at(-1) ?? 0)) heard.push(seq)
  }

  #keep(): Kept {
    return { state: this.#replica.keep(), journal: structuredClone(this.#journal), token: this.#token }
  }

  /** What it heard is what its stays hold: each seq once, in order, nothing else. */
  async compareWithLog(): Promise<void> {
    const { strange, missed, claimed } = await this.holdAgainstLog()
    expect(strange, 'heard what was not theirs').toEqual([])
    expect(missed, 'missed what was theirs').toEqual([])
    expect(claimed, 'was told that it had heard what it had not').toEqual([])
    expect(this.did.gaps, 'gaps').toBe(0)
  }

  /**
   * Events, as stream#seq: those that it heard and that were not for it, those that it missed, and those that a token laid
   * behind it before they had come: had it gone on from that token alone, it would have missed them.
   */
  async holdAgainstLog(): Promise<{ strange: string[]; missed: string[]; claimed: string[] }> {
    const { psql, person } = this.#options
    const { rows }: { rows: { stream: string; seqs: number[]; ids: number[] }[] } = await psql.query(
      `select e.stream_id as stream, array_agg(e.seq::int order by e.seq) as seqs, array_agg(e.id::int order by e.seq) as ids
       from events e
       where e.stream_id = $1 or exists (
         select from member_spans m
         where m.user_id = $1 and m.conversation_id = e.stream_id and e.seq >= m.from_seq and (m.to_seq is null or e.seq <= m.to_seq))
       group by e.stream_id`,
      [person.id],
    )
    const theirs = new Map(rows.map((row) => [row.stream, row]))
    // Of what the log has dropped it cannot say whose it was.
    const { rows: held }: { rows: { stream: string; first: number }[] } = await psql.query(
      'select id as stream, coalesce((select min(seq) from events where stream_id = s.id), s.seq + 1)::int as first from streams s',
    )
    const dropped = new Map(held.map(({ stream, first }) => [stream, first - 1]))
    const strange: string[] = []
    for (const [stream, received] of this.#received) {
      const seqs = new Set(theirs.get(stream)?.seqs)
      const last = dropped.get(stream) ?? 0
      for (const seq of received) if (seq > last && !seqs.has(seq)) strange.push(`${stream}#${seq}`)
    }
    const missed: string[] = []
    for (const { stream, seqs, ids } of rows) {
      const { heard, loaded, allLoaded } = this.#journal
      const had = new Set(heard.get(stream))
      const from = Math.max(allLoaded, loaded.get(stream) ?? 0)
      seqs.forEach((seq, index) => {
        if ((ids[index] ?? 0) > from && !had.has(seq)) missed.push(`${stream}#${seq}`)
      })
    }
    const claimed = this.#claims.flatMap(({ safe_id, last, loaded, allLoaded }) =>
      rows.flatMap(({ stream, seqs, ids }) => {
        const from = Math.max(allLoaded, loaded.get(stream) ?? 0)
        const isEarly = (seq: number, id: number) => id > from && id <= safe_id && seq > (last.get(stream) ?? 0)
        return seqs.filter((seq, index) => isEarly(seq, ids[index] ?? 0)).map((seq) => `${stream}#${seq}`)
      }),
    )
    return { strange, missed, claimed }
  }
}

/** The one thing that a test reads in a token: what it says was heard. */
function safeIdOf(token: string): number {
  const [, , safe_id] = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
  return safe_id
}

const isCaughtUp = ({ type }: Frame) => type === 'resumed' || type === 'resync'

async function lastEventId(psql: Sql): Promise<number> {
  return (await psql.query(`select last_value::int as id from events_id_seq`)).rows[0].id
}

function hasNews(ear: Ear, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (news: boolean) => {
      clearTimeout(timer)
      ear.socket.off('message', onMessage)
      ear.socket.off('close', onClose)
      resolve(news)
    }
    const timer = setTimeout(() => end(false), patienceMs)
    const onMessage = () => end(true)
    const onClose = () => end(false)
    ear.socket.on('message', onMessage)
    ear.socket.on('close', onClose)
  })
}
