// The same promises for clients that poll: a first load, then what came since, by token.
import type { Actor } from '../auth/actor.js'
import { AppError } from '../contract/errors.js'
import type { EventFrame } from '../contract/events.js'
import { HARD } from '../contract/limits.js'
import type { FirstLoad, Missed } from '../contract/sync.js'
import type { Db } from '../db/database.js'
import { listConversations } from '../domain/conversations.js'
import { readMe } from '../domain/users.js'
import { isWithheld, withoutContent } from './frames.js'
import type { LogEvent } from './log.js'
import type { MissedEvents } from './missed.js'
import type { Positions } from './positions.js'

export class Sync {
  readonly #db: Db
  readonly #missed: MissedEvents
  readonly #positions: Positions

  constructor(db: Db, missed: MissedEvents, positions: Positions) {
    this.#db = db
    this.#missed = missed
    this.#positions = positions
  }

  /** @throws AppError overloaded */
  load(actor: Actor): Promise<FirstLoad> {
    // Before the snapshot: what lies between the two is in it, and comes once more as an event.
    const resume = this.#positions.token(actor.user_id)
    return this.#missed.admit(actor.user_id, () =>
      this.#db.query
        .transaction()
        .setIsolationLevel('repeatable read')
        .setAccessMode('read only')
        .execute(async (tx) => {
          const me = await readMe(tx, actor.user_id)
          const { seq } = await tx
            .selectFrom('streams')
            .select('seq')
            .where('id', '=', actor.user_id)
            .executeTakeFirstOrThrow()
          const page = { limit: HARD.page_default, archived: 'exclude' as const }
          return { me: { ...me, seq }, conversations: await listConversations({ query: tx }, actor, page), resume }
        }),
    )
  }

  /** @throws AppError sync.resync, overloaded */
  async since(actor: Actor, token: string): Promise<Missed> {
    const { user_id } = actor
    const since = this.#positions.read(user_id, token)
    if (typeof since === 'string') throw resync(since)
    // Should another begin meanwhile, what the client holds is still of this one.
    const { epoch } = this.#positions
    // A node that lags does not send anybody back.
    const safe = Math.max(since, this.#positions.safe)
    const found = await this.#missed.find(user_id, since)
    if (typeof found === 'string') throw resync(found)
    const events: EventFrame[] = []
    for await (const chunk of this.#missed.read(user_id, found.ids)) {
      if (typeof chunk === 'string') throw resync(chunk)
      // Of two stays in one conversation, one may have been too much.
      for (const event of chunk) if (!found.limited.includes(event.stream_id)) events.push(toFrame(event, user_id))
    }
    return { events, limited: found.limited, resume: this.#positions.token(user_id, safe, epoch) }
  }
}

/** An event as the object that a reply or an answer holds. */
export function toFrame(event: LogEvent, userId: string): EventFrame {
  const { type, stream_id, seq, at, data } = isWithheld(event, userId) ? withoutContent(event) : event
  return { type, stream: stream_id, seq, at, data: JSON.parse(data) }
}

function resync(reason: string): AppError {
  return new AppError('sync.resync', { detail: `Load everything afresh: ${reason}` })
}
