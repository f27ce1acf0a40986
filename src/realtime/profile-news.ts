// Tells those who share a conversation with somebody that their profile has changed: one query at most each second, for all
// who changed theirs. It comes from the log, so each node tells its own sockets and nothing goes over the bus.
import type { Db } from '../db/database.js'
import { encodeSignal } from '../protocols/native.js'
import type { Fanout } from './fanout.js'
import type { LogEvent } from './log.js'

const REST_MS = 1_000
/** Users of one query; the others wait for the next. */
const USERS_MAX = 1_000

export type ProfileNewsOptions = { db: Db; fanout: Fanout; now: () => number }

export class ProfileNews {
  readonly #options: ProfileNewsOptions
  readonly #changed = new Set<string>()
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(options: ProfileNewsOptions) {
    this.#options = options
  }

  onEvent(event: LogEvent): void {
    if (event.type === 'user.updated') this.#changed.add(event.stream_id)
  }

  async sweep(): Promise<void> {
    const { db, fanout, now } = this.#options
    if (this.#changed.size === 0 || now() - this.#askedAt < REST_MS) return
    this.#askedAt = now()
    const users = [...this.#changed].slice(0, USERS_MAX)
    const rows = await db.query
      .selectFrom('members')
      .select(['user_id', 'conversation_id'])
      .where('user_id', 'in', users)
      .execute()
    const homes = new Map(users.map((userId) => [userId, [] as string[]]))
    for (const row of rows) homes.get(row.user_id)?.push(row.conversation_id)
    for (const [userId, conversationIds] of homes) {
      this.#changed.delete(userId)
      const frame = encodeSignal({ type: 'profile.changed', data: { user_id: userId } })
      fanout.signalOnce(conversationIds, userId, frame)
    }
  }
}
