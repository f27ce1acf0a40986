// People join while much is being said, and one who was sent away comes again and again.
import { expect, test } from 'vitest'
import type { Message } from '../../src/contract/messages.js'
import type { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { pick, randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '24 Joining in the flow'
/** One page, so that the history takes several while more is said. */
const PAGE = 50

type Joiner = { person: Person; ear: Ear; room: string; seqWhenAdded: number; history: Message[] }

test(`${FAULT}: each hears from their own joining on, and history and live stream fit together (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  // With as little rest as gives some hundred messages a second.
  const company = await gather(stage, random, { writers: long(24, 12), rooms: 2, restMs: long(20, 60) })
  const { workload } = company
  const count = long(100, 12)
  const people = await Promise.all(Array.from({ length: count }, (_, n) => stage.person(`joiner${n}`)))
  const wanderer = await stage.person('restless')
  await workload.acknowledges(long(1_000, 100))

  const began = { at: Date.now(), count: workload.acknowledged }
  const joiners: Joiner[] = []
  const state = { isOver: false }
  const wandering = wander(stage, wanderer, workload.rooms, state)
  for (let n = 0; n < people.length; n += 3) {
    // Some at once, some by themselves.
    const coming = people.slice(n, n + 3)
    const room = pick(random, workload.rooms)
    const ears = await Promise.all(coming.map((person, k) => person.connect(stage.urls[k % 2])))
    const { seq } = await room.owner.get(`/conversations/${room.id}`)
    await untilDone(room.owner, 'POST', `/conversations/${room.id}/members`, { user_ids: coming.map(({ id }) => id) })
    const more = coming.map(async (person, k) => {
      const ear = ears[k]
      if (!ear) throw new Error('somebody has no socket')
      await ear.seen(({ type, data }) => type === 'conversation.joined' && data.conversation_id === room.id)
      joiners.push({ person, ear, room: room.id, seqWhenAdded: seq, history: await readHistory(person, room.id) })
    })
    await Promise.all(more)
    await workload.acknowledges(10)
    progress(FAULT, `${joiners.length} of ${people.length} have joined`)
  }
  const rate = ((workload.acknowledged - began.count) / (Date.now() - began.at)) * 1_000
  state.isOver = true
  const stays = await wandering
  await company.end()

  for (const joiner of joiners) await expectWhole(stage, joiner)
  const note = `${joiners.length} joined and one came ${stays} times, at ${Math.round(rate)} messages/s`
  await audit(stage, { ...company, fault: FAULT, note })
})

/** From the newest page backwards, while more is said. */
async function readHistory(person: Person, room: string): Promise<Message[]> {
  const history: Message[] = []
  let before = ''
  for (;;) {
    const page = await person.get(`/conversations/${room}/messages?limit=${PAGE}${before}`)
    history.unshift(...page.data)
    if (!page.has_before) return history
    before = `&before=${page.data[0].number}`
  }
}

/** Live from the event after their own joining on, each once and in order; before that, what was read. */
async function expectWhole(stage: Stage, { person, ear, room, seqWhenAdded, history }: Joiner): Promise<void> {
  await person.settled()
  const { rows } = await stage.sql.query(
    `select m.from_seq, s.seq, s.message_number, e.type, e.payload ->> 'user_id' as who
     from member_spans m
     join streams s on s.id = m.conversation_id
     join events e on e.stream_id = m.conversation_id and e.seq = m.from_seq - 1
     where m.conversation_id = $1 and m.user_id = $2`,
    [room, person.id],
  )
  expect(rows).toHaveLength(1)
  const [{ from_seq, seq, message_number, type, who }] = rows
  expect({ type, who }).toEqual({ type: 'member.added', who: person.id })
  expect(from_seq).toBeGreaterThan(seqWhenAdded + 1)
  // Without what is only said live.
  const heard = ear.stream(room).filter((frame) => frame.seq !== undefined)
  expect(heard.map((frame) => frame.seq)).toEqual(Array.from({ length: seq - from_seq + 1 }, (_, n) => from_seq + n))

  const read = history.map(({ number }) => number)
  expect(read).toEqual(Array.from({ length: read.length }, (_, n) => n + 1))
  const live = heard.filter((frame) => frame.type === 'message.created').map(({ data }) => data as Message)
  // No hole between the two, and what is in both is the same message.
  expect(read.length + 1).toBeGreaterThanOrEqual(live[0]?.number ?? 1)
  for (const { id, number } of live) if (number <= read.length) expect(history[number - 1]?.id).toBe(id)
  const all = new Set([...history, ...live].map(({ id }) => id))
  expect(all.size).toBe(message_number)
}

/** Is added and taken away again; hears of each stay exactly that. How often. */
async function wander(
  stage: Stage,
  person: Person,
  rooms: { id: string; owner: Person }[],
  state: { isOver: boolean },
) {
  const ear = await person.connect(stage.urls[1])
  let stays = 0
  while (!state.isOver) {
    for (const { id, owner } of rooms) {
      const at = `/conversations/${id}/members`
      await untilDone(owner, 'POST', at, { user_ids: [person.id] })
      await untilDone(owner, 'DELETE', `${at}/${person.id}`)
      stays++
    }
  }
  await person.settled()
  for (const { id } of rooms) {
    const { rows } = await stage.sql.query(
      `select array_agg(e.seq order by e.seq) as seqs
       from member_spans m join events e on e.stream_id = m.conversation_id and e.seq between m.from_seq and m.to_seq
       where m.conversation_id = $1 and m.user_id = $2`,
      [id, person.id],
    )
    expect(ear.stream(id).flatMap(({ seq }) => seq ?? [])).toEqual(rows[0].seqs?.map(Number) ?? [])
  }
  return stays
}

/** A busy conversation may ask to come again. */
async function untilDone(person: Person, method: string, path: string, body?: object): Promise<void> {
  for (;;) {
    const answer = await person.ask(method, path, body)
    if (answer.status < 300) return
    expect(answer.body.code).toBe('busy')
  }
}
