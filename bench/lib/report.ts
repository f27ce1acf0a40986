// What a replay says at its end.
import type { Lane } from './lane.js'
import { Samples } from './samples.js'
import { type Cell, drawTable } from './table.js'

const HEADER = [
  'conversation',
  'members',
  'messages',
  'replies',
  'unlinked',
  'skipped',
  'deliveries',
  'seconds',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'errors',
]

/** `seconds` of the total is the time on the clock: the conversations ran beside each other. */
export function drawReport(lanes: readonly Lane[], seconds: number): string {
  const sum = (count: (lane: Lane) => number) => lanes.reduce((total, lane) => total + count(lane), 0)
  return drawTable(
    HEADER,
    lanes.map((lane) => row(lane.transcript.name, (count) => count(lane), lane.hearing.latencies, lane.seconds)),
    row('total', sum, Samples.merge(lanes.map((lane) => lane.hearing.latencies)), seconds),
  )
}

function row(name: string, of: (count: (lane: Lane) => number) => number, latencies: Samples, seconds: number): Cell[] {
  return [
    name,
    of((lane) => lane.members.length),
    of((lane) => lane.sent),
    of((lane) => lane.replies),
    of((lane) => lane.unlinked),
    of(countSkipped),
    of((lane) => lane.deliveries),
    seconds,
    ...latencies.quantiles(0.5, 0.95, 0.99),
    of((lane) => lane.findings.count),
  ]
}

/** Why lines were skipped, and what did not agree; empty when there is nothing to say. */
export function drawFindings(lanes: readonly Lane[]): string {
  return lanes
    .flatMap(({ transcript, skipped, findings }) => [
      ...[...skipped].map(([reason, count]) => `${transcript.name}: ${count} skipped, ${reason}`),
      ...findings.shown.map((finding) => `${transcript.name}: ${finding}`),
      ...(findings.count > findings.shown.length
        ? [`${transcript.name}: and ${findings.count - findings.shown.length} more`]
        : []),
    ])
    .join('\n')
}

function countSkipped(lane: Lane): number {
  return [...lane.skipped.values()].reduce((sum, count) => sum + count, 0)
}
