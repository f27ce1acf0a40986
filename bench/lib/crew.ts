// Sockets in a process beside the one that measures, so that neither waits for the other's work.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Returners } from './returners.js'

type Name = Exclude<keyof Returners, `#${string}`>
export type Order = { id: number; name: Name; input: unknown[] }
export type Report = { id: number; result?: unknown; error?: string }

export class Crew {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (report: Report) => void>()
  #orders = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (report: Report) => this.#waiting.get(report.id)?.(report))
    child.once('exit', () => {
      for (const [id, tell] of this.#waiting) tell({ id, error: 'the process of the sockets has ended' })
    })
  }

  static async start(url: string, tokens: readonly string[]): Promise<Crew> {
    const crew = new Crew(fork(join(import.meta.dirname, 'crew-process.ts'), { execArgv: ['--import', 'tsx'] }))
    await crew.tell('open', url, tokens)
    return crew
  }

  /** What the Returners over there answer. */
  async tell<N extends Name>(name: N, ...input: Parameters<Returners[N]>): Promise<Awaited<ReturnType<Returners[N]>>> {
    const id = ++this.#orders
    const report = await new Promise<Report>((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, name, input } satisfies Order)
    })
    this.#waiting.delete(id)
    if (report.error !== undefined) throw new Error(report.error)
    return report.result as Awaited<ReturnType<Returners[N]>>
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}
