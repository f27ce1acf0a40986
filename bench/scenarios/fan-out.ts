// One event to thousands of sockets, beside a bare `ws` that does nothing else.
import type { Bench, Report } from '../lib/bench.js'
import { check, Figures } from '../lib/figures.js'
import { inTurn } from '../lib/in-turn.js'
import { onStage, perThousand, type Stage } from '../lib/stage.js'
import { bare } from '../servers/bare.js'
import { earshot } from '../servers/earshot.js'
import { BYTES } from './group-chat.js'

/** So that no commit is waited for while there is nothing to hand out. */
const IN_FLIGHT = 4
const SOCKETS = 5_000
const QUICK_SOCKETS = 500

export async function measureFanOut(bench: Bench): Promise<Report> {
  const sockets = bench.quick ? QUICK_SOCKETS : SOCKETS
  // Frames of the same size: Earshot is the first of the first round.
  let frameBytes = 0
  const env = (WAY: string) => () => ({ WAY, FRAME_BYTES: String(frameBytes) })
  const own = earshot()
  const finished = bare('bare ws, a finished frame', 'ws.ts', env('finished'))
  const sends = bare('bare ws, send() to each', 'ws.ts', env('send'))
  const figures = new Figures()
  await inTurn(bench, 'fan-out', [own, finished, sends], (subject, round) =>
    onStage(bench, subject, { groups: 1, members: sockets + 1 }, async (stage) => {
      await stage.connect()
      const measured = await fanOut(bench, stage)
      frameBytes = measured.frame_bytes
      figures.add(subject.name, round, measured.figures)
    }),
  )
  const against = (name: string) => figures.ratios('deliveries/s', own.name, name)
  return {
    title: 'Fan-out',
    notes: [
      `One conversation with ${sockets.toLocaleString('en')} sockets beside the sender's; ${IN_FLIGHT} messages in flight, the next when all have heard one, and then one at a time. CPU is for 1,000 deliveries.`,
    ],
    tables: [{ title: 'Each event to all', figures }],
    checks: [
      check(`of ${finished.name}`, against(finished.name), { least: 0.9 }, 'x'),
      check(`of ${sends.name}`, against(sends.name), undefined, 'x'),
    ],
  }
}

export async function fanOut(bench: Bench, stage: Stage) {
  const order = { bytes: BYTES, until: 'heard' } as const
  await stage.driver.tell('saturate', { ...order, in_flight: IN_FLIGHT, seconds: Math.min(3, bench.seconds) })
  const alone = await stage.saturate({ ...order, in_flight: 1, seconds: bench.seconds })
  const load = await stage.saturate({ ...order, in_flight: IN_FLIGHT, seconds: bench.seconds })
  const { frame_bytes } = load
  const figures = {
    'deliveries/s': load.heard / load.seconds,
    ...perThousand(load.cpu, load.heard),
    'one alone: by the first p50 ms': alone.firsts.p50,
    'by the last p50 ms': alone.lasts.p50,
    'by the last p99 ms': alone.lasts.p99,
    'bytes of a frame': frame_bytes,
  }
  return { figures, frame_bytes }
}
