// An object in a process beside the one that measures, so that neither waits for the other's work: its methods are called by name.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

type Order = { id: number; name: string; input: unknown[] }
type Report = { id: number; result?: unknown; error?: string }
// biome-ignore lint/suspicious/noExplicitAny: any arguments are what a method may have
type Method = (...input: any[]) => Promise<unknown>
type NameOf<T> = { [N in keyof T & string]: T[N] extends Method ? N : never }[keyof T & string]
type InputOf<T, N extends keyof T> = T[N] extends Method ? Parameters<T[N]> : never
type ResultOf<T, N extends keyof T> = T[N] extends Method ? Awaited<ReturnType<T[N]>> : never

export class Remote<T extends object> {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (report: Report) => void>()
  #orders = 0

  /** `file` calls serve(). */
  constructor(file: string) {
    // The other form of messages knows no NaN.
    this.#child = fork(file, { execArgv: ['--import', import.meta.resolve('tsx')], serialization: 'advanced' })
    this.#child.on('message', (report: Report) => this.#waiting.get(report.id)?.(report))
    this.#child.once('exit', () => {
      for (const [id, tell] of this.#waiting) tell({ id, error: 'the process has ended' })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What the method over there answers. */
  async tell<N extends NameOf<T>>(name: N, ...input: InputOf<T, N>): Promise<ResultOf<T, N>> {
    if (!this.#child.connected) throw new Error('the process has ended')
    const id = ++this.#orders
    const report = await new Promise<Report>((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, name, input } satisfies Order)
    })
    this.#waiting.delete(id)
    if (report.error !== undefined) throw new Error(report.error)
    return report.result as ResultOf<T, N>
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    if (this.#child.connected) this.#child.disconnect()
    await gone
  }
}

/** In the process over there: does what it is told, one thing beside another, until nobody is there to tell. */
export function serve(target: object): void {
  const methods = target as Record<string, Method>
  process.on('message', async ({ id, name, input }: Order) => {
    const report: Report = await (methods[name] as Method).apply(target, input).then(
      (result) => ({ id, result }),
      (error) => ({ id, error: String(error) }),
    )
    if (process.connected) process.send?.(report)
  })
  process.once('disconnect', () => process.exit(0))
}
