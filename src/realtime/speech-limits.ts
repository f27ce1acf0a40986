// How much may be said over a socket, and by a user. A socket's own count goes with it.
import { AppError } from '../contract/errors.js'
import { type Rate, type RateCounter, RateWindow, type Taken } from '../kit/rate.js'
import type { Connection } from './connection.js'

/** Without these a socket would end that only waits for its limit to pass. */
const UNCOUNTED: ReadonlySet<string | undefined> = new Set(['ping', 'auth.renew'])

export class SpeechLimits {
  readonly #commands: Rate
  readonly #messages: RateCounter
  readonly #now: () => number
  readonly #bySocket = new WeakMap<Connection, RateWindow>()

  /** @param messages shared with REST: it is one limit, however they are sent */
  constructor(commands: Rate, messages: RateCounter, now: () => number) {
    this.#commands = commands
    this.#messages = messages
    this.#now = now
  }

  /** Counts a frame, also one that is no command and so has no type. @throws AppError rate_limited */
  countCommand(connection: Connection, type: string | undefined): void {
    if (UNCOUNTED.has(type)) return
    let window = this.#bySocket.get(connection)
    if (!window) {
      window = new RateWindow(this.#commands)
      this.#bySocket.set(connection, window)
    }
    requireRoom(window.take(this.#now()))
  }

  /** @throws AppError rate_limited */
  countMessage(userId: string): void {
    requireRoom(this.#messages.take(userId))
  }
}

function requireRoom({ ok, reset_s }: Taken): void {
  if (!ok) throw new AppError('rate_limited', { retry_after_s: reset_s })
}
