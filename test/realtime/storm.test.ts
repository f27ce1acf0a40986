// Everybody at once: whatever they send, read, mark, delete, leave and join, in the end all views agree with what was
// acknowledged. The seed is in the title; STORM_SEED sets it.
import { expect, test } from 'vitest'
import type { Conversation } from '../../src/contract/conversations.js'
import type { Membership } from '../../src/contract/memberships.js'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { type Random, randomOf } from '../support/random.js'
import { startWorld } from '../support/world.js'
import { type Ack, furthest, hear, replay, type State, type Stay } from './storm-model.js'

const SEED = Number(process.env.STORM_SEED ?? Math.floor(Math.random() * 1_000_000))
const ACTIONS = Number(process.env.STORM_ACTIONS ?? 40)
const GONE = ['conversation.not_found', 'message.not_found']

/** What all of them know: the conversations, and the last message that was acknowledged in each. */
type Storm = { host: Person; homes: string[]; heads: Map<string, number> }

/** A device in the storm. It does one thing after the other and writes down what was acknowledged. */
class Device {
  readonly person: Person
  readonly ear: Ear
  readonly acks: Ack[] = []
  readonly #storm: Storm
  readonly #random: Random
  readonly #sent: string[] = []

  constructor(storm: Storm, person: Person, ear: Ear, random: Random) {
    this.#storm = storm
    this.person = person
    this.ear = ear
    this.#random = random
  }

  async run(actions: number, mayLeave: boolean): Promise<void> {
    for (let count = 0; count < actions; count++)
      await this.act(this.#storm.homes[this.#upTo(this.#storm.homes.length - 1)] ?? '', mayLeave)
  }

  async act(home: string, mayLeave: boolean): Promise<void> {
    const chance = this.#random()
    if (chance < 0.35) await this.#send(home, `of ${this.person.name}`)
    else if (chance < 0.75) await this.#report(home)
    else if (chance < 0.87) await this.mark(home, 1 + this.#upTo(this.#storm.heads.get(home) ?? 0))
    else if (chance < 0.94 || !mayLeave) await this.#deleteOne()
    else await this.comeAndGo(home)
  }

  /** Leaves or is removed, and is added again; what is said meanwhile is not to be read. */
  async comeAndGo(home: string): Promise<void> {
    const { host } = this.#storm
    if (this.#random() < 0.5) await this.person.post(`/conversations/${home}/leave`)
    else await host.delete(`/conversations/${home}/members/${this.person.id}`)
    await this.#report(home)
    await host.post(`/conversations/${home}/members`, { user_ids: [this.person.id] })
  }

  #upTo(max: number): number {
    return Math.floor(this.#random() * (max + 1))
  }

  async #send(home: string, content: string): Promise<void> {
    const message = await this.#ask(
      'message.send',
      'POST',
      `/conversations/${home}/messages`,
      { content },
      { conversation_id: home },
    )
    if (!message) return
    this.#storm.heads.set(home, Math.max(this.#storm.heads.get(home) ?? 0, message.number))
    this.#sent.push(message.id)
    this.acks.push({ kind: 'send', home, number: message.number })
  }

  async #report(home: string): Promise<void> {
    const head = this.#storm.heads.get(home) ?? 0
    const chance = this.#random()
    const report = {
      ...(chance < 0.7 && { read_number: this.#upTo(head + 3) }),
      ...(chance > 0.5 && { delivered_number: this.#upTo(head + 3) }),
    }
    const me = await this.#ask('receipt.update', 'PUT', `/conversations/${home}/receipts`, report, {
      conversation_id: home,
    })
    if (me)
      this.acks.push({ kind: 'report', home, head, read: report.read_number, delivered: report.delivered_number, me })
  }

  async mark(home: string, from: number): Promise<void> {
    const { status, body } = await this.person.ask('PUT', `/conversations/${home}/unread`, { from_number: from })
    if (status === 200) this.acks.push({ kind: 'mark', home, from, me: body as Membership })
    else expect([...GONE, 'request.invalid']).toContain(body.code)
  }

  async #deleteOne(): Promise<void> {
    const id = this.#sent[this.#upTo(this.#sent.length - 1)]
    if (id) await this.#ask('message.delete', 'DELETE', `/messages/${id}`, undefined, { message_id: id })
  }

  /** Over REST or over the socket; undefined where one is not, or no longer. */
  // biome-ignore lint/suspicious/noExplicitAny: the caller knows what the command answers
  async #ask(command: string, method: string, path: string, body: object | undefined, where: object): Promise<any> {
    if (this.#random() < 0.5) {
      const reply = await this.ear.command(command, { ...where, ...body })
      if (!reply.ok) expect(GONE).toContain(reply.error.code)
      return reply.data
    }
    const answer = await this.person.ask(method, path, body)
    if (answer.status >= 300) expect(GONE).toContain(answer.body.code)
    return answer.status < 300 ? answer.body : undefined
  }
}

