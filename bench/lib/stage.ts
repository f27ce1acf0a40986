// One server on a new database, with the driver in front of it: what is measured there is measured for all alike.
import { join } from 'node:path'
import type { Seat } from '../driver/adapters/adapter.js'
import type { Driver, Outcome, Pacing, Saturating } from '../driver/driver.js'
import type { Cast, Scene, Subject } from '../servers/server.js'
import type { Bench } from './bench.js'
import { closeAfter } from './closing.js'
import { inDatabase } from './postgres.js'
import { type Cpu, CpuMeter, proportionalBytes } from './processes.js'
import { Remote } from './remote.js'

/** Until what runs is compiled, on both sides, and plans are made. */
const WARM_UP = { in_flight: 64, bytes: 200, until: 'acked' } as const
const WARM_UP_S = 5

export type Whose = 'server' | 'postgres' | 'driver'
export type Measured<T> = { result: T; cpu: Cpu<Whose> }
export type Load = Outcome & { cpu: Cpu<Whose> }

export class Stage {
  readonly name: string
  readonly databaseUrl: string
  readonly scene: Scene
  readonly driver: Remote<Driver>
  readonly #bench: Bench

  constructor(bench: Bench, name: string, databaseUrl: string, scene: Scene, driver: Remote<Driver>) {
    this.#bench = bench
    this.name = name
    this.databaseUrl = databaseUrl
    this.scene = scene
    this.driver = driver
  }

  /** Everybody, unless only some are named. */
  connect(seats: readonly Seat[] = this.scene.seats): Promise<void> {
    return this.driver.tell('connect', this.scene.adapter, seats)
  }

  async warmUp(conversations?: readonly string[]): Promise<void> {
    await this.driver.tell('saturate', { ...WARM_UP, seconds: Math.min(WARM_UP_S, this.#bench.seconds), conversations })
  }

  /** With the CPU time of everybody, after a checkpoint. */
  async measure<T>(work: () => Promise<T>): Promise<Measured<T>> {
    await this.#bench.postgres.admin.query('checkpoint')
    const meter = new CpuMeter<Whose>({
      server: this.scene.pids,
      postgres: [this.#bench.postgres.pid],
      driver: [this.driver.pid],
    })
    const result = await work()
    return { result, cpu: meter.read() }
  }

  saturate(order: Saturating): Promise<Load> {
    return this.#load(() => this.driver.tell('saturate', order))
  }

  pace(order: Pacing): Promise<Load> {
    return this.#load(() => this.driver.tell('pace', order))
  }

  /** In bytes. */
  memory(): { server: number; postgres: number } {
    return {
      server: proportionalBytes(this.scene.pids),
      postgres: proportionalBytes([this.#bench.postgres.pid]),
    }
  }

  /** Counts what is stored, too: every round is a test as well. */
  async #load(work: () => Promise<Outcome>): Promise<Load> {
    const before = await this.scene.countMessages?.()
    const { result, cpu } = await this.measure(work)
    const { sent, acked, failed, lost, surplus, troubles } = result
    if (before !== undefined) {
      const stored = ((await this.scene.countMessages?.()) ?? 0) - before
      const isStored = failed === 0 && sent === acked ? stored === acked : stored >= acked && stored <= sent
      if (!isStored) this.#bench.wrong(`${this.name}: ${stored} rows for ${acked} acknowledged of ${sent} messages`)
    }
    if (lost > 0) this.#bench.wrong(`${this.name}: ${lost} deliveries of ${acked} acknowledged messages never came`)
    if (surplus > 0) this.#bench.wrong(`${this.name}: ${surplus} deliveries came twice`)
    if (failed > 0 || sent - acked - failed > 0)
      this.#bench.wrong(`${this.name}: ${sent - acked} of ${sent} sends were not acknowledged: ${troubles.join('; ')}`)
    return { ...result, cpu }
  }
}

/** All of it is gone afterwards, however it ends. `template`: a database of which this one is a copy. */
export function onStage<T>(
  bench: Bench,
  subject: Subject,
  cast: Cast,
  work: (stage: Stage) => Promise<T>,
  template?: string,
): Promise<T> {
  const play = (databaseUrl: string) =>
    closeAfter(bench.open, async (closing) => {
      const scene = await subject.start(databaseUrl, cast, closing)
      const driver = startDriver()
      closing.add(() => driver.stop())
      return work(new Stage(bench, subject.name, databaseUrl, scene, driver))
    })
  return inDatabase(bench.postgres, 'earshot_bench', play, template)
}

function startDriver(): Remote<Driver> {
  return new Remote<Driver>(join(import.meta.dirname, '../driver/driver-process.ts'))
}

export const CPU_OF_BOTH = 'CPU s of both'

/** CPU seconds for 1,000 messages (or whatever was counted). */
export function perThousand(cpu: Cpu<Whose>, count: number): Record<string, number> {
  const per = (seconds: number) => (seconds / count) * 1_000
  return {
    'CPU s for 1,000: server': per(cpu.server),
    PostgreSQL: per(cpu.postgres),
    [CPU_OF_BOTH]: per(cpu.server + cpu.postgres),
    driver: per(cpu.driver),
    'all else': per(cpu.others),
  }
}
