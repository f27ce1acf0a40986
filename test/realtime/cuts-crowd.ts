// Fifty people who do whatever one may do, over REST, over sockets and as another service does it, in plain SQL; and a second
// device of the one who is watched.
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { type Random, randomOf, upTo } from '../support/random.js'
import type { World } from '../support/world.js'

// biome-ignore lint/suspicious/noExplicitAny: the caller knows what the route answers
type Json = any
type Room = { id: string; owner: Person; people: Person[] }
type Said = { id: string; room: string; number: number }

export class Crowd {
  readonly rooms: Room[] = []
  readonly #watched: Person
  readonly #psql: pg.Client
  readonly #writers: { person: Person; ear?: Ear; random: Random; said: Said[] }[] = []
  readonly #random: Random
  #isOver = false
  #allowed = 0
  writes = 0
  /** Answers that no request may get. */
  readonly failures: string[] = []

  constructor(watched: Person, psql: pg.Client, random: Random) {
    this.#watched = watched
    this.#psql = psql
    this.#random = random
  }

  /** Six groups, some of them with the one who is watched, and one with everybody. */
  async gather(world: World, people: Person[]): Promise<void> {
    const of = (from: number, count: number) => people.slice(from, from + count)
    const make = async (room: Person[], withWatched: boolean) => {
      const [owner, ...others] = room as [Person, ...Person[]]
      const { id } = await world.group(owner, ...others, ...(withWatched ? [this.#watched] : []))
      this.rooms.push({ id, owner, people: others })
    }
    for (let n = 0; n < 6; n++) await make(of(n * 8, 10), n % 3 !== 2)
    await make(people, true)
    for (const [index, person] of people.entries()) {
      const random = randomOf(upTo(this.#random, 1_000_000_000))
      this.#writers.push({ person, random, said: [], ...(index % 12 === 0 && { ear: await person.connect() }) })
    }
  }

  /** Until `end` is called; each does one thing after the other. */
  async run(device: Person): Promise<void> {
    const turns = this.#writers.map(async (writer) => {
      while (await this.#mayGoOn()) {
        await this.#write(writer)
        await delay(upTo(writer.random, 1_500))
      }
    })
    const random = randomOf(upTo(this.#random, 1_000_000_000))
    const own = async () => {
      while (await this.#mayGoOn()) {
        await this.#use(device, random)
        await delay(upTo(random, 120))
      }
    }
    const psql = async () => {
      while (await this.#mayGoOn()) {
        await this.#insert(random)
        await delay(upTo(random, 150))
      }
    }
    await Promise.all([...turns, own(), psql()])
  }

  /** So many more writes, so that a slow machine takes longer for the cuts but does not write more between them. */
  allow(more: number): void {
    this.#allowed = Math.max(this.#allowed, this.writes) + more
  }

  async #mayGoOn(): Promise<boolean> {
    while (!this.#isOver && this.writes >= this.#allowed) await delay(5)
    return !this.#isOver
  }

  end(): void {
    this.#isOver = true
  }

  async #ask(who: Person, method: string, path: string, body?: unknown): Promise<{ status: number; body: Json }> {
    const answer = await who.ask(method, path, body)
    this.#judge(answer.status < 500 ? undefined : answer.body.code, `${method} ${path}`)
    return answer
  }

  /** What one may hear where so many push: it asks for another try. */
  #judge(code: string | undefined, what: string): void {
    this.writes++
    if (code !== undefined && !['busy', 'unavailable', 'overloaded'].includes(code))
      this.failures.push(`${what}: ${code}`)
  }

  #roomOf(person: Person, random: Random): Room {
    const rooms = this.rooms.filter((room) => room.owner === person || room.people.includes(person))
    return rooms[upTo(random, rooms.length - 1)] as Room
  }

  async #write(writer: { person: Person; ear?: Ear; random: Random; said: Said[] }): Promise<void> {
    const { person, ear, random, said } = writer
    const room = this.#roomOf(person, random)
    const last = said[upTo(random, said.length - 1)]
    const at = `/conversations/${room.id}`
    const say = async (more: object = {}) => {
      const content = `${person.name} ${said.length} ${'x'.repeat(upTo(random, 60))}`
      if (ear && random() < 0.7) {
        const { ok, data, error } = await ear.command('message.send', { conversation_id: room.id, content, ...more })
        this.#judge(error?.code === 'internal' ? error.code : undefined, 'message.send')
        if (ok) said.push({ id: data.id, room: room.id, number: data.number })
      } else {
        const { status, body } = await this.#ask(person, 'POST', `${at}/messages`, { content, ...more })
        if (status === 201) said.push({ id: body.id, room: room.id, number: body.number })
      }
    }
    const { id } = this.#watched
    const chance = random() * 100
    if (chance < 35) await say()
    else if (chance < 45) await say({ reply_to_id: last?.room === room.id ? last.id : undefined })
    else if (chance < 56 && last) {
      if (ear) await ear.command('message.edit', { message_id: last.id, content: `edited ${random()}` })
      else await this.#ask(person, 'PATCH', `/messages/${last.id}`, { content: `edited ${random()}` })
    } else if (chance < 62 && last) await this.#ask(person, 'DELETE', `/messages/${last.id}`)
    else if (chance < 70)
      await this.#ask(room.owner, 'POST', `${at}/members`, { user_ids: [random() < 0.6 ? id : person.id] })
    else if (chance < 75) await this.#ask(room.owner, 'DELETE', `${at}/members/${id}`)
    else if (chance < 77) await this.#ask(room.owner, 'PUT', `${at}/bans/${id}`, {})
    else if (chance < 81) await this.#ask(room.owner, 'DELETE', `${at}/bans/${id}`)
    else if (chance < 84 && room.owner !== person) await this.#ask(person, 'POST', `${at}/leave`)
    else if (chance < 87)
      await this.#ask(room.owner, 'PATCH', at, { name: `room ${random()}`, description: `${random()}` })
    else if (chance < 89) {
      const target = random() < 0.5 ? id : person.id
      const role = random() < 0.5 ? 'member' : 'viewer'
      await this.#ask(room.owner, 'PATCH', `${at}/members/${target}`, { role, nickname: `n${upTo(random, 99)}` })
    } else if (chance < 91) {
      const file = new File([`note ${random()}`], 'note.txt')
      const { status, body } = await person.sendForm('/uploads', { file })
      if (status === 201) await say({ attachment_ids: [body.id] })
    } else if (chance < 93) {
      const name = `brief ${random()}`
      const made = await this.#ask(person, 'POST', '/conversations', { type: 'group', name, user_ids: [id] })
      if (made.status !== 201) return
      await this.#ask(person, 'POST', `/conversations/${made.body.id}/messages`, { content: 'not for long' })
      if (random() < 0.8) await this.#ask(person, 'DELETE', `/conversations/${made.body.id}`)
    } else if (chance < 95) await this.#ask(person, random() < 0.5 ? 'PUT' : 'DELETE', `/blocks/${id}`)
    else if (chance < 96) await this.#ask(person, 'PUT', `${at}/receipts`, { read_number: 1_000 })
    else await say()
  }

  /** What one does oneself, on another device. */
  async #use(device: Person, random: Random): Promise<void> {
    const mine = this.rooms.filter(() => random() < 0.5)
    const at = `/conversations/${mine[0]?.id ?? this.rooms[6]?.id}`
    const number = 1 + upTo(random, 200)
    const chance = random() * 100
    if (chance < 20) await this.#ask(device, 'PUT', `${at}/receipts`, { read_number: number })
    else if (chance < 30) await this.#ask(device, 'PUT', `${at}/unread`, { from_number: number })
    else if (chance < 35) await this.#ask(device, 'POST', '/conversations/read', {})
    else if (chance < 50) {
      const { status, body } = await device.ask('GET', `${at}/messages?limit=10`)
      const message = status === 200 && body.data[upTo(random, body.data.length - 1)]
      if (message) await this.#ask(device, random() < 0.7 ? 'PUT' : 'DELETE', `/messages/${message.id}/hidden`)
    } else if (chance < 58) await this.#ask(device, 'PATCH', `${at}/me`, { pinned: random() < 0.5 })
    else if (chance < 66) await this.#ask(device, 'PATCH', `${at}/me`, { archived: random() < 0.7 })
    else if (chance < 72) {
      const muted_until = random() < 0.5 ? null : new Date(Date.now() + 3_600_000).toISOString()
      await this.#ask(device, 'PATCH', `${at}/me`, { muted_until, alias: `a${upTo(random, 99)}` })
    } else if (chance < 78) await this.#ask(device, 'PATCH', '/users/me', { bio: `${random()}` })
    else if (chance < 83) {
      const other = this.#writers[upTo(random, this.#writers.length - 1)]?.person.id
      await this.#ask(device, random() < 0.4 ? 'PUT' : 'DELETE', `/blocks/${other}`)
    } else if (chance < 86) await this.#ask(device, 'POST', `${at}/leave`)
    else await this.#ask(device, 'POST', `${at}/messages`, { content: `mine ${random()}` })
  }

