// How the parts of a client are wired, and what each tells the others: tokens, socket, state, and what is unsent.
import { type Answer, type Call, createCall, type InputOf, type Route } from './call.js'
import type { Clock } from './clock.js'
import { codeOf, failure, unexpected } from './failure.js'
import { Link, type SocketConstructor } from './link.js'
import { News } from './news.js'
import type { ClientOptions, ClientStatus, SignalFrame } from './options.js'
import { Outbox } from './outbox.js'
import { Receipts } from './receipts.js'
import { Session } from './session.js'
import { isObject, isSignedIn, type Loose } from './shapes.js'
import { State } from './state.js'
import { Keeper, memoryStorage } from './storage.js'
import { Sync } from './sync.js'
import { Timelines } from './timelines.js'
import type { CommandResults, Commands, EventFrame, Message, Signals } from './types.js'
import { onWake } from './wake.js'

const SIGNALS = new Set<unknown>([
  'typing.started',
  'typing.stopped',
  'receipt.updated',
  'presence.changed',
  'profile.changed',
] satisfies (keyof Signals)[])
const CALL_MS = 30_000

type Started = { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void }

export class Engine {
  readonly news = new News((id) => this.timelines.changed(id))
  readonly call: Call
  readonly state: State
  readonly sync: Sync
  readonly outbox: Outbox
  readonly receipts: Receipts
  readonly timelines: Timelines
  readonly token = (how?: { renew: boolean }) => this.#session.token(how)
  readonly #clock: Clock
  readonly #keeper: Keeper
  readonly #session: Session
  readonly #link: Link
  #restored: Promise<void> | undefined
  /** Whose the state is, also while nobody is signed in. */
  #owner: string | undefined
  #started: Started | undefined
  #stopWaking: (() => void) | undefined
  /** Of the client's own, on their way. */
  readonly #calls = new Set<AbortController>()

