// The newest messages of one conversation, as far back as they were asked for: whatever has a number from the oldest on is in
// it, or is hidden. Events that come while a page is read are remembered, for the page may be older than they are.
import type { Message, Messages } from './types.js'

export type MessageChange = { kind: 'created' | 'changed'; message: Message } | { kind: 'gone'; id: string }

/** So many changes may come while a page is read; after more it has to be read again. */
const REMEMBERED_MAX = 1_000
const EXCERPT_LENGTH = 140

export class Window {
  messages: readonly Message[] = []
  hasOlder = true
  /** False until its first page has come. */
  isReady = false
  /** At most so many are held: the oldest go. */
  limit: number
  #readers = 0
  #remembered: MessageChange[] = []

  constructor(limit: number) {
    this.limit = limit
  }

  static of(page: Pick<Messages, 'data' | 'has_before'>, limit: number): Window {
    const window = new Window(limit)
    window.#fill(page)
    return window
  }

  apply(change: MessageChange): void {
    if (this.#readers > 0 && this.#remembered.length <= REMEMBERED_MAX) this.#remembered.push(change)
    if (this.isReady) this.#change(change)
  }

  /** @returns whether it was of use: not if the window has changed too much meanwhile */
  async read(page: (before: number | undefined) => Promise<Messages>): Promise<boolean> {
    const first = this.messages[0]?.number
    this.#readers++
    try {
      const found = await page(first)
      const isLate = this.#remembered.length > REMEMBERED_MAX
      if (isLate || this.messages[0]?.number !== first) return false
      this.#fill(found)
      for (const change of this.#remembered) this.#change(change)
      return true
    } finally {
      if (--this.#readers === 0) this.#remembered = []
    }
  }

  trim(): void {
    if (this.messages.length <= this.limit) return
    this.messages = this.messages.slice(this.messages.length - this.limit)
    this.hasOlder = true
  }

  #fill({ data, has_before }: Pick<Messages, 'data' | 'has_before'>): void {
    this.messages = [...data, ...this.messages]
    this.hasOlder = has_before
    this.isReady = true
  }

  #change(change: MessageChange): void {
    if (change.kind === 'gone') {
      this.messages = this.messages.filter(({ id }) => id !== change.id)
      return
    }
    const { message } = change
    const at = this.messages.findIndex(({ id }) => id === message.id)
    // What is not here is further back, or hidden: a change does not bring it.
    if (at >= 0) this.#put(at, 1, message)
    else if (change.kind === 'created') this.#add(message)
    if (change.kind === 'changed') this.messages = requote(this.messages, message)
    this.trim()
  }

  #add(message: Message): void {
    let at = this.messages.length
    while ((this.messages[at - 1]?.number ?? 0) > message.number) at--
    if (at > 0 || this.messages.length === 0 || !this.hasOlder) this.#put(at, 0, message)
  }

  #put(at: number, replaced: number, message: Message): void {
    const messages = [...this.messages]
    messages.splice(at, replaced, message)
    this.messages = messages
  }
}

/** Those that quote the message have another excerpt now. The same list if none does. */
export function requote<T extends Message>(messages: readonly T[], changed: Message): readonly T[] {
  if (!messages.some(({ reply_to }) => reply_to?.id === changed.id)) return messages
  const excerpt = changed.content === null ? null : [...changed.content].slice(0, EXCERPT_LENGTH).join('')
  return messages.map((message) =>
    message.reply_to?.id === changed.id ? { ...message, reply_to: { ...message.reply_to, excerpt } } : message,
  )
}
