// Tells whether people are here. Each sweep compares what others see of each user of this node with what they were told,
// and says what has changed over the bus: one statement for all who came, and one for all who went.
import type { Actor } from '../auth/actor.js'
import { HARD } from '../contract/limits.js'
import type { ConversationPresence, OwnPresence, SetPresence, UserPresence } from '../contract/presence.js'
import type { Status } from '../contract/signals.js'
import type { Db } from '../db/database.js'
import {
  isInvisible,
  NO_SETTING,
  ownStatus,
  type Pair,
  readMembersPresence,
  readOwnPresence,
  readSettings,
  readVisible,
  recordSeen,
  type Setting,
  setPresence,
  shapeOwn,
  shownStatus,
} from '../domain/presence.js'
import type { Connection } from './connection.js'
import type { LivePresence } from './presence-live.js'
import type { Signals } from './signals.js'

/** News of one sweep: what is published beyond what the bus keeps waiting would be lost. The rest has its turn in the next. */
const NEWS_MAX = 5_000

/** A word that another node has said may not have come: what people have set is read again at this pace. */
const REREAD_MS = 30_000

/** A user of this node. Without a setting nothing is said of them until it is read. */
type Known = { setting: Setting | undefined; shown: Status }

export type PresenceOptions = {
  db: Db
  live: LivePresence
  signals: Pick<Signals, 'publish'>
  now: () => number
  /** Whom this node's sockets want to hear of. */
  watched: () => Iterable<string>
  /** One of them who is not here is invisible, whatever was heard. */
  onHidden: (presence: UserPresence) => void
}

