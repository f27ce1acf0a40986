// What processes have used, from /proc (Linux): processor time of whole families, memory with shared pages shared out.
import { readdirSync, readFileSync } from 'node:fs'

/** Of the kernel's clock, for user space: it is 100 wherever Linux runs. */
const TICKS_PER_S = 100
const KIB = 1_024

type Stat = { parent: number; own_s: number; reaped_s: number }
export type Family = readonly number[]
/** CPU seconds of each family, and of everything else on the machine. */
export type Cpu<Name extends string> = Record<Name | 'others', number>

/** Those processes and all that they have begun, without those that are gone. */
function membersOf(family: Family): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const parent = Number.isInteger(pid) ? readStat(pid)?.parent : undefined
    if (parent === undefined) continue
    const siblings = children.get(parent)
    if (siblings) siblings.push(pid)
    else children.set(parent, [pid])
  }
  const all: number[] = []
  for (let next = [...family]; next.length > 0; ) {
    all.push(...next)
    next = next.flatMap((pid) => children.get(pid) ?? [])
  }
  return all
}

/** With what their children have used that have ended since. */
function cpuSeconds(family: Family): number {
  return membersOf(family).reduce((sum, pid) => {
    const stat = readStat(pid)
    return sum + (stat ? stat.own_s + stat.reaped_s : 0)
  }, 0)
}

/** In bytes. A page that several processes hold counts in parts, so that a sum is what is really there. */
export function proportionalBytes(family: Family): number {
  return membersOf(family).reduce((sum, pid) => sum + pssOf(pid), 0)
}

/** Measures what `families` use from now until read(). */
export class CpuMeter<Name extends string> {
  readonly #families: Record<Name, Family>
  readonly #began: Record<string, number>

  constructor(families: Record<Name, Family>) {
    this.#families = families
    this.#began = this.#counters()
  }

  read(): Cpu<Name> {
    const now = this.#counters()
    const used = Object.fromEntries(Object.keys(now).map((name) => [name, (now[name] ?? 0) - (this.#began[name] ?? 0)]))
    const { all = 0, ...own } = used
    const known = Object.values(own).reduce((sum, seconds) => sum + seconds, 0)
    return { ...own, others: Math.max(0, all - known) } as Cpu<Name>
  }

  #counters(): Record<string, number> {
    const own = Object.entries<Family>(this.#families).map(([name, family]) => [name, cpuSeconds(family)])
    return { ...Object.fromEntries(own), all: busySeconds() }
  }
}

/** Of all processors together. */
function busySeconds(): number {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n')
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number)
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_S
}

/** Undefined for a process that is gone. */
function readStat(pid: number): Stat | undefined {
  const text = read(pid, 'stat')
  if (text === undefined) return undefined
  // The name before it may hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const seconds = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) / TICKS_PER_S
  return { parent: Number(fields[1]), own_s: seconds(11), reaped_s: seconds(13) }
}

function pssOf(pid: number): number {
  const [, kib = 0] = /^Pss:\s+(\d+) kB$/m.exec(read(pid, 'smaps_rollup') ?? '') ?? []
  return Number(kib) * KIB
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}