  /** One row, a burst, everybody out and in again, or a transaction that takes its time and may come to nothing. */
  async #insert(random: Random): Promise<void> {
    const psql = this.#psql
    const room = this.rooms[upTo(random, this.rooms.length - 1)] as Room
    const chance = random()
    await psql.query('begin')
    if (chance < 0.02) await this.#shake(room, random)
    await this.#pour(psql, room, chance < 0.9 ? 1 : upTo(random, 60), 100)
    if (random() < 0.15) await delay(upTo(random, 80))
    await psql.query(random() < 0.1 ? 'rollback' : 'commit')
  }

  /** More than one may miss of a conversation, or more than one may miss at all. */
  async burst(psql: pg.Client): Promise<void> {
    const room = this.rooms[upTo(this.#random, this.rooms.length - 1)] as Room
    if (this.#random() < 0.6) await this.#pour(psql, room, 230, 10)
    else await this.#pour(psql, room, 30, 40_000)
  }

  async #pour(psql: pg.Client, { id, owner }: Room, count: number, size: number): Promise<void> {
    this.writes += count
    await psql.query(
      `insert into messages (conversation_id, sender_id, content) select $1, $2, repeat('s', $3) from generate_series(1, $4)`,
      [id, owner.id, size, count],
    )
  }

  /** All members at once, in two statements; the transaction is begun and ended elsewhere. */
  async #shake(room: Room, random: Random): Promise<void> {
    // As everybody who changes a conversation does.
    await this.#psql.query('select from streams where id = $1 for no key update', [room.id])
    const { rows } = await this.#psql.query(
      `delete from members where conversation_id = $1 and role <> 'owner' returning user_id`,
      [room.id],
    )
    if (random() < 0.5) await this.#psql.query('savepoint between')
    await this.#psql.query(
      `insert into members (conversation_id, user_id, role) select $1, u, 'member' from unnest($2::uuid[]) u`,
      [room.id, rows.map((row) => row.user_id)],
    )
  }
}
