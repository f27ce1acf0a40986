// Whoever scrapes /metrics meets any worker, so each answers for all: it asks the first process, which asks everybody.
// Each series bears the number of its worker.
import type { Worker } from 'node:cluster'
import { type Metrics, mergeExposed } from '../observe.js'
import { type FromWorker, type ToWorker, tellFirst, tellWorker } from './worker-messages.js'

/** Longest wait for the others: a worker that hangs must not hide them. */
const TELL_MS = 1_000
const ALL_MS = 2_000

/** The metrics of a worker, exposed with those of the others; alone if these cannot be had. */
export function shareMetrics(metrics: Metrics): Metrics {
  let labels: Record<string, string> | undefined
  let hear: (texts: string[]) => void = () => undefined
  let asking: Promise<string[]> | undefined
  process.on('message', async (message: ToWorker) => {
    if (message.type === 'metrics.all') return hear(message.texts)
    labels = { worker: message.worker }
    await tellFirst({ type: 'metrics.mine', text: (await metrics.expose(labels)).text })
  })
  const ask = async () => {
    const answer = inTime<string[]>(ALL_MS, [], (resolve) => {
      hear = resolve
    })
    await tellFirst({ type: 'metrics.wanted' })
    return answer
  }
  const expose = async () => {
    asking ??= ask().finally(() => {
      asking = undefined
    })
    const texts = await asking
    const own = await metrics.expose(labels)
    return texts.length > 0 ? { ...own, text: mergeExposed(texts) } : own
  }
  return { ...metrics, expose }
}

/** In the first process: asks all workers, once for all who want to know at the same time. */
export class WorkerMetrics {
  readonly #workers: () => Map<number, Worker>
  readonly #waiting = new Map<Worker, (text: string) => void>()
  #gathering: Promise<string[]> | undefined

  /** `workers`: those that serve, by their number. */
  constructor(workers: () => Map<number, Worker>) {
    this.#workers = workers
  }

  hear(worker: Worker, message: FromWorker): void {
    if (message.type === 'metrics.mine') this.#waiting.get(worker)?.(message.text)
    else if (message.type === 'metrics.wanted') void this.#answer(worker)
  }

  async #answer(worker: Worker): Promise<void> {
    this.#gathering ??= this.#gather().finally(() => {
      this.#gathering = undefined
    })
    tellWorker(worker, { type: 'metrics.all', texts: await this.#gathering })
  }

  async #gather(): Promise<string[]> {
    const asked = [...this.#workers()].map(([number, worker]) =>
      inTime(TELL_MS, '', (resolve) => {
        this.#waiting.set(worker, resolve)
        tellWorker(worker, { type: 'metrics.tell', worker: String(number) })
      }),
    )
    const texts = await Promise.all(asked)
    this.#waiting.clear()
    return texts.filter((text) => text !== '')
  }
}

function inTime<T>(ms: number, otherwise: T, begin: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(otherwise), ms)
    begin((value) => {
      clearTimeout(timer)
      resolve(value)
    })
  })
}