export class Presence {
  readonly #options: PresenceOptions
  readonly #known = new Map<string, Known>()
  /** Whose setting is read in the next sweeps; bounded by the known and the watched. */
  readonly #unread = new Set<string>()
  /** Whose setting is being read, unless something newer has come meanwhile. */
  #reading = new Set<string>()
  #rereadAt = Number.NEGATIVE_INFINITY

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#known.size
  }

  arrived({ id, actor }: Connection): void {
    this.#options.live.arrive(actor.user_id, id)
    if (this.#known.has(actor.user_id)) return
    this.#known.set(actor.user_id, { setting: undefined, shown: 'offline' })
    this.#forgetSetting(actor.user_id)
  }

  left({ id, actor }: Connection): void {
    this.#options.live.leave(actor.user_id, id)
  }

  acted(userId: string): void {
    this.#options.live.act(userId)
  }

  /** Another node has spoken of somebody who is here as well: what they have set may have changed there. */
  hear({ user_id, status }: UserPresence): void {
    this.#reading.delete(user_id)
    const known = this.#known.get(user_id)
    if (!known) return
    known.setting = undefined
    this.#forgetSetting(user_id)
    // Their last socket there has closed, but they are still here: that is said again.
    if (status === 'offline') known.shown = 'offline'
  }

  /** Words of other nodes may have been lost: what people have set is read again. */
  reconnected(): void {
    this.#reading.clear()
    this.#rereadAt = Number.NEGATIVE_INFINITY
  }

  readOwn(actor: Actor): Promise<OwnPresence> {
    return readOwnPresence(this.#options.db, actor, this.#options.now())
  }

  /** @throws AppError request.time_past, request.invalid, auth.session_ended */
  async set(actor: Actor, input: SetPresence): Promise<OwnPresence> {
    const { db, live, now } = this.#options
    const at = now()
    const setting = await setPresence(db, actor, input, live.state(actor.user_id) !== 'offline', at)
    this.#keep(actor.user_id, setting)
    // Whatever is shown here: their sockets may be on other nodes, which must not go on telling.
    if (isInvisible(setting, at)) this.#say(actor.user_id, setting, 'offline')
    return shapeOwn(actor.user_id, setting, at)
  }

  /** What the actor may see of each, in the order asked for. */
  async list(actor: Actor, userIds: readonly string[]): Promise<UserPresence[]> {
    const ids = [...new Set(userIds)]
    const found = await this.look(ids.map((user_id) => ({ watcher_id: actor.user_id, user_id })))
    return ids.map((user_id) => found.get(pairKey(actor.user_id, user_id)) ?? unseen(user_id))
  }

  /** By pairKey(); a pair of whom the one may not see the other is not in it. */
  async look(pairs: readonly Pair[]): Promise<Map<string, UserPresence>> {
    const rows = pairs.length === 0 ? [] : await readVisible(this.#options.db, pairs)
    return new Map(
      rows.map((row) => [
        pairKey(row.watcher_id, row.user_id),
        { user_id: row.user_id, status: this.#statusFor(row.watcher_id, row), last_seen_at: row.last_seen_at },
      ]),
    )
  }

  /** What a user sees of themselves, of whom others were just told something. */
  truth(presence: UserPresence): UserPresence {
    const { user_id } = presence
    const setting = this.#known.get(user_id)?.setting ?? NO_SETTING
    return { ...presence, status: ownStatus(setting, this.#options.live.state(user_id)) }
  }

  /** @throws AppError conversation.not_found */
  async ofConversation(actor: Actor, conversationId: string): Promise<ConversationPresence> {
    const { member_count, members } = await readMembersPresence(this.#options.db, actor, conversationId)
    const online = members.filter((member) => this.#statusFor(actor.user_id, member) !== 'offline')
    return {
      member_count,
      online_count: online.length,
      online: online.slice(0, HARD.online_shown).map((member) => member.user_id),
    }
  }

  async sweep(): Promise<void> {
    await this.#readSettings()
    const { live, now } = this.#options
    const at = now()
    const leaving: [string, Known][] = []
    let news = 0
    for (const [userId, known] of this.#known) {
      if (!known.setting) continue
      const state = live.state(userId)
      const status = shownStatus(known.setting, state, at)
      if (status === known.shown) {
        if (state === 'offline' && !live.hasSockets(userId)) this.#forget(userId)
      } else if (news < NEWS_MAX) {
        news++
        if (state === 'offline') leaving.push([userId, known])
        else this.#say(userId, known.setting, status)
      }
    }
    await this.#seeOff(leaving)
  }

  /** This node goes: whoever is elsewhere too is announced again from there. */
  async stop(): Promise<void> {
    for (const userId of this.#known.keys()) this.#options.live.forget(userId)
    await this.#seeOff([...this.#known].filter(([, known]) => known.shown !== 'offline'))
  }

  async #readSettings(): Promise<void> {
    const { db, now, watched, onHidden } = this.#options
    if (now() - this.#rereadAt >= REREAD_MS) {
      this.#rereadAt = now()
      for (const users of [this.#known.keys(), watched()]) for (const userId of users) this.#unread.add(userId)
    }
    const asked = [...this.#unread].slice(0, NEWS_MAX)
    if (asked.length === 0) return
    this.#reading = new Set(asked)
    const rows = await readSettings(db, asked)
    const settings = new Map(rows.map((row) => [row.user_id, row]))
    for (const userId of this.#reading) {
      const setting = settings.get(userId) ?? NO_SETTING
      this.#keep(userId, setting)
      if (!this.#known.has(userId) && isInvisible(setting, now())) onHidden(gone(userId, setting))
    }
  }

  /** When they were last seen is kept first, so that what is told can be read. */
  async #seeOff(leaving: [string, Known][]): Promise<void> {
    const { db, live, now } = this.#options
    const people = leaving.map(([user_id]) => ({ user_id, at: live.seenAt(user_id) }))
    const seen = await recordSeen(db.query, people, now())
    for (const [userId, known] of leaving) {
      if (known.setting)
        known.setting = { ...known.setting, last_seen_at: seen.get(userId) ?? known.setting.last_seen_at }
      // They may have come back meanwhile.
      if (live.state(userId) !== 'offline') continue
      if (this.#say(userId, known.setting, 'offline') && !live.hasSockets(userId)) this.#forget(userId)
    }
  }

  /** What was not taken is as if not said: the next sweep says it. */
  #say(userId: string, setting: Setting | undefined, status: Status): boolean {
    const data = { user_id: userId, status, last_seen_at: setting?.last_seen_at ?? null }
    if (!this.#options.signals.publish({ type: 'presence.changed', data })) return false
    const known = this.#known.get(userId)
    if (known) known.shown = status
    return true
  }

  #statusFor(watcherId: string, setting: Setting & { user_id: string }): Status {
    const { live, now } = this.#options
    const state = live.state(setting.user_id)
    return watcherId === setting.user_id ? ownStatus(setting, state) : shownStatus(setting, state, now())
  }

  #keep(userId: string, setting: Setting): void {
    this.#reading.delete(userId)
    this.#unread.delete(userId)
    const known = this.#known.get(userId)
    if (known) known.setting = setting
  }

  #forgetSetting(userId: string): void {
    this.#reading.delete(userId)
    this.#unread.add(userId)
  }

  #forget(userId: string): void {
    this.#known.delete(userId)
    this.#options.live.forget(userId)
  }
}

export function pairKey(watcherId: string, userId: string): string {
  return `${watcherId} ${userId}`
}

/** As for somebody who was never here. */
export function unseen(user_id: string): UserPresence {
  return { user_id, status: 'offline', last_seen_at: null }
}

function gone(user_id: string, { last_seen_at }: Setting): UserPresence {
  return { user_id, status: 'offline', last_seen_at }
}
