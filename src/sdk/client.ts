// The client SDK of Earshot: what an application holds. It runs in browsers and on Node, and depends on nothing.
import type { Answer, InputOf, Route } from './call.js'
import { type Clock, REAL_CLOCK } from './clock.js'
import { quiet } from './emitter.js'
import { Engine } from './engine.js'
import type { ClientEvents, ClientOptions, ClientStatus } from './options.js'
import type { More, Unsent } from './outbox.js'
import type { Timeline } from './timeline.js'
import type { CommandResults, Commands, Conversation, Login, Me, Message, Register } from './types.js'

export {
  type Answer,
  type Call,
  type CallOptions,
  createCall,
  EarshotError,
  type Input,
  type Refusal,
  type Route,
} from './call.js'
export { indexedDbStorage } from './indexed-db.js'
export type { SocketConstructor } from './link.js'
export type { ClientEvents, ClientOptions, ClientStatus, SignalFrame } from './options.js'
export type { More, Unsent } from './outbox.js'
export type { Routes } from './routes.js'
export { memoryStorage, type Storage } from './storage.js'
export type { Timeline, TimelineEvents } from './timeline.js'
export type * from './types.js'

/**
 * A client of one account: what it shows is what the server has, as soon as it is `live`, and what is sent arrives once. Two
 * clients must not share a storage.
 */
export class Earshot {
  readonly #engine: Engine

  /**
   * `clock` is for tests.
   * @throws Error without a WebSocket
   */
  constructor(options: ClientOptions, clock: Clock = REAL_CLOCK) {
    this.#engine = new Engine(options, clock)
  }

  /** My profile. */
  get me(): Me | undefined {
    return this.#engine.state.me
  }

  /** Pinned ones first, then the most recently active; without archived ones. */
  get conversations(): Conversation[] {
    return this.#engine.state.conversations.filter(({ me }) => me.archived_at === null)
  }

  /** Archived ones, as far as they were loaded: loadArchived() loads all. */
  get archived(): Conversation[] {
    return this.#engine.state.conversations.filter(({ me }) => me.archived_at !== null)
  }

  /** What is not sent yet, in the order in which it was written, and what was refused. */
  get outbox(): readonly Unsent[] {
    return this.#engine.outbox.list
  }

  get status(): ClientStatus {
    return this.#engine.news.status
  }

  conversation(id: string): Conversation | undefined {
    return this.#engine.state.conversation(id)
  }

  /** @returns a function that ends it */
  on<N extends keyof ClientEvents>(name: N, listener: (...values: ClientEvents[N]) => void): () => void {
    return this.#engine.news.events.on(name, listener)
  }

  /** Opens an account, and is signed in. @throws EarshotError */
  signUp(account: Register): Promise<void> {
    return quiet(this.#engine.signIn(() => this.call('POST /auth/register', { body: account })))
  }

  /** What was kept of another account is forgotten. @throws EarshotError auth.invalid_credentials and others */
  signIn(credentials: Login): Promise<void> {
    return quiet(this.#engine.signIn(() => this.call('POST /auth/login', { body: credentials })))
  }

  /** Ends the session, if the server can be reached, and forgets everything, unsent messages too. */
  signOut(): Promise<void> {
    return quiet(this.#engine.signOut())
  }

  /**
   * Connects with the session that is kept, and stays connected. Resolves once the state is what the server has.
   * @throws EarshotError auth.unauthenticated if nobody is signed in; aborted if it was stopped before
   */
  start(): Promise<void> {
    return quiet(this.#engine.start())
  }

  /** Disconnects. What was kept stays; start() goes on from there. */
  stop(): void {
    this.#engine.stop()
  }

  /** Any route of the API, with the types of its input and its answer. @throws EarshotError */
  call<R extends Route>(route: R, ...input: InputOf<R>): Promise<Answer<R>> {
    return quiet(this.#engine.call(route, ...input))
  }

  /**
   * The access token of now, for a request that call() cannot make, such as an upload whose progress is shown; with `renew`
   * another one, for the server says that this one has expired. undefined if nobody is signed in.
   * @throws EarshotError if it could not be refreshed
   */
  token(options?: { renew: boolean }): Promise<string | undefined> {
    return quiet(this.#engine.restore().then(() => this.#engine.token(options)))
  }

  /** A command over the socket. @throws EarshotError; network without a socket */
  command<T extends keyof Commands>(
    type: T,
    ...data: undefined extends Commands[T] ? [data?: Commands[T]] : [data: Commands[T]]
  ): Promise<CommandResults[T]> {
    return quiet(this.#engine.command(type, data[0]))
  }

  /**
   * The messages of one conversation, until the timeline is closed.
   * @throws EarshotError conversation.not_found, or why it cannot be read
   */
  open(conversationId: string): Promise<Timeline> {
    return quiet(this.#engine.restore().then(() => this.#engine.timelines.open(conversationId)))
  }

  /**
   * Sends a message as soon as that is possible. It is in the outbox at once and stays there, over a restart too, until the
   * server has it. With a `client_id` of one's own it is sent once, however often it is asked for.
   * @throws EarshotError if the server refuses it for good, or aborted if it is discarded
   */
  send(conversationId: string, content: string, more: More = {}): Promise<Message> {
    return quiet(this.#engine.outbox.add(conversationId, content, more))
  }

  /** Sends one that has failed again. */
  retry(clientId: string): void {
    this.#engine.outbox.retry(clientId)
  }

  /** Gives an unsent one up. */
  discard(clientId: string): void {
    this.#engine.outbox.discard(clientId)
  }

  /** I have read up to this message, or all. It is told as soon as there is a socket. */
  markRead(conversationId: string, number = this.conversation(conversationId)?.message_number): void {
    if (number !== undefined) this.#engine.receipts.read(conversationId, number)
  }

  /** Loads my archived conversations: from then on they are in `archived`. @throws EarshotError */
  loadArchived(): Promise<void> {
    return quiet(this.#engine.sync.reader.bringArchived())
  }
}
