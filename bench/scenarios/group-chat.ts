// Durable group chat: 20 conversations of 10 members, all of them with a socket, texts of 200 bytes, anybody speaks anywhere.
import type { Bench, Report } from '../lib/bench.js'
import { check, Figures } from '../lib/figures.js'
import { inTurn } from '../lib/in-turn.js'
import { CPU_OF_BOTH, type Load, onStage, perThousand, type Stage } from '../lib/stage.js'
import { earshot } from '../servers/earshot.js'
import { findPeers } from '../servers/peers.js'
import type { Subject } from '../servers/server.js'
import { IN_MEMORY, SOCKET_IO } from '../servers/socket-io.js'

export const CAST = { groups: 20, members: 10 }
export const BYTES = 200
export const IN_FLIGHT = 64
const RATES = [100, 500, 1_000]
const MIB = 2 ** 20

export async function measureGroupChat(bench: Bench): Promise<Report> {
  const own = earshot()
  const subjects: Subject[] = [own, ...(await findPeers(bench))]
  const saturation = new Figures()
  const paced = new Map(RATES.map((rate) => [rate, new Figures()]))
  await inTurn(bench, 'group chat', subjects, (subject, round) =>
    onStage(bench, subject, CAST, async (stage) => {
      await stage.connect()
      await stage.warmUp()
      saturation.add(subject.name, round, await saturate(stage, bench.seconds))
      for (const [rate, figures] of paced) figures.add(subject.name, round, await pace(stage, rate, bench.seconds))
    }),
  )
  const against = (name: string, least: number) =>
    subjects.some((subject) => subject.name === name)
      ? [check(`saturation against ${name}`, saturation.ratios('messages/s', own.name, name), { least }, 'x')]
      : []
  const fastest = paced.get(1_000) as Figures
  return {
    title: 'Durable group chat',
    notes: [
      `${CAST.groups} conversations of ${CAST.members}, ${CAST.groups * CAST.members} sockets, texts of ${BYTES} bytes, random members send. A message counts as heard when the last of the others has it.`,
      `Saturation: ${IN_FLIGHT} messages in flight, the next when one is acknowledged. At a pace: latency counts from the time at which a message was to be sent.`,
    ],
    tables: [
      { title: 'Saturation', figures: saturation },
      ...[...paced].map(([rate, figures]) => ({ title: `At ${rate} messages a second`, figures })),
    ],
    checks: [
      ...against(SOCKET_IO, 2.5),
      ...against(IN_MEMORY, 1.4),
      ...against('ejabberd', 3),
      check(
        'CPU for 1,000 messages, server and PostgreSQL',
        saturation.of(own.name, CPU_OF_BOTH),
        { most: 0.25 },
        ' s',
      ),
      check('heard by the last of ten at 1,000/s, p50', fastest.of(own.name, 'heard p50 ms'), { most: 3 }, ' ms'),
      ...(subjects.some(({ name }) => name === SOCKET_IO)
        ? [
            check(
              `heard by the last of ten at 1,000/s, p99 against ${SOCKET_IO}`,
              fastest.ratios('heard p99 ms', own.name, SOCKET_IO),
              { most: 1 },
              'x',
            ),
          ]
        : []),
    ],
  }
}

export async function saturate(stage: Stage, seconds: number): Promise<Record<string, number>> {
  const load = await stage.saturate({ in_flight: IN_FLIGHT, seconds, bytes: BYTES, until: 'acked' })
  const memory = stage.memory()
  return {
    'messages/s': load.acked / load.seconds,
    ...latenciesOf(load),
    ...perThousand(load.cpu, load.acked),
    'server MiB': memory.server / MIB,
    'PostgreSQL MiB': memory.postgres / MIB,
  }
}

export async function pace(stage: Stage, rate: number, seconds: number): Promise<Record<string, number>> {
  const load = await stage.pace({ rate, seconds, bytes: BYTES })
  return {
    'messages/s': load.acked / load.seconds,
    ...latenciesOf(load),
    'sent late p99 ms': load.late.p99,
    ...perThousand(load.cpu, load.acked),
  }
}

function latenciesOf({ acks, lasts }: Load): Record<string, number> {
  return {
    'acknowledged p50 ms': acks.p50,
    'p99 ms': acks.p99,
    'heard p50 ms': lasts.p50,
    'heard p99 ms': lasts.p99,
  }
}