test(`after a storm all views of what was read agree, on every device (STORM_SEED=${SEED})`, async () => {
  await using world = await startWorld()
  const [host, many, ...others] = await world.people('host', 'many', 'ann', 'ben', 'cleo', 'dan', 'eve', 'finn')
  const people = [host, many, ...others]
  const homes = [await world.group(host, many, ...others), await world.group(host, many, ...others)].map(({ id }) => id)
  const storm: Storm = { host, homes, heads: new Map(homes.map((id) => [id, 1])) }
  const random = randomOf(SEED)
  const device = async (person: Person) =>
    new Device(storm, person, await person.connect(), randomOf(Math.floor(random() * 1_000_000_000)))
  const single = await Promise.all([host, ...others].map(device))
  const five: Device[] = []
  for (let count = 0; count < 5; count++) five.push(await device(await world.device(many)))
  const [first] = five
  const load: Conversation[] = (await many.get('/conversations')).data

  await Promise.all([
    ...single.map((one) => one.run(ACTIONS, one.person !== host)),
    // The five devices of one user act at the same moment, while the user is taken out and in again.
    (async () => {
      for (let round = 0; round < ACTIONS; round++) {
        const home = homes[round % homes.length] ?? ''
        const moves = round % 5 === 0 ? [first?.comeAndGo(home)] : []
        await Promise.all([...moves, ...five.map((one) => one.act(home, false))])
      }
    })(),
  ])
  for (const home of homes) await Promise.all(five.map((one, index) => one.mark(home, index + 1)))

  const psql = await world.session()
  const { rows: overlaps } = await psql.query(
    `select * from (select *, lag(to_number) over (partition by conversation_id, user_id, kind order by to_number) as before from receipts) r
     where before >= from_number`,
  )
  expect(overlaps).toEqual([])
  const { rows: unexplained } = await psql.query(
    `select m.user_id, n from members m, generate_series(m.joined_number + 1, m.read_number) n
     where not exists (select from messages x where x.conversation_id = m.conversation_id and x.number = n and x.sender_id = m.user_id)
       and not exists (
         select from receipts r
         where r.conversation_id = m.conversation_id and r.user_id = m.user_id and r.kind = 'read' and n between r.from_number and r.to_number)`,
  )
  expect(unexplained).toEqual([])
  const { rows: beyond } = await psql.query(
    `select r.* from receipts r join members m using (conversation_id, user_id)
     where r.to_number > case r.kind when 'read' then m.read_number else m.delivered_number end`,
  )
  expect(beyond).toEqual([])

  const { rows } = await psql.query<Stay & State & { user_id: string; last: number; sent_count: number; said: number }>(
    `select m.user_id, m.conversation_id as home, wire_time(m.joined_at) as joined_at, m.joined_number::int, m.read_number::int,
            m.delivered_number::int, m.unread_from::int, m.sent_count::int,
            (select max(number)::int from messages x where x.conversation_id = m.conversation_id) as last,
            (select count(*)::int from messages x where x.conversation_id = m.conversation_id and x.sender_id = m.user_id
               and x.number > m.joined_number) as said
     from members m`,
  )
  expect(rows).toHaveLength(people.length * homes.length)
  for (const person of people) {
    const acks = [...single, ...five].filter((one) => one.person.id === person.id).flatMap((one) => one.acks)
    const conversations: Conversation[] = (await person.get('/conversations')).data
    const unread = await person.get('/unread')
    const stats = await person.get('/users/me/stats')
    const mine = rows.filter((row) => row.user_id === person.id)
    for (const row of mine) {
      const state = {
        read_number: row.read_number,
        delivered_number: row.delivered_number,
        unread_from: row.unread_from,
      }
      if (person === many) expect(state).toMatchObject(furthest(row, acks))
      else expect(state).toEqual(replay(row, acks))
      expect(row.sent_count).toBe(row.said)
      const unread_count = row.last - (row.unread_from === null ? row.read_number : row.unread_from - 1)
      expect(conversations.find(({ id }) => id === row.home)?.me).toMatchObject({ ...state, unread_count })
      const listed = unread.data.find((item: { conversation_id: string }) => item.conversation_id === row.home)
      expect(listed?.unread_count ?? 0).toBe(unread_count)
      for (const reader of [person, host]) {
        const { data } = await reader.get(`/conversations/${row.home}/receipts`)
        expect(data.find((item: { user_id: string }) => item.user_id === person.id)).toEqual({
          user_id: person.id,
          read_number: row.read_number,
          delivered_number: row.delivered_number,
        })
      }
    }
    const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
    expect(unread.total_unread_count).toBe(sum(conversations.map(({ me }) => me.unread_count)))
    expect(stats).toMatchObject({
      sent_count: sum(mine.map((row) => row.said)),
      received_count: sum(mine.map((row) => row.last - row.joined_number - row.said)),
    })
  }

  const fresh: Conversation[] = (await many.get('/conversations')).data
  const expected = Object.fromEntries(
    fresh.map(({ id, me }) => [
      id,
      { read_number: me.read_number, unread_from: me.unread_from, unread_count: me.unread_count },
    ]),
  )
  for (const one of five) {
    await one.person.settled()
    expect(hear(one.ear, many.id, load)).toEqual(expected)
  }
}, 120_000)
