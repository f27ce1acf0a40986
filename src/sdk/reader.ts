// What is read over REST: everything, one conversation, older messages. An answer may be older than what was heard while it was on
// its way, so that is noted and applied after it.
import { type Call, EarshotError } from './call.js'
import { notFound, unexpected } from './failure.js'
import { applyOwn, ME } from './own-rules.js'
import { fits, isConversation, isMe, isMessage, isObject } from './shapes.js'
import type { State } from './state.js'
import type { Conversation, EventFrame, Me, Messages } from './types.js'

const PAGE = 100
const NEWEST = 50
const NOTED_MAX = 1_000

export type Everything = { me: Me; seq: number; conversations: Conversation[]; resume: string }

export type ReaderOptions = {
  call: Call
  state: State
  /** Takes an event that was noted for a conversation which was not held then. */
  hear: (event: EventFrame) => void
}

export class Reader {
  readonly #options: ReaderOptions
  readonly #notes = new Set<EventFrame[]>()

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** An event of my own stream, or of one that is not held: it may be newer than what is being read. */
  note(event: EventFrame): void {
    for (const notes of this.#notes) if (notes.length <= NOTED_MAX) notes.push(event)
  }

  /** The first load with all its pages; nothing once it is not wanted any more. */
  async everything(isWanted: () => boolean): Promise<Everything | undefined> {
    const { call } = this.#options
    const answer: unknown = await call('GET /sync')
    if (!fits(answer, { me: 'object', conversations: 'object', resume: 'text' })) throw unexpected()
    const { me } = answer
    if (!isMe(me) || !fits(me, { seq: 'count' })) throw unexpected()
    const { seq, ...profile } = me as unknown as Me & { seq: number }
    const conversations = new Map<string, Conversation>()
    let page = readPage(answer.conversations)
    const asked = new Set<string>()
    for (;;) {
      // One that moved while the pages were read may be in two of them.
      for (const one of page.data) if ((conversations.get(one.id)?.seq ?? -1) <= one.seq) conversations.set(one.id, one)
      const cursor = page.next
      if (cursor === undefined) break
      if (asked.has(cursor)) throw unexpected()
      asked.add(cursor)
      if (!isWanted()) return undefined
      page = readPage(await call('GET /conversations', { query: { limit: PAGE, cursor } }))
    }
    return { me: profile as Me, seq, conversations: [...conversations.values()], resume: answer.resume as string }
  }

  /**
   * One conversation, with its newest messages if a timeline shows it, or my profile.
   * @returns what puts it in place; `again` is told what turned out to be still missing
   */
  async read(key: string, again: (key: string) => void): Promise<() => void> {
    const { call, state } = this.#options
    if (key === ME) {
      const me: unknown = await call('GET /users/me')
      if (!isMe(me)) throw unexpected()
      return () => {
        if (me.id === state.me?.id) state.setMe(me)
      }
    }
    return this.#noting(async (replay) => {
      const conversation = await this.#conversation(key)
      if (!conversation) return () => state.remove(key)
      const count = state.window(key)?.messages.length ?? 0
      const limit = Math.min(PAGE, Math.max(NEWEST, count))
      // After the conversation: it may be newer, and never older.
      const page = state.isOpen(key) ? await this.messages(key, undefined, limit) : undefined
      return () => {
        state.hold(conversation, page)
        replay([key])
        if (!page && state.isOpen(key)) again(key)
      }
    })
  }

  /** Brings one that is not held. @throws EarshotError conversation.not_found, or why it cannot be read */
  async bring(id: string): Promise<void> {
    const { state } = this.#options
    if (state.conversation(id)) return
    const place = await this.#noting(async (replay) => {
      const conversation = await this.#conversation(id)
      return () => {
        if (conversation && state.adopt(conversation)) replay([id])
      }
    })
    place()
    if (!state.conversation(id)) throw notFound()
  }

  /** Brings all archived ones. @throws EarshotError */
  async bringArchived(): Promise<void> {
    const { call, state } = this.#options
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const place = await this.#noting(async (replay) => {
        const query = { archived: 'only' as const, limit: PAGE, ...(cursor !== undefined && { cursor }) }
        const page = readPage(await call('GET /conversations', { query }))
        cursor = page.next
        return () => replay(page.data.filter((one) => state.adopt(one)).map(({ id }) => id))
      })
      place()
    }
  }

  /** A stretch of history: the newest, or what is before a number. @throws EarshotError */
  async messages(id: string, before: number | undefined, limit = NEWEST): Promise<Messages> {
    const query = { limit, ...(before !== undefined && { before }) }
    const page: unknown = await this.#options.call('GET /conversations/{id}/messages', { path: { id }, query })
    const isWhole = fits(page, { data: 'list', has_before: 'flag' })
    if (!isWhole || !(page.data as unknown[]).every((one) => isMessage(one, id))) throw unexpected()
    return page as unknown as Messages
  }

  /** The newest messages for a timeline that was just opened. @throws EarshotError */
  async fill(id: string): Promise<void> {
    const { state } = this.#options
    for (;;) {
      const window = state.window(id)
      if (!window) throw notFound()
      if (window.isReady) return
      // Another one may have filled it meanwhile, or it was read again as a whole.
      await window.read((before) => this.messages(id, before))
      state.shown(id)
    }
  }

  /** Nothing if there is none for me. */
  async #conversation(id: string): Promise<Conversation | undefined> {
    try {
      const conversation: unknown = await this.#options.call('GET /conversations/{id}', { path: { id } })
      if (!isConversation(conversation) || conversation.id !== id) throw unexpected()
      return conversation
    } catch (error) {
      if (error instanceof EarshotError && FINAL.has(error.status)) return undefined
      throw error
    }
  }

  /** What comes while it works is applied by `replay`, for the conversations that it names. */
  async #noting(work: (replay: (ids: readonly string[]) => void) => Promise<() => void>): Promise<() => void> {
    const { state, hear } = this.#options
    const notes: EventFrame[] = []
    this.#notes.add(notes)
    try {
      const place = await work((ids) => {
        const wanted = new Set<unknown>(ids)
        for (const event of notes) {
          if (wanted.has(event.stream)) hear(event)
          else if (isObject(event.data) && wanted.has(event.data.conversation_id)) applyOwn(state, event)
        }
      })
      if (notes.length > NOTED_MAX) throw unexpected()
      return place
    } finally {
      this.#notes.delete(notes)
    }
  }
}

/** Answers that another try does not change: it is not mine, or no conversation at all. */
const FINAL = new Set([400, 403, 404, 410, 422])

function readPage(page: unknown): { data: Conversation[]; next: string | undefined } {
  if (!fits(page, { data: 'list', next_cursor: 'text?', has_more: 'flag' })) throw unexpected()
  const { data, next_cursor, has_more } = page
  if (!(data as unknown[]).every(isConversation)) throw unexpected()
  return { data: data as Conversation[], next: has_more ? ((next_cursor as string | null) ?? undefined) : undefined }
}
