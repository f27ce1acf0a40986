// What workers and the first process tell each other.
import type { Worker } from 'node:cluster'

export type FromWorker =
  | { type: 'ready'; url: string }
  | { type: 'failed'; sentence: string }
  | { type: 'metrics.wanted' }
  | { type: 'metrics.mine'; text: string }
export type ToWorker = { type: 'metrics.tell'; worker: string } | { type: 'metrics.all'; texts: string[] }

/** Resolves when it is on its way, or cannot be: then whoever it was for has gone. */
export function tellFirst(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve())
  })
}

export function tellWorker(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined)
}
