// A server that says exactly what a test tells it: a real HTTP server and real sockets, and no rules of its own. What a client
// loads is what the test has put into `me`, `conversations` and `messages`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Conversation, Me, Message } from '../../../src/sdk/types.js'
import { until } from './until.js'

// biome-ignore lint/suspicious/noExplicitAny: what a test says may have any form
type Json = any
export type Command = { id: string; type: string; data: Json }
export type Answer = { status: number; body?: Json; headers?: Record<string, string> }
type Asked = { method: string; path: string; query: URLSearchParams; body: Json; token: string | undefined }
type Handler = (asked: Asked) => Answer | undefined | Promise<Answer | undefined>

export class ScriptedSocket {
  readonly query: URLSearchParams
  readonly commands: Command[] = []
  readonly #socket: WebSocket
  closedWith: number | undefined

  constructor(socket: WebSocket, query: URLSearchParams, onCommand: (command: Command) => Json) {
    this.query = query
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('close', (code) => {
      this.closedWith = code
    })
    socket.on('message', (text) => {
      const command: Command = JSON.parse(text.toString())
      this.commands.push(command)
      const answer = onCommand(command)
      if (answer !== undefined) this.say({ type: 'reply', id: command.id, ...answer })
    })
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  say(...frames: Json[]): void {
    for (const frame of frames) this.raw(JSON.stringify(frame))
  }

  raw(data: string | Buffer): void {
    this.#socket.send(data)
  }

  hello(userId: string, more: object = {}): void {
    const limits = { max_frame_bytes: 524_288, max_message_length: 20_000, max_message_bytes: 65_536 }
    const times = { protocol: 1, heartbeat_s: 25, reconnect_within_s: 5 }
    this.say({
      type: 'hello',
      data: { connection_id: ID.connection, user_id: userId, session_id: ID.session, ...times, limits, ...more },
    })
  }

  close(code: number): void {
    this.#socket.close(code)
  }

  /** Without a farewell. */
  cut(): void {
    this.#socket.terminate()
  }

  of(type: string): Command[] {
    return this.commands.filter((command) => command.type === type)
  }

  async command(type: string, count = 1): Promise<Command> {
    await until(() => this.of(type).length >= count, `${count} x ${type}`)
    return this.of(type)[count - 1]!
  }
}

export const ID = {
  alice: '01900000-0000-7000-8000-0000000000a1',
  bob: '01900000-0000-7000-8000-0000000000b0',
  home: '01900000-0000-7000-8000-000000000001',
  work: '01900000-0000-7000-8000-000000000002',
  connection: '01900000-0000-7000-8000-0000000000cc',
  session: '01900000-0000-7000-8000-0000000000dd',
}

const OK = (data: Json = {}) => ({ ok: true, data })

export class ScriptedServer {
  readonly url: string
  readonly sockets: ScriptedSocket[] = []
  readonly asked: Asked[] = []
  me: Me & { seq: number } = person(ID.alice, 'alice')
  conversations = new Map<string, Conversation>()
  messages = new Map<string, Message[]>()
  resume = 'token of the load'
  /** Says hello to whoever comes, and that nothing was missed to whoever resumes. */
  greets = true
  /** How many sockets were open at the same time at most. */
  most = 0
  /** Replies to commands; undefined: none. */
  reply: (command: Command, socket: ScriptedSocket) => Json = ({ type, data }) => {
    if (type === 'receipt.update') return OK({ ...this.conversations.get(data.conversation_id)?.me, ...data })
    return type === 'ping' ? OK() : undefined
  }
  /** Called first; undefined: the usual answer. */
  intercept: Handler = () => undefined
  #logins = 0
  readonly #http
  readonly #wss: WebSocketServer

  private constructor(http: ReturnType<typeof createServer>, url: string) {
    this.#http = http
    this.url = url
    http.on('request', (request, response) => void this.#serve(request, response))
    this.#wss = new WebSocketServer({ server: http })
    this.#wss.on('connection', (socket, request) => {
      const query = new URL(request.url ?? '', url).searchParams
      const one: ScriptedSocket = new ScriptedSocket(socket, query, (command) => this.reply(command, one))
      this.sockets.push(one)
      this.most = Math.max(this.most, this.#wss.clients.size)
      if (!this.greets) return
      one.hello(this.me.id)
      if (query.has('resume')) one.say({ type: 'resumed', data: { count: 0, limited: [] } })
    })
  }

  static async start(): Promise<ScriptedServer> {
    const http = createServer()
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    return new ScriptedServer(http, `http://127.0.0.1:${(http.address() as AddressInfo).port}`)
  }

  /** The nth socket that has come, once it has. */
  async socket(count = this.sockets.length || 1): Promise<ScriptedSocket> {
    await until(() => this.sockets.length >= count, `socket ${count}`)
    return this.sockets[count - 1]!
  }

  count(path: string): number {
    return this.asked.filter((one) => one.path === path).length
  }

  /** A conversation with so many messages of Bob, of which the client reads the newest. */
  hold(id: string, count = 0, more: Partial<Conversation> = {}): Conversation {
    const messages = Array.from({ length: count }, (_, index) => message(id, index + 1))
    this.messages.set(id, messages)
    const last_message = messages.at(-1) ?? null
    const one = conversation(id, { message_number: count, seq: count + 1, last_message, ...more })
    this.conversations.set(id, one)
    return one
  }

