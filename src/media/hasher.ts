// SHA-256 beside the event loop: without instructions of its own a processor needs seconds for a gigabyte, and messages
// would wait for them. One thread for all files: many at once share it, and that is what holds them back.
import { Worker } from 'node:worker_threads'

/** Plain text, for it has to run from dist/ and from the sources alike. */
const THREAD = `
const { parentPort } = require('node:worker_threads')
const { createHash } = require('node:crypto')
// There, and there alone, it is that of this thread: whoever answers messages goes first.
if (process.platform === 'linux') require('node:os').setPriority(0, 19)
const hashes = new Map()
parentPort.on('message', ({ question, id, bytes, last, dropped }) => {
  if (dropped) return hashes.delete(id)
  const hash = hashes.get(id) ?? createHash('sha256')
  if (bytes) hash.update(bytes)
  if (last) hashes.delete(id)
  else hashes.set(id, hash)
  parentPort.postMessage({ question, digest: last ? hash.digest() : undefined })
})`

type Answer = { question: number; digest: Uint8Array | undefined }
type Waiting = { resolve: (answer: Answer) => void; reject: (error: Error) => void }

export class Hasher {
  #thread: Worker | undefined
  #lastId = 0
  #lastQuestion = 0
  readonly #waiting = new Map<number, Waiting>()

  /** A hash of its own, of what it is given in that order. */
  open(): SharedHash {
    const id = ++this.#lastId
    this.#thread ??= this.#start()
    const thread = this.#thread
    return {
      update: async (bytes) => void (await this.#ask(thread, { id, bytes })),
      digest: async () => Buffer.from((await this.#ask(thread, { id, last: true })).digest ?? []),
      drop: () => thread.postMessage({ id, dropped: true }),
    }
  }

  async stop(): Promise<void> {
    await this.#thread?.terminate()
  }

  async #ask(thread: Worker, wanted: { id: number; bytes?: Uint8Array; last?: boolean }): Promise<Answer> {
    // Another thread knows nothing of what this one has read.
    if (thread !== this.#thread) throw new Error('the thread of hashes has ended')
    const question = ++this.#lastQuestion
    thread.postMessage({ question, ...wanted })
    return new Promise((resolve, reject) => this.#waiting.set(question, { resolve, reject }))
  }

  #start(): Worker {
    const thread = new Worker(THREAD, { eval: true, name: 'earshot-hasher' })
    thread.unref()
    thread.on('message', (answer: Answer) => {
      this.#waiting.get(answer.question)?.resolve(answer)
      this.#waiting.delete(answer.question)
    })
    // Without a listener an error of the thread would end the process; its exit tells those who wait.
    thread.on('error', () => undefined)
    thread.on('exit', () => {
      if (this.#thread === thread) this.#thread = undefined
      for (const { reject } of this.#waiting.values()) reject(new Error('the thread of hashes has ended'))
      this.#waiting.clear()
    })
    return thread
  }
}

export type SharedHash = {
  /** `bytes` must lie in shared memory and stay as they are until this resolves. */
  update(bytes: Uint8Array): Promise<void>
  digest(): Promise<Buffer>
  /** Nobody will ask for it. */
  drop(): void
}
