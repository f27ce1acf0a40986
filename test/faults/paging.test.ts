// A history is paged through, backwards and forwards, while others edit and delete what is in it.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Message } from '../../src/contract/messages.js'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { fork, type Random, randomOf, upTo } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '25 Edits and deletions while paging'
const LENGTH = long(3_000, 300)
const CHANGES = new Set(['message.edited', 'message.deleted', 'attachment.ready', 'attachment.removed'])

test(`${FAULT}: pages and events together are what a fresh load shows, and no number is missing or doubled (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const company = await gather(stage, random, { writers: 4, rooms: 2 })
  const [ann, ben, ...readers] = await Promise.all(
    ['ann', 'ben', 'reader0', 'reader1', 'reader2'].map((name) => stage.person(name)),
  )
  if (!ann || !ben) throw new Error('nobody writes')
  const room = (await stage.group(ann, ben, ...readers)).id
  const { rows } = await stage.sql.query(
    `insert into messages (conversation_id, sender_id, content)
     select $1, ($2::uuid[])[1 + n % 2], 'said ' || n from generate_series(1, $3::int) n returning id, sender_id`,
    [room, [ann.id, ben.id], LENGTH],
  )
  const state = { isOver: false, edited: 0, deleted: 0, said: 0 }
  const changing = [ann, ben].flatMap((person) => {
    const own = rows.filter(({ sender_id }) => sender_id === person.id).map(({ id }) => id)
    return [1, 2].map(() => change(person, own, room, fork(random), state))
  })
  const passes = long(12, 4)
  const changes = long(5_000, 120)
  const books = await Promise.all(
    readers.map(async (person, n) => {
      const book = new Book(await person.connect(stage.urls[n % 2]), room)
      const chance = fork(random)
      for (let pass = 0; pass < passes || state.edited + state.deleted < changes; pass++) {
        await (pass % 2 === n % 2 ? readBackwards : readForwards)(person, room, book, chance)
        progress(FAULT, `${person.name} has read it ${pass + 1} times`)
      }
      return { person, book }
    }),
  )
  state.isOver = true
  await Promise.all(changing)
  await company.end()
  for (const { person, book } of books) {
    await person.settled()
    book.listen()
    const fresh = new Book(await person.connect(), room)
    await readForwards(person, room, fresh, fork(random))
    // What was said after the last page was heard.
    expect(book.messages).toEqual(fresh.messages)
    expect(book.surprises).toBeGreaterThan(0)
  }
  const note = `${LENGTH} messages, ${state.edited} edits, ${state.deleted} deletions, ${state.said} more`
  await audit(stage, { ...company, fault: FAULT, note })
})

/** What a client holds of one conversation: pages, and what it has heard. */
class Book {
  readonly #held = new Map<number, Message>()
  readonly #ear: Ear
  readonly #room: string
  #read = 0
  /** Changes of what it held already. */
  surprises = 0

  constructor(ear: Ear, room: string) {
    this.#ear = ear
    this.#room = room
  }

  get messages(): Message[] {
    return [...this.#held.values()].sort((a, b) => a.number - b.number)
  }

  /** A page may be older than what is heard while it is on its way: that is applied after it, once more. */
  async take(ask: () => Promise<Message[]>): Promise<void> {
    this.listen()
    const from = this.#read
    for (const message of await ask()) this.#held.set(message.number, message)
    this.#read = from
    this.listen()
  }

  listen(): void {
    for (let frame = this.#ear.frames[this.#read]; frame; frame = this.#ear.frames[this.#read]) {
      this.#read++
      const { type, stream, data } = frame
      if (stream !== this.#room) continue
      if (type === 'message.created') this.#held.set(data.number, data)
      else if (CHANGES.has(type) && this.#held.has(data.number)) {
        this.surprises++
        this.#held.set(data.number, data)
        this.#requote(data)
      }
    }
  }

  /** What replies to it shows the beginning of it. */
  #requote({ id, content }: Message): void {
    const excerpt = content === null ? null : [...content].slice(0, 140).join('')
    for (const [number, message] of this.#held)
      if (message.reply_to?.id === id)
        this.#held.set(number, { ...message, reply_to: { ...message.reply_to, excerpt } })
  }
}

type Page = { data: Message[]; has_before: boolean; has_after: boolean }

async function readBackwards(person: Person, room: string, book: Book, random: Random): Promise<void> {
  let before: number | undefined
  do {
    await book.take(async () => {
      const at = before === undefined ? '' : `&before=${before}`
      const page: Page = await person.get(`/conversations/${room}/messages?limit=${10 + upTo(random, 90)}${at}`)
      const last = before === undefined ? page.data.at(-1)?.number : before - 1
      expectRun(page, (last ?? 0) - page.data.length + 1)
      expect(page.has_after).toBe(before !== undefined)
      before = page.data[0]?.number ?? 1
      expect(page.has_before).toBe(before > 1)
      return page.data
    })
  } while (before !== undefined && before > 1)
}

async function readForwards(person: Person, room: string, book: Book, random: Random): Promise<void> {
  let after = 0
  let isMore = true
  while (isMore) {
    await book.take(async () => {
      const limit = 10 + upTo(random, 90)
      const page: Page = await person.get(`/conversations/${room}/messages?limit=${limit}&after=${after}`)
      expectRun(page, after + 1)
      expect(page.has_before).toBe(after > 0)
      if (page.has_after) expect(page.data).toHaveLength(limit)
      after += page.data.length
      isMore = page.has_after
      return page.data
    })
  }
}

/** Deleted or not, each has its place. */
function expectRun({ data }: Page, first: number): void {
  expect(data.map(({ number }) => number)).toEqual(data.map((_, index) => first + index))
}

/** Their own, edited mostly and deleted sometimes; now and then something new. */
async function change(
  person: Person,
  own: string[],
  room: string,
  random: Random,
  state: { isOver: boolean; edited: number; deleted: number; said: number },
): Promise<void> {
  const deleted = new Set<string>()
  while (!state.isOver) {
    const id = own[upTo(random, own.length - 1)] ?? ''
    const chance = random()
    if (chance < 0.1) {
      await person.say(room, `more ${random()}`, random() < 0.5 && !deleted.has(id) ? { reply_to_id: id } : {})
      state.said++
    } else if (chance < 0.2) {
      await person.delete(`/messages/${id}`)
      deleted.add(id)
      state.deleted++
    } else {
      const { status, body } = await person.ask('PATCH', `/messages/${id}`, { content: `edited ${random()}` })
      if (status === 200) state.edited++
      // Deleted meanwhile.
      else expect(body.code).toBe('message.not_editable')
    }
    await delay(upTo(random, 10))
  }
}
