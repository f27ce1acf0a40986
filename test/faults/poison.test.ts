// Events that no trigger of ours writes, put into the log by somebody who may: what they say cannot be followed.
import { expect, onTestFinished, test } from 'vitest'
import { Ear, type Frame } from '../support/ear.js'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '30 Poison in the log'
const APPEND =
  'select event_seq from append_events(array[$1]::uuid[], array[$2], array[null]::uuid[], null, null, array[$3]::json[])'

/** `said`: how it is handed out; `stumbles`: a node cannot do with it what the type asks for. */
type Poison = { where: 'room' | 'own'; type: string; payload: string | null; said: unknown; stumbles: boolean }
const POISON: Poison[] = [
  { where: 'room', type: 'member.added', payload: '{"user_id": 7}', said: { user_id: 7 }, stumbles: true },
  { where: 'room', type: 'member.removed', payload: null, said: null, stumbles: true },
  { where: 'room', type: 'member.added', payload: '"\\u0000"', said: '\0', stumbles: true },
  { where: 'own', type: 'block.added', payload: '[]', said: [], stumbles: true },
  { where: 'own', type: 'session.revoked', payload: '{}', said: {}, stumbles: true },
  // These two would have made the statement fail that reads them, and with it all that it reads.
  {
    where: 'own',
    type: 'membership.updated',
    payload: '{"conversation_id": "nowhere"}',
    said: { conversation_id: null, me: null },
    stumbles: false,
  },
  {
    where: 'own',
    type: 'conversation.joined',
    payload: '{"conversation_id": "\\u0000", "seq": "first"}',
    said: { seq: null, conversation_id: null, conversation: null },
    stumbles: false,
  },
]
const isPoison = ({ type, data }: Frame) =>
  POISON.some((one) => one.type === type && JSON.stringify(one.said) === JSON.stringify(data))

test(`${FAULT}: it is counted and passed on as it is, nobody has a gap, and what comes after it is heard (SEED=${SEED})`, async () => {
  const stage = await Stage.open({ nodes: 2 })
  Ear.excuses = isPoison
  onTestFinished(() => {
    Ear.excuses = () => false
  })
  const company = await gather(stage, randomOf(SEED))
  const { workload, listeners } = company
  const [listener] = listeners
  const [room] = workload.rooms
  if (!listener || !room) throw new Error('nobody is there')
  const { person } = listener
  const rounds = long(20, 2)
  for (let round = 1; round <= rounds; round++) {
    const { resume } = await person.get('/sync')
    const ears = await Promise.all(stage.urls.map((url) => person.connect(url)))
    const planted: { stream: string; seq: number; type: string; said: unknown }[] = []
    for (const { where, type, payload, said } of POISON) {
      const stream = where === 'room' ? room.id : person.id
      const [row] = await stage.postgres.query(APPEND, [stream, type, payload])
      planted.push({ stream, seq: row.event_seq, type, said })
    }
    const after = await room.owner.say(room.id, `after it ${round}`)
    await workload.acknowledges(10)
    for (const ear of ears) {
      // Live, each of them and what follows it, without a gap.
      await ear.seen(({ type, data }) => type === 'message.created' && data.id === after.id)
      for (const { stream, seq, type, said } of planted)
        expect(await ear.seen((frame) => frame.stream === stream && frame.seq === seq)).toMatchObject({
          type,
          data: said,
        })
      // Without what is only said live.
      const seqs = ear.stream(room.id).flatMap(({ seq }) => seq ?? [])
      expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) + index))
      // Asked for, from the log.
      for (const { stream, seq, type, said } of planted) {
        const reply = await ear.command('stream.fetch', { stream, from_seq: seq, to_seq: seq })
        expect(reply.data.events).toMatchObject([{ type, stream, seq, data: said }])
      }
      ear.cut()
    }
    // Missed: by whoever comes back, from the memory of a node or from the log, and by whoever polls.
    const back = await person.resume(resume, stage.urls[round % 2])
    for (const { stream, seq } of planted) await back.seen((frame) => frame.stream === stream && frame.seq === seq)
    back.cut()
    const { events } = await person.get(`/sync?since=${resume}`)
    expect(events.filter(isPoison)).toHaveLength(planted.length)
    progress(FAULT, `round ${round} of ${rounds}`)
  }
  await company.end()
  const poison = rounds * POISON.filter(({ stumbles }) => stumbles).length
  await audit(stage, {
    ...company,
    fault: FAULT,
    poison,
    note: `${rounds * POISON.length} events that cannot be followed`,
  })
  // A node that begins behind them recalls them, and serves.
  await stage.node(1).stop()
  await stage.start(stage.node(1))
  const ear = await person.connect(stage.urls[1])
  const { id } = await room.owner.say(room.id, 'to a node that has just begun')
  await ear.seen(({ type, data }) => type === 'message.created' && data.id === id)
})
