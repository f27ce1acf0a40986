// Two characters who talk in a room, for somebody who has just arrived: messages come, ticks turn, somebody is typing. They are
// clients like any other, with accounts of their own, over the public API alone.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { Earshot, EarshotError, type Message } from '../sdk/client.js'
import { ANSWERS, CHARACTERS, type Line, ROOM, SCRIPT } from './script.js'

type Name = keyof typeof CHARACTERS
const NAMES: readonly Name[] = ['ines', 'tomas']

/** As people do: reading takes a moment, and writing one that depends on the text. */
const READ_MS = 900
const PAUSE_MS = 1_600
const CHARACTER_MS = 35
const WRITE_MAX_MS = 3_500
/** What somebody says meanwhile is answered; of more than these the oldest is not. */
const QUESTIONS_MAX = 5
const START_MS = 30_000

export type DemoOptions = {
  /** Of the server. */
  url: string
  /** Who is brought into the room; without it a guest, whose name and password are in `guest`. */
  guestId?: string
  /** How long they stay for questions once they have said all; without it until they are stopped. */
  lingers_ms?: number
  /** Lets time pass. @throws when the signal is aborted */
  wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}
export type Guest = { username: string; password: string }

export class Demo {
  readonly conversationId: string
  readonly guest: Guest | undefined
  /** Resolves when it is over: stopped, or the room is gone. @throws when a character cannot go on */
  readonly over: Promise<void>
  readonly #clients: Record<Name, Earshot>
  readonly #wait: (ms: number) => Promise<unknown>
  #lingers_ms: number | undefined
  readonly #end = new AbortController()
  readonly #questions: Message[] = []
  #asked: (() => void) | undefined
  #answers = 0

  private constructor(
    clients: Record<Name, Earshot>,
    room: { id: string; guest: Guest | undefined },
    options: DemoOptions,
  ) {
    const wait = options.wait ?? ((ms, signal) => delay(ms, undefined, { signal }))
    this.conversationId = room.id
    this.guest = room.guest
    this.#clients = clients
    this.#wait = (ms) => wait(ms, this.#end.signal)
    this.#lingers_ms = options.lingers_ms
    const own = new Set(NAMES.map((name) => clients[name].me?.id))
    clients.ines.on('event', ({ type, data, stream }) => {
      const message = data as Message
      if (stream === room.id && type === 'message.created' && message.sender_id && !own.has(message.sender_id))
        this.#hear(message)
    })
    let wasThere = false
    clients.ines.on('change', () => {
      const isThere = clients.ines.conversation(room.id) !== undefined
      if (wasThere && !isThere) this.stop()
      wasThere ||= isThere
    })
    let cannot: Error | undefined
    for (const name of NAMES) {
      clients[name].on('status', (status) => {
        if (status !== 'signed out') return
        cannot = new Error('A character of the demo was signed out')
        this.stop()
      })
    }
    this.over = this.#run()
      .catch((error) => {
        if (cannot) throw cannot
        // Whoever has deleted the room, or thrown somebody out, has seen enough.
        if (!this.#end.signal.aborted && !(error instanceof EarshotError)) throw error
      })
      .finally(() => this.stop())
    // For whoever asks, also later.
    this.over.catch(() => undefined)
  }

  /**
   * Makes the accounts and the room. Accounts are left when it fails.
   * @throws EarshotError, `network` when there is no server; Error when no socket can be opened
   */
  static async open(options: DemoOptions): Promise<Demo> {
    const mark = randomBytes(3).toString('hex')
    const enter = (name: string, display_name: string) => signUp(options.url, name, mark, display_name)
    const [ines, tomas] = await Promise.all([
      enter('ines', CHARACTERS.ines.display_name),
      enter('tomas', CHARACTERS.tomas.display_name),
    ])
    const clients = { ines: ines.client, tomas: tomas.client }
    try {
      const visitor = options.guestId === undefined ? await enter('guest', 'Guest') : undefined
      const guestId = options.guestId ?? visitor?.id ?? ''
      // They come by the password.
      await visitor?.client.signOut()
      await startAll(Object.values(clients))
      const user_ids = [tomas.id, guestId]
      const { id } = await ines.client.call('POST /conversations', { body: { type: 'group', user_ids, ...ROOM } })
      return new Demo(clients, { id, guest: visitor?.account }, options)
    } catch (error) {
      for (const name of NAMES) clients[name].stop()
      throw error
    }
  }

  /** They leave off in the middle of a word; what was said stays. */
  stop(): void {
    this.#end.abort()
    for (const name of NAMES) this.#clients[name].stop()
  }

  async #run(): Promise<void> {
    const lines = SCRIPT.values()
    let last: Message | undefined
    for (;;) {
      const question = this.#questions.shift()
      if (question) {
        last = await this.#answer(question)
        continue
      }
      const { value: line } = lines.next()
      if (line) last = await this.#say(line, last)
      else {
        this.#linger()
        await this.#untilAsked()
      }
    }
  }