  /** What the server has changed; says the event of it, so that a test can send it or keep it. */
  add(id: string, more: Partial<Message> = {}): Json {
    const held = this.conversations.get(id)!
    const said = message(id, held.message_number + 1, more)
    this.messages.get(id)?.push(said)
    return this.event(id, 'message.created', said, { message_number: said.number, last_message: said })
  }

  event(id: string, type: string, data: Json, more: Partial<Conversation> = {}): Json {
    const held = this.conversations.get(id)!
    const at = time(held.seq + 1)
    const activity = type === 'message.created' && { last_activity_at: at }
    const next = { ...held, ...activity, ...more, seq: held.seq + 1 }
    this.conversations.set(id, { ...next, me: { ...next.me, unread_count: next.message_number - next.me.read_number } })
    return { type, stream: id, seq: held.seq + 1, at, data }
  }

  own(type: string, data: Json): Json {
    this.me = { ...this.me, seq: this.me.seq + 1 }
    return { type, stream: this.me.id, seq: this.me.seq, at: time(this.me.seq), data }
  }

  tokens(): Json {
    const count = ++this.#logins
    const { seq: _, ...user } = this.me
    return {
      access_token: `access ${count}`,
      refresh_token: `refresh ${count}`,
      token_type: 'Bearer',
      expires_in: 900,
      user,
      session: { id: ID.session },
    }
  }

  async stop(): Promise<void> {
    for (const client of this.#wss.clients) client.terminate()
    this.#http.closeAllConnections()
    await new Promise((resolve) => this.#http.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '', this.url)
    const path = pathname.replace('/api/v1', '')
    let text = ''
    for await (const chunk of request) text += chunk
    const token = request.headers.authorization?.replace('Bearer ', '')
    const asked = { method: request.method ?? '', path, query, body: text ? JSON.parse(text) : undefined, token }
    this.asked.push(asked)
    const { status, body, headers = {} } = (await this.intercept(asked)) ?? this.#answer(asked)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body))
  }

  #answer({ method, path, query }: Asked): Answer {
    if (path === '/auth/login' || path === '/auth/refresh' || path === '/auth/register')
      return { status: 200, body: this.tokens() }
    if (path === '/auth/logout') return { status: 204 }
    if (path === '/users/me') return { status: 200, body: { ...this.me, seq: undefined } }
    if (path === '/sync') {
      const data = [...this.conversations.values()].filter(({ me }) => me.archived_at === null)
      const conversations = { data, next_cursor: null, has_more: false }
      return { status: 200, body: { me: this.me, conversations, resume: this.resume } }
    }
    if (path === '/conversations') {
      const isOnly = query.get('archived') === 'only'
      const data = [...this.conversations.values()].filter(({ me }) => (me.archived_at !== null) === isOnly)
      return { status: 200, body: { data, next_cursor: null, has_more: false } }
    }
    const [, noun, id = '', part] = path.split('/')
    const held = this.conversations.get(id)
    if (method !== 'GET' || noun !== 'conversations' || !held) return problem(404, 'conversation.not_found')
    if (part !== 'messages') return { status: 200, body: held }
    const before = Number(query.get('before') ?? Number.POSITIVE_INFINITY)
    const all = (this.messages.get(id) ?? []).filter(({ number }) => number < before)
    const data = all.slice(-Number(query.get('limit') ?? 50))
    return { status: 200, body: { data, has_before: data.length < all.length, has_after: false } }
  }
}

export function problem(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return { status, body: { type: 'about:blank', title: code, status, code, detail: code }, headers }
}

export function time(n: number): string {
  return new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString()
}

export function person(id: string, username: string): Me & { seq: number } {
  return {
    id,
    username,
    display_name: username,
    bio: '',
    status_text: '',
    avatar_url: `/api/v1/avatars/default/${id}`,
    created_at: time(0),
    deleted: false,
    email: `${username}@example.com`,
    profile_complete: true,
    seq: 1,
  }
}

let made = 0

export function message(conversation_id: string, number: number, more: Partial<Message> = {}): Message {
  const id = `01900000-0000-7000-9000-${String(++made).padStart(12, '0')}`
  return {
    id,
    conversation_id,
    number,
    sender_id: ID.bob,
    type: 'text',
    content: `message ${number}`,
    attachments: [],
    reply_to: null,
    system: null,
    metadata: {},
    client_id: null,
    created_at: time(number),
    edited_at: null,
    deleted_at: null,
    deleted_by: null,
    ...more,
  }
}

export function conversation(id: string, more: Partial<Conversation> = {}): Conversation {
  const count = more.message_number ?? 0
  return {
    id,
    type: 'group',
    name: `group ${id.slice(-1)}`,
    description: null,
    avatar_url: `/api/v1/avatars/default/${id}`,
    is_public: false,
    settings: {} as Conversation['settings'],
    metadata: {},
    created_by: ID.bob,
    created_at: time(0),
    member_count: 2,
    last_activity_at: time(count + 1),
    seq: 1,
    message_number: 0,
    last_message: null,
    peer: null,
    me: {
      alias: null,
      notifications: 'all',
      notification_sound: true,
      desktop_notifications: true,
      mobile_notifications: true,
      show_read_receipts: true,
      show_typing: true,
      priority: 'normal',
      hidden_system_categories: [],
      role: 'member',
      nickname: null,
      joined_at: time(0),
      read_number: count,
      delivered_number: count,
      unread_from: null,
      unread_count: 0,
      pinned_at: null,
      archived_at: null,
      muted_until: null,
      ...more.me,
    },
    ...Object.fromEntries(Object.entries(more).filter(([name]) => name !== 'me')),
  }
}
