// What becomes of the group chat as one thing grows and all else stays.
import type { Bench, Scenario } from '../lib/bench.js'
import { measureAxis } from '../lib/growth.js'
import { CPU_OF_BOTH, onStage, perThousand, type Stage } from '../lib/stage.js'
import { earshot } from '../servers/earshot.js'
import type { Cast } from '../servers/server.js'
import { BYTES, CAST, IN_FLIGHT } from './group-chat.js'

const MIB = 2 ** 20
export const CHAT_FIGURES = ['messages/s', CPU_OF_BOTH, 'heard p50 ms', 'heard p99 ms']

export const measureMembers: Scenario = (bench) => {
  const sockets = bench.quick ? 100 : 1_000
  return measureAxis(bench, {
    name: 'members',
    title: 'More members in a conversation',
    what: 'members',
    sizes: bench.quick ? [10, 100] : [10, 100, 1_000],
    notes: [`Always ${sockets.toLocaleString('en')} sockets; latencies at 10 messages a second.`],
    figures: [...CHAT_FIGURES, 'deliveries/s', 'CPU s of both, 1,000 deliveries'],
    measure: (members) =>
      onStage(bench, earshot(), { groups: sockets / members, members }, (stage) => measureChat(bench, stage, 10)),
  })
}

export const measureNodes: Scenario = (bench) =>
  measureAxis(bench, {
    name: 'nodes',
    title: 'More nodes',
    what: 'nodes',
    sizes: [1, 2, 3],
    notes: ['On one machine, so they share its cores; sockets are spread evenly. Latencies at 200 messages a second.'],
    figures: CHAT_FIGURES,
    measure: (nodes) => onStage(bench, earshot({ nodes }), CAST, (stage) => measureChat(bench, stage, 200)),
  })

export const measureSockets: Scenario = (bench) =>
  measureAxis(bench, {
    name: 'sockets',
    title: 'More sockets',
    what: 'sockets',
    sizes: bench.quick ? [200, 1_000] : [200, 2_000, 10_000],
    notes: [`Conversations of ${CAST.members}, all of them spoken in; latencies at 200 messages a second.`],
    figures: [...CHAT_FIGURES, 'server MiB'],
    measure: (sockets) =>
      onStage(bench, earshot(), { groups: sockets / CAST.members, members: CAST.members } satisfies Cast, (stage) =>
        measureChat(bench, stage, 200),
      ),
  })

/** Saturation, then latencies at a pace that all sizes can keep. */
export async function measureChat(bench: Bench, stage: Stage, rate: number): Promise<Record<string, number>> {
  await stage.connect()
  await stage.warmUp()
  const load = await stage.saturate({ in_flight: IN_FLIGHT, seconds: bench.seconds, bytes: BYTES, until: 'acked' })
  const { server } = stage.memory()
  const paced = await stage.pace({ rate, seconds: bench.seconds, bytes: BYTES })
  return {
    'messages/s': load.acked / load.seconds,
    'deliveries/s': load.heard / load.seconds,
    ...perThousand(load.cpu, load.acked),
    'CPU s of both, 1,000 deliveries': ((load.cpu.server + load.cpu.postgres) / load.heard) * 1_000,
    'server MiB': server / MIB,
    'heard p50 ms': paced.lasts.p50,
    'heard p99 ms': paced.lasts.p99,
  }
}