  /** @throws Error without a WebSocket */
  constructor(options: ClientOptions, clock: Clock) {
    const { url, storage = memoryStorage(), keepMessages = 50 } = options
    const WebSocket = options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket
    if (!WebSocket)
      throw new Error("There is no WebSocket here: new Earshot({ url, WebSocket }), with that of the package 'ws'")
    const onError = (error: unknown) => this.news.report(error)
    const keeper = new Keeper(storage, onError)
    const session = new Session({
      ask: (refresh_token) => this.#bounded('POST /auth/refresh', { body: { refresh_token } }),
      keeper,
      clock,
      onEnded: (error) => this.#end(error),
    })
    const state = new State({
      keepMessages,
      onChange: (id) => this.news.change(id),
      onGone: (id) => this.timelines.gone(id),
    })
    const call = ((route, ...input) => this.#bounded(route, ...input)) as Call
    this.#clock = clock
    this.#keeper = keeper
    this.#session = session
    this.state = state
    this.call = createCall({ url, ...(options.fetch && { fetch: options.fetch }), token: this.token })
    this.sync = new Sync({
      call,
      fetch: async (stream, from_seq, to_seq) => {
        const { events }: { events: unknown } = await this.command('stream.fetch', { stream, from_seq, to_seq })
        return Array.isArray(events) ? events : []
      },
      state,
      keeper,
      clock,
      userId: () => session.userId,
      onCatchingUp: () => {
        this.#pause()
        this.news.show('catching up')
      },
      onLive: () => this.#goLive(),
      onEvent: (event) => this.#applied(event),
      onError,
      onStranger: () => this.#meetStranger(),
    })
    this.outbox = new Outbox({
      send: (message) => this.command('message.send', message),
      keeper,
      clock,
      onChange: (id) => this.news.change(id),
      onStored: (message) => state.addAhead(message),
    })
    const send = (report: Commands['receipt.update']) => this.command('receipt.update', report)
    this.receipts = new Receipts({ send, state, clock, onError })
    this.timelines = new Timelines({ state, reader: this.sync.reader, outbox: this.outbox, onError })
    this.#link = new Link({
      url,
      WebSocket,
      clock,
      token: this.token,
      resume: () => this.sync.resume,
      onStatus: (status) => {
        if (status === 'offline') this.#down()
        this.news.show(status)
      },
      onHello: (userId, isResuming) => {
        if (userId === session.userId) this.sync.hello(isResuming)
        else this.#meetStranger()
      },
      onFrame: (frame) => this.#hear(frame),
      onEnded: (error) => this.#end(error),
      onRefused: (error) => this.#halt('offline', error),
      onError,
    })
  }

  start(): Promise<void> {
    if (!this.#started) {
      const started = { resolve: () => undefined, reject: () => undefined } as unknown as Started
      started.promise = new Promise<void>((resolve, reject) => Object.assign(started, { resolve, reject }))
      this.#started = started
      this.#begin(started).catch((error) => {
        if (this.#started === started) this.#halt(this.#session.userId === undefined ? 'signed out' : 'offline', error)
      })
    }
    return this.#started.promise
  }

  stop(): void {
    const status = this.news.status === 'signed out' ? 'signed out' : 'offline'
    this.#halt(status, failure('aborted', 'The client was stopped'))
  }

  command<T extends keyof Commands>(type: T, data?: Commands[T]): Promise<CommandResults[T]> {
    return this.#link.command(type, data) as Promise<CommandResults[T]>
  }

  async signIn(ask: () => Promise<unknown>): Promise<void> {
    this.stop()
    await this.restore()
    const signedIn = await ask()
    if (!isSignedIn(signedIn)) throw unexpected()
    const { id } = signedIn.user
    if (this.#owner !== id) this.#forget()
    this.#owner = id
    this.#keeper.set('owner', id)
    this.#session.begin(signedIn)
    this.news.show('offline')
  }

  async signOut(): Promise<void> {
    this.stop()
    await this.restore()
    if (this.#session.userId !== undefined) await this.#bounded('POST /auth/logout').catch(() => undefined)
    this.#session.end()
    this.#forget()
    this.news.show('signed out')
    await this.#keeper.save()
  }

  /** What a storage had, once. */
  restore(): Promise<void> {
    this.#restored ??= this.#keeper
      .load()
      .then((kept) => {
        this.#session.restore(kept.get('session'))
        const owner = kept.get('owner')
        if (typeof owner === 'string') this.#owner = owner
        this.sync.restore(kept)
        this.outbox.restore(kept)
      })
      .catch((error) => {
        // A storage that fails once may work the next time.
        this.#restored = undefined
        throw error
      })
    return this.#restored
  }

  async #begin(started: Started): Promise<void> {
    await this.restore()
    if (this.#started !== started) return
    if (this.#session.userId === undefined) throw failure('auth.unauthenticated', 'Nobody is signed in', 401)
    this.#stopWaking = onWake(globalThis as object, () => this.#link.wake())
    this.#link.start()
  }

  /** Of an account nothing is left, here and in the storage. */
  #forget(): void {
    this.#owner = undefined
    this.#keeper.clear()
    this.receipts.clear()
    this.sync.clear()
    this.state.clear()
    this.outbox.clear()
  }

  /** Ends what start() began, and tells whoever waits for it why. */
  #halt(status: ClientStatus, error: unknown): void {
    this.#stopWaking?.()
    this.#stopWaking = undefined
    this.#link.stop()
    this.#pause()
    this.sync.stop()
    for (const call of this.#calls) call.abort()
    const started = this.#started
    this.#started = undefined
    started?.reject(error)
    this.news.show(status)
    if (codeOf(error) !== 'aborted') this.news.report(error)
  }

  /** The session is over. What is kept waits for the same account to sign in again. */
  #end(error: unknown): void {
    this.#session.end()
    this.#halt('signed out', error)
  }

  #meetStranger(): void {
    const detail = 'The server answers for another account'
    this.#end(failure('auth.other_session', detail))
  }

  #down(): void {
    this.sync.down()
    this.#pause()
  }

  /** Nothing is told to the server until everything is live again. */
  #pause(): void {
    this.outbox.down()
    this.receipts.down()
  }

  #goLive(): void {
    this.#link.live()
    this.news.showLive()
    // Whoever was told may have stopped it.
    if (!this.news.isLive) return
    this.#started?.resolve()
    this.outbox.goLive()
    this.receipts.goLive()
  }

  #hear(frame: Loose): boolean {
    if (this.news.hear(frame.type)) return true
    if (frame.type === 'auth.expiring') {
      this.#renew().catch((error) => this.news.report(error))
      return true
    }
    if (frame.type === 'error') {
      this.news.report(frame.error)
      return true
    }
    if (SIGNALS.has(frame.type) && isObject(frame.data)) {
      this.news.events.emit('signal', frame as unknown as SignalFrame)
      return true
    }
    return this.sync.frame(frame)
  }

  /** On the same socket; without success it is closed, and the next one comes with another token. */
  async #renew(): Promise<void> {
    await this.#session.refresh()
    const token = await this.#session.token()
    if (token !== undefined) await this.command('auth.renew', { token })
  }

  #applied(event: EventFrame): void {
    const held = this.state.conversation(event.stream)
    if (held && event.type === 'message.created') {
      const message = event.data as Message
      if (message.sender_id === this.#session.userId) this.outbox.stored(message)
      else if (this.news.isLive) this.receipts.delivered(held.id, held.message_number)
    }
    this.news.events.emit('event', event)
  }

  /** A call of the client's own: it must not wait for ever for an answer. */
  #bounded<R extends Route>(route: R, ...[input]: InputOf<R>): Promise<Answer<R>> {
    const giveUp = new AbortController()
    const timer = this.#clock.setTimeout(() => giveUp.abort(), CALL_MS)
    // A refresh goes on: its answer holds the only refresh token that works from then on.
    if (route !== 'POST /auth/refresh') this.#calls.add(giveUp)
    const call = this.call as (route: Route, input: object) => Promise<Answer<R>>
    return call(route, { ...input, signal: giveUp.signal }).finally(() => {
      this.#clock.clearTimeout(timer)
      this.#calls.delete(giveUp)
    })
  }
}
