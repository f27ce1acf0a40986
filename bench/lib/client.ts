// A client of the public surface, as small as a benchmark needs: REST calls and a socket. Whatever comes back is checked
// against the contract, so a run is also a check of that.
import { WebSocket } from 'ws'
import { z } from 'zod'
import { type Register, SignedIn } from '../../src/contract/accounts.js'
import { Conversation } from '../../src/contract/conversations.js'
import { EVENTS, EventFrame, type EventType, Hello } from '../../src/contract/events.js'
import { AddedMembers } from '../../src/contract/members.js'
import { Message, Messages } from '../../src/contract/messages.js'
import { Problem } from '../../src/contract/problems.js'
import { StartupError } from '../../src/kit/startup-error.js'

/** Texts that are remembered parsed; beyond it all are forgotten, which costs time and nothing else. */
const REMEMBERED_FRAMES = 4_096

/** The server said no, or something outside the contract. */
export class BadAnswer extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(`${status} ${code}: ${detail}`)
    this.status = status
    this.code = code
  }
}

export class Client {
  readonly #url: string

  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '')
  }

  register(input: Register): Promise<SignedIn> {
    return this.#call(SignedIn, 'POST', '/auth/register', { body: input })
  }

  createGroup(token: string, name: string, user_ids: string[]): Promise<Conversation> {
    return this.#call(Conversation, 'POST', '/conversations', { token, body: { type: 'group', name, user_ids } })
  }

  addMembers(token: string, id: string, user_ids: string[]): Promise<z.infer<typeof AddedMembers>> {
    return this.#call(AddedMembers, 'POST', `/conversations/${id}/members`, { token, body: { user_ids } })
  }

  send(token: string, id: string, body: { content: string; client_id: string; reply_to_id?: string }) {
    return this.#call(Message, 'POST', `/conversations/${id}/messages`, { token, body })
  }

  /** All of it, page by page, the oldest first. */
  async readHistory(token: string, id: string): Promise<Message[]> {
    const messages: Message[] = []
    for (let more = true; more; ) {
      const after = messages.at(-1)?.number ?? 0
      const page = await this.#call(Messages, 'GET', `/conversations/${id}/messages?limit=100&after=${after}`, {
        token,
      })
      messages.push(...page.data)
      // An empty page that promises more would otherwise be asked for without end.
      more = page.has_after && page.data.length > 0
    }
    return messages
  }

  /** @throws BadAnswer, or StartupError when there is nobody to answer */
  async #call<T extends z.ZodType>(
    schema: T,
    method: string,
    path: string,
    { token, body }: { token?: string; body?: unknown },
  ): Promise<z.infer<T>> {
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method,
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    }).catch((error) => {
      throw new StartupError(`${this.#url} does not answer (${error.cause?.code ?? error.message}).`)
    })
    const { status } = response
    const json: unknown = await response.json().catch(() => undefined)
    if (!response.ok) {
      const { data: problem } = Problem.safeParse(json)
      throw new BadAnswer(status, problem?.code ?? 'without a problem', problem?.detail ?? `${method} ${path}`)
    }
    const answer = schema.safeParse(json)
    if (!answer.success)
      throw new BadAnswer(status, 'outside the contract', `${method} ${path}: ${explain(answer.error)}`)
    return answer.data
  }
}

/** A durable event; `message` is there when it announces one that this reader may see. */
export type Heard = EventFrame & { message: Message | undefined }

export type EarOptions = {
  url: string
  token: string
  /** `at` is performance.now() when the frame came in. */
  onEvent: (event: Heard, at: number) => void
  /** The socket has closed and nobody here has asked for that, or it said something outside the contract. */
  onTrouble: (what: string) => void
}

/** A socket that listens. */
export class Ear {
  readonly #socket: WebSocket
  readonly limits: Hello['limits']

  private constructor(socket: WebSocket, limits: Hello['limits']) {
    this.#socket = socket
    this.limits = limits
  }

  /** Resolves at `hello`: from then on nothing is missed. */
  static open({ url, token, onEvent, onTrouble }: EarOptions): Promise<Ear> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/ws?token=${token}`, {
      perMessageDeflate: false,
    })
    return new Promise((resolve, reject) => {
      let greeted = false
      socket.on('message', (data) => {
        const at = performance.now()
        const text = data.toString()
        try {
          const frame = readFrame(text)
          if ('hello' in frame) {
            greeted = true
            resolve(new Ear(socket, frame.hello.limits))
          } else if ('event' in frame) onEvent(frame.event, at)
        } catch (error) {
          onTrouble(`outside the contract, ${explain(error)}: ${text.slice(0, 200)}`)
        }
      })
      socket.on('error', reject)
      socket.on('close', (code, reason) => {
        reject(new Error(`the socket was closed before hello: ${code} ${reason}`))
        if (greeted && code !== 1000) onTrouble(`the socket was closed: ${code} ${reason}`)
      })
    })
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve())
      this.#socket.close(1000)
    })
  }
}

type Frame = { hello: Hello } | { event: Heard } | { other: string }

const remembered = new Map<string, Frame>()

/** All members of a conversation get the same bytes: they are parsed once, and all hold the same object. */
function readFrame(text: string): Frame {
  const known = remembered.get(text)
  if (known) return known
  const frame = parseFrame(text)
  if (remembered.size >= REMEMBERED_FRAMES) remembered.clear()
  remembered.set(text, frame)
  return frame
}

function parseFrame(text: string): Frame {
  const json = JSON.parse(text)
  if (json.type === 'hello') return { hello: Hello.parse(json.data) }
  if (!Object.hasOwn(EVENTS, json.type)) return { other: json.type }
  const event = EventFrame.parse(json)
  const data = EVENTS[event.type as EventType].parse(event.data)
  return { event: { ...event, data, message: isMessage(event.type, data) ? data : undefined } }
}

function isMessage(type: string, data: object): data is Message {
  return type === 'message.created' && !('gone' in data)
}

/** In one line. */
function explain(error: unknown): string {
  if (error instanceof z.ZodError) return z.prettifyError(error).replace(/\s*\n\s*/g, ' ')
  return error instanceof Error ? error.message : String(error)
}
