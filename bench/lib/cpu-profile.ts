// Where a Node process spent its time, from what --cpu-prof leaves.
import { basename } from 'node:path'

type CallFrame = { functionName: string; url: string; lineNumber: number }
type CpuProfile = {
  nodes: { id: number; callFrame: CallFrame }[]
  startTime: number
  samples: number[]
  timeDeltas: number[]
}
/** Microseconds of the clock that all processes share: process.hrtime(). */
export type Span = { from_us: number; to_us: number }
export type SelfTime = { what: string; share: number }

export function nowMicroseconds(): number {
  return Number(process.hrtime.bigint() / 1_000n)
}

/** The greatest self times within the span, as parts of the time in which the process was not idle. */
export function topSelfTimes(profile: string, { from_us, to_us }: Span, count: number): SelfTime[] {
  const { nodes, startTime, samples, timeDeltas }: CpuProfile = JSON.parse(profile)
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const times = new Map<string, number>()
  let at = startTime
  let busy = 0
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0
    const name = names.get(id) ?? ''
    if (at < from_us || at > to_us || name === '(idle)') continue
    // A sample holds until the next one.
    const took = Math.max(0, timeDeltas[index + 1] ?? 0)
    busy += took
    times.set(name, (times.get(name) ?? 0) + took)
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([what, took]) => ({ what, share: took / busy }))
}

/** Functions of one name and file count as one; a library is told by its name. */
function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  if (url === '') return functionName
  const [, library] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  const place = library ? `${library}/${basename(url)}` : url.replace(/^.*\/dist\//, '')
  return `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`
}