  /** Once: from the last line on. */
  #linger(): void {
    const ms = this.#lingers_ms
    this.#lingers_ms = undefined
    if (ms === undefined) return
    this.#wait(ms)
      .catch(() => undefined)
      .finally(() => this.stop())
  }

  #hear(message: Message): void {
    this.#questions.push(message)
    if (this.#questions.length > QUESTIONS_MAX) this.#questions.shift()
    this.#asked?.()
  }

  async #untilAsked(): Promise<void> {
    if (this.#questions.length > 0) return
    const asked = new Promise<void>((resolve) => {
      this.#asked = resolve
    })
    await this.#unlessOver(asked)
  }

  /** @throws when it is over first: what is not sent then never is */
  #unlessOver<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#end
    return new Promise<T>((resolve, reject) => {
      const onEnd = () => reject(signal.reason)
      signal.addEventListener('abort', onEnd, { once: true })
      if (signal.aborted) onEnd()
      const forget = () => signal.removeEventListener('abort', onEnd)
      work.then(resolve, reject).then(forget, forget)
    })
  }

  async #answer(question: Message): Promise<Message> {
    for (const name of NAMES) this.#clients[name].markRead(this.conversationId, question.number)
    const by = NAMES[this.#answers % NAMES.length] ?? 'ines'
    const text = ANSWERS[this.#answers++ % ANSWERS.length] ?? ''
    return this.#say({ by, text, isReply: true }, question)
  }

  async #say({ by, text, isReply }: Line, to: Message | undefined): Promise<Message> {
    const conversation_id = this.conversationId
    await this.#wait(PAUSE_MS)
    // Nobody minds when a sign of typing is lost.
    await this.#clients[by].command('typing.start', { conversation_id }).catch(() => undefined)
    await this.#wait(Math.min(WRITE_MAX_MS, text.length * CHARACTER_MS))
    const sent = this.#clients[by].send(conversation_id, text, isReply && to ? { reply_to_id: to.id } : {})
    const message = await this.#unlessOver(sent)
    await this.#wait(READ_MS)
    for (const name of NAMES) if (name !== by) this.#clients[name].markRead(conversation_id, message.number)
    return message
  }
}

/** @throws Error when they cannot come in: a proxy may let requests pass, and no socket */
async function startAll(clients: Earshot[]): Promise<void> {
  const late = new AbortController()
  const tooLate = delay(START_MS, undefined, { signal: late.signal }).then(() => {
    throw new Error('The characters of the demo cannot open a socket')
  })
  await Promise.race([Promise.all(clients.map((client) => client.start())), tooLate]).finally(() => late.abort())
}

async function signUp(url: string, name: string, mark: string, display_name: string) {
  const account = { username: `${name}-${mark}`, password: randomBytes(9).toString('base64url') }
  const client = new Earshot({ url, WebSocket })
  await client.signUp({ ...account, display_name, email: `${account.username}@demo.invalid` })
  const { id } = await client.call('GET /users/me')
  return { client, account, id }
}
