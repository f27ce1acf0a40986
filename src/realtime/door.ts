// Who may open a socket on this node, and how often. Everything but the ticket is decided in memory.
import type { IncomingMessage } from 'node:http'
import type { AccessTokens } from '../auth/access-tokens.js'
import type { VerifiedActor } from '../auth/actor.js'
import type { CloseReason } from '../contract/close-codes.js'
import { AppError, type ErrorCode } from '../contract/errors.js'
import type { Db } from '../db/database.js'
import { redeemTicket } from '../domain/tickets.js'
import { hostOf } from '../kit/network.js'
import { normalizeOrigin } from '../kit/origin.js'
import { type Rate, RateCounter } from '../kit/rate.js'
import type { Logger, Metrics } from '../observe.js'

/** As far as it may be believed. `scheme` is known only from a trusted proxy: TLS may end before the server. */
export type Caller = { address: string; host: string | undefined; scheme: string | undefined }

/** What one socket takes of this node, from its upgrade to its end. */
type Place = { readonly host: string; userId?: string; giveWay?: () => void; isLeft: boolean }

const CLOSES: Partial<Record<ErrorCode, CloseReason>> = {
  'auth.token_expired': 'token_expired',
  'auth.session_ended': 'session_ended',
  'auth.token_invalid': 'unauthenticated',
}

export type DoorOptions = {
  db: Db
  tokens: AccessTokens
  callerOf: (request: IncomingMessage) => Caller
  /** Whose pages may connect, beside our own; `*`: everybody's. */
  origins: readonly string[]
  publicUrl: string | undefined
  perUser: number
  perAddress: number
  connects: Rate
  now: () => number
  logger: Logger
  metrics: Metrics
}

export class Door {
  readonly #options: DoorOptions
  readonly #origins: ReadonlySet<string>
  readonly #connects: RateCounter
  /** Sockets, with those that are not verified yet. */
  readonly #byAddress = new Map<string, number>()
  /** The oldest first. */
  readonly #byUser = new Map<string, Set<Place>>()

  constructor(options: DoorOptions) {
    this.#options = options
    this.#connects = new RateCounter(options.connects, options.now)
    const origins = options.publicUrl === undefined ? options.origins : [...options.origins, options.publicUrl]
    this.#origins = new Set(origins.flatMap((one) => normalizeOrigin(one) ?? []))
  }

  sweep(): void {
    this.#connects.sweep()
  }

  /** A place for a socket whose upgrade has succeeded, or why it has none. The place is to be left when the socket is gone. */
  enter(request: IncomingMessage): Place | CloseReason {
    const caller = this.#options.callerOf(request)
    if (!this.#mayComeFrom(originOf(request), caller)) return this.#refuse('origin', 'forbidden')
    const host = hostOf(caller.address)
    const others = this.#byAddress.get(host) ?? 0
    if (others >= this.#options.perAddress) return this.#refuse('address', 'overloaded')
    this.#byAddress.set(host, others + 1)
    return { host, isLeft: false }
  }

  /** Who brings this token or this ticket, or why neither is good. */
  async verify(query: URLSearchParams): Promise<VerifiedActor | CloseReason> {
    try {
      return await this.#identify(query.get('token'), query.get('ticket'))
    } catch (error) {
      const close = error instanceof AppError ? CLOSES[error.code] : undefined
      if (!close) this.#options.logger.warn({ err: error }, 'who opens a socket could not be found out')
      return this.#refuse(close ?? 'unavailable', close ?? 'overloaded')
    }
  }

  /** Whoever brings both is refused, for it could not be said which of them counts; the ticket stays good. */
  async #identify(token: string | null, ticket: string | null): Promise<VerifiedActor> {
    if (ticket === null && token) return this.#options.tokens.verify(token)
    if (ticket === null || token !== null) throw new AppError('auth.token_invalid')
    return redeemTicket(this.#options.db, ticket)
  }

  /**
   * Counts the socket for its user. One too many takes the place of their oldest, since those that a phone has lost on its
   * way must not lock it out; `giveWay` is called when that happens to this one. Answers why it may not be.
   */
  seat(place: Place, userId: string, giveWay: () => void): CloseReason | undefined {
    if (!this.#connects.take(userId).ok) return this.#refuse('connects', 'overloaded')
    const seats = this.#byUser.get(userId) ?? new Set()
    for (const oldest of seats) {
      if (seats.size < this.#options.perUser) break
      // At once: it may take a while to go, and the next one is to find another oldest.
      seats.delete(oldest)
      oldest.giveWay?.()
    }
    place.userId = userId
    place.giveWay = giveWay
    this.#byUser.set(userId, seats.add(place))
    return undefined
  }

  /** The socket is gone. */
  leave(place: Place): void {
    if (place.isLeft) return
    place.isLeft = true
    const others = (this.#byAddress.get(place.host) ?? 1) - 1
    if (others > 0) this.#byAddress.set(place.host, others)
    else this.#byAddress.delete(place.host)
    if (place.userId === undefined) return
    const seats = this.#byUser.get(place.userId)
    if (seats?.delete(place) && seats.size === 0) this.#byUser.delete(place.userId)
  }

  /**
   * RFC 6455 §10.2: only a browser says of which page it connects, and it cannot be made to lie. Our own pages are those of
   * the host that was asked for; where the scheme is not known, either of the web's is taken.
   */
  #mayComeFrom(header: string | undefined, { host, scheme }: Caller): boolean {
    if (header === undefined || this.#options.origins.includes('*')) return true
    const origin = normalizeOrigin(header)
    if (origin === undefined) return false
    if (this.#origins.has(origin)) return true
    const ownScheme = scheme?.toLowerCase().replace(/^ws/, 'http') ?? origin.slice(0, origin.indexOf(':'))
    if (host === undefined || !/^https?$/.test(ownScheme)) return false
    return normalizeOrigin(`${ownScheme}://${host}`) === origin
  }

  #refuse(reason: string, close: CloseReason): CloseReason {
    this.#options.metrics.socketRefusals.inc({ reason })
    return close
  }
}

/** Version 8 of the protocol had another name for it, and ws still speaks that. */
function originOf({ headers }: IncomingMessage): string | undefined {
  const origin = headers.origin ?? headers['sec-websocket-origin']
  return Array.isArray(origin) ? origin.join(', ') : origin
}
