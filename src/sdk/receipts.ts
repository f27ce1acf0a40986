// Tells the server how far this device has received, and how far its user has read: the newest position of each conversation,
// once a second at most.
import { Alarm, type Clock } from './clock.js'
import { codeOf, mayRepeat } from './failure.js'
import { isMembership } from './shapes.js'
import type { State } from './state.js'
import type { Commands } from './types.js'

const GATHER_MS = 1_000

type Report = { read_number?: number; delivered_number?: number }

export type ReceiptsOptions = {
  send: (report: Commands['receipt.update']) => Promise<unknown>
  state: State
  clock: Clock
  onError: (error: unknown) => void
}

export class Receipts {
  readonly #options: ReceiptsOptions
  readonly #alarm: Alarm
  readonly #reports = new Map<string, Report>()
  #isLive = false
  #isSending = false

  constructor(options: ReceiptsOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.clock)
  }

  /** Everything up to it has been applied here. */
  delivered(conversationId: string, number: number): void {
    this.#add(conversationId, { delivered_number: number })
    if (this.#isLive && !this.#alarm.isSet) this.#alarm.set(GATHER_MS, () => this.#start())
  }

  /** The user has read up to it. */
  read(conversationId: string, number: number): void {
    this.#add(conversationId, { read_number: number })
    this.#start()
  }

  /** The state is up to date: what came on the way here was received, too. */
  goLive(): void {
    this.#isLive = true
    for (const { id, me, message_number } of this.#options.state.conversations)
      if (message_number > me.delivered_number) this.delivered(id, message_number)
    if (this.#reports.size > 0 && !this.#alarm.isSet) this.#alarm.set(GATHER_MS, () => this.#start())
  }

  /** What is not told yet waits for the next socket. */
  down(): void {
    this.#isLive = false
    this.#alarm.clear()
  }

  clear(): void {
    this.down()
    this.#reports.clear()
  }

  #add(conversationId: string, news: Report): void {
    const { read_number, delivered_number } = this.#reports.get(conversationId) ?? {}
    this.#reports.set(conversationId, {
      ...larger('read_number', read_number, news.read_number),
      ...larger('delivered_number', delivered_number, news.delivered_number),
    })
  }

  #start(): void {
    this.#send().catch(this.#options.onError)
  }

  async #send(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    try {
      for (let isTold = true; isTold && this.#isLive; ) {
        const [next] = this.#reports
        if (!next) return
        this.#reports.delete(next[0])
        isTold = await this.#tell(...next)
      }
      // With what has come by then.
      if (this.#isLive) this.#alarm.set(GATHER_MS, () => this.#start())
    } finally {
      this.#isSending = false
    }
  }

  /** @returns false if it has to be told another time */
  async #tell(conversation_id: string, report: Report): Promise<boolean> {
    const { send, state, onError } = this.#options
    try {
      const me = await send({ conversation_id, ...report })
      const held = state.conversation(conversation_id)
      // A delivery alone is told by no event.
      if (held && isMembership(me) && me.delivered_number > held.me.delivered_number)
        state.put({ ...held, me: { ...held.me, delivered_number: me.delivered_number } })
      return true
    } catch (error) {
      if (mayRepeat(error)) this.#add(conversation_id, report)
      // It was left, or is gone, in this moment.
      else if (codeOf(error) !== 'conversation.not_found') onError(error)
      return !mayRepeat(error)
    }
  }
}

function larger<N extends string>(name: N, a: number | undefined, b: number | undefined): { [K in N]?: number } {
  if (a === undefined && b === undefined) return {}
  return { [name]: Math.max(a ?? 0, b ?? 0) } as { [K in N]?: number }
}
