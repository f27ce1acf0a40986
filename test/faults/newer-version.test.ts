// Two versions at the same time, as during an update: the newer one appends events of types that these nodes do not know.
import { expect, onTestFinished, test } from 'vitest'
import { Apps, expectConverged } from '../sdk/support/app.js'
import { newerTypes } from '../support/conformance.js'
import { fork, randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { openCrowd } from './support/light-client.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '31 Events of a newer version'
const TYPES = ['weather.changed', 'weather.forecast', 'weather.gone', 'message.shouted']

test(`${FAULT}: the nodes pass them on, and clients pass them over (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  using apps = new Apps()
  const stage = await Stage.open({ nodes: 2 })
  for (const type of TYPES) newerTypes.add(type)
  onTestFinished(() => newerTypes.clear())
  const company = await gather(stage, random)
  const { workload, listeners } = company
  const [room] = workload.rooms
  const [listener] = listeners.map(({ person }) => person)
  if (!room || !listener) throw new Error('nobody came')
  const reader = await stage.person('reader', stage.node(1))
  await room.owner.post(`/conversations/${room.id}/members`, { user_ids: [reader.id] })
  const earshot = await apps.of(reader)
  await earshot.open(room.id)
  const ear = await listener.connect()
  const crowd = await openCrowd(fork(random), { people: [listener, reader], count: 6, urls: stage.urls })
  const { resume } = await listener.get('/sync')

  /** As the newer version does; `message`: which it is about. */
  const append = async (
    stream: string,
    type: string,
    payload: object | null,
    message?: { id: string; number: number },
  ) => {
    const { rows } = await stage.sql.query(
      `select event_seq as seq
       from append_events(array[$1::uuid], array[$2], null, array[$3::uuid], array[$4::bigint], array[$5::json])`,
      [stream, type, message?.id ?? null, message?.number ?? null, payload && JSON.stringify(payload)],
    )
    return { type, stream, seq: rows[0].seq, data: payload }
  }
  const rounds = long(100, 6)
  const appended: Awaited<ReturnType<typeof append>>[] = []
  for (let round = 1; round <= rounds; round++) {
    await workload.acknowledges(long(20, 8))
    const { rows } = await stage.sql.query(
      'select id, number from messages where conversation_id = $1 and deleted_at is null order by number desc limit 1',
      [room.id],
    )
    appended.push(
      await append(room.id, 'weather.changed', { degrees: round }),
      await append(listener.id, 'weather.forecast', { degrees: [round, round + 1] }),
      await append(reader.id, 'weather.forecast', { degrees: [] }),
      await append(room.id, 'weather.gone', null),
    )
    await append(room.id, 'message.shouted', null, rows[0])
    crowd[round % crowd.length]?.cut()
    progress(FAULT, `${round} of ${rounds}, ${workload.acknowledged} acknowledged`)
  }
  await workload.acknowledges(20)
  await company.end()

  // What was said of it is what was appended, live and to whoever asks for what they missed.
  await listener.settled()
  const theirs = appended.filter(({ stream }) => stream !== reader.id)
  for (const event of theirs) expect(ear.frames).toContainEqual(expect.objectContaining(event))
  expect(ear.all('message.shouted').map(({ data }) => data.conversation_id)).toEqual(Array(rounds).fill(room.id))
  const first = theirs.find(({ stream }) => stream === room.id)
  const range = { stream: room.id, from_seq: first?.seq, to_seq: first?.seq }
  const fetched = await ear.command('stream.fetch', range)
  expect(fetched.data.events).toEqual([expect.objectContaining(first)])
  const missed = await listener.get(`/sync?since=${resume}`)
  for (const event of theirs.filter(({ stream }) => !missed.limited.includes(stream)))
    expect(missed.events).toContainEqual(expect.objectContaining(event))

  const { rows } = await stage.sql.query('select id, seq from streams')
  const log = new Map<string, number>(rows.map(({ id, seq }) => [id, seq]))
  await expect.poll(() => crowd.flatMap((client) => client.behind(log)), { timeout: 60_000 }).toEqual([])
  expect(crowd.flatMap(({ faults }) => faults)).toEqual([])
  for (const client of crowd) client.leave()
  await expectConverged(apps, reader, earshot)
  expect(apps.errors).toEqual([])
  earshot.stop()
  await audit(stage, { ...company, fault: FAULT, note: `${5 * rounds} events of ${TYPES.length} unknown types` })
})
