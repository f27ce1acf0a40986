// How a socket that was away, or too slow, gets what it has missed: at once from the recent events of this node if they
// suffice, else from the log, as fast as it takes them. What comes meanwhile is held back and follows; what comes twice
// is dropped by its seq. It never ends in a silent part of an answer: too much is said to be too much.
import type { ResyncReason } from '../contract/events.js'
import type { Logger, Metrics } from '../observe.js'
import { encodeResumed, encodeResync } from '../protocols/native.js'
import type { Connection } from './connection.js'
import { frameFor } from './frames.js'
import type { LogEvent } from './log.js'
import type { MissedEvents } from './missed.js'
import type { Positions } from './positions.js'
import type { Reach, RecentEvents } from './recent-events.js'

export type CatchUpOptions = {
  missed: MissedEvents
  recent: RecentEvents
  positions: Positions
  /** Undefined while that is uncertain. */
  reachOf: (userId: string, safe: number) => Reach | undefined
  logger: Logger
  metrics: Metrics
}

export class CatchUp {
  readonly #options: CatchUpOptions

  constructor(options: CatchUpOptions) {
    this.#options = options
  }

  /** In the turn in which the connection is attached: what is dispatched after it is heard or held back. */
  resume(connection: Connection, token: string): void {
    const since = this.#options.positions.read(connection.actor.user_id, token)
    if (typeof since === 'string') this.#resync(connection, since)
    else this.#begin(connection, since)
  }

  #begin(connection: Connection, since: number): void {
    const { recent, positions, reachOf } = this.#options
    const { user_id } = connection.actor
    const { safe } = positions
    connection.standsAt(since)
    // A position that this node has not reached may be one that the database never has.
    const reach = since <= safe ? reachOf(user_id, safe) : undefined
    const found = reach && recent.since(since, user_id, reach)
    if (found && connection.takes(found.events.length, bytesOf(found.events))) {
      for (const event of found.events) connection.send(frameFor(event, user_id))
      return this.#finish(connection, found.events.length, found.limited, 'memory')
    }
    this.fromLog(connection, since)
  }

  /** For a socket that has fallen behind: what it is sent waits until it takes it. */
  fromLog(connection: Connection, since: number): void {
    connection.hold()
    this.#read(connection, since).catch((error) => {
      this.#options.logger.warn({ err: error, connection: connection.id }, 'a socket could not catch up')
      connection.close('overloaded')
    })
  }

  async #read(connection: Connection, from: number): Promise<void> {
    const { missed, positions } = this.#options
    const { user_id } = connection.actor
    const said = new Map<string, number>()
    const limited = new Set<string>()
    let since = from
    let count = 0
    while (connection.isOpen) {
      // All up to here can be seen by the read that follows.
      const safe = Math.max(since, positions.safe)
      connection.hold()
      const found = await missed.find(user_id, since)
      if (typeof found === 'string') return this.#resync(connection, found)
      for (const stream of found.limited) limited.add(stream)
      const isNew = ({ stream_id, seq }: { stream_id: string; seq: number }) =>
        seq > (said.get(stream_id) ?? 0) && !limited.has(stream_id)
      for await (const events of missed.read(user_id, found.ids)) {
        await connection.drained()
        // Others wait for the turn that its next chunk would take.
        if (!connection.isOpen) return
        if (typeof events === 'string') return this.#resync(connection, events)
        for (const event of events.filter(isNew)) {
          connection.send(frameFor(event, user_id))
          said.set(event.stream_id, event.seq)
          count++
        }
      }
      await connection.drained()
      const held = connection.held
      if (held) {
        for (const event of held.filter(isNew)) connection.send(event.frame)
        return this.#finish(connection, count, [...limited], 'log')
      }
      // More came than could be held back: once more from there.
      since = safe
    }
  }

  #finish(connection: Connection, count: number, limited: string[], from: 'memory' | 'log'): void {
    this.#options.metrics.resumes.inc({ from })
    connection.send(encodeResumed({ count, limited }))
    connection.goLive()
  }

  /** The client loads everything afresh; what it hears from here on is newer than that. */
  #resync(connection: Connection, reason: ResyncReason): void {
    this.#options.metrics.resumes.inc({ from: 'resync' })
    connection.send(encodeResync(reason))
    connection.goLive()
  }
}

function bytesOf(events: readonly LogEvent[]): number {
  return events.reduce((sum, event) => sum + Buffer.byteLength(event.data), 0)
}
