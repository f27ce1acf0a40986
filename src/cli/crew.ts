// The workers of one port: begun, begun anew when they die, and ended together.
import cluster, { type Worker } from 'node:cluster'
import { StartupError } from '../kit/startup-error.js'
import type { Logger } from '../observe.js'
import type { FromWorker } from './worker-messages.js'
import { WorkerMetrics } from './worker-metrics.js'

const MIN_BACK_OFF_MS = 100
const MAX_BACK_OFF_MS = 10_000
/** A worker that has lived for so long has earned that another one follows soon. */
const STABLE_MS = 60_000
const LAST_WORDS_MS = 500

export type CrewOptions = {
  count: number
  /** For workers, beside our own. */
  environment: Record<string, string>
  /** After so long, those that have not stopped are killed. */
  stop_ms: number
  /** Nobody serves any more, and none can be begun; why. */
  onHopeless: (error: StartupError) => void
  logger: Logger
}

type Seat = { number: number; worker?: Worker; isReady: boolean; backOffMs: number; timer?: NodeJS.Timeout }

export class Crew {
  readonly #options: CrewOptions
  readonly #seats: Seat[]
  readonly #metrics = new WorkerMetrics(() => this.#serving())
  #isStopping = false
  #wentWell = true
  #onEmpty: () => void = () => undefined

  constructor(options: CrewOptions) {
    this.#options = options
    this.#seats = Array.from({ length: options.count }, (_, n) => ({ number: n + 1, isReady: false, backOffMs: 0 }))
  }

  /** Answers the address once all of them serve. @throws StartupError with what the first that cannot has said */
  async start(): Promise<string> {
    const [first, ...others] = this.#seats
    if (!first) throw new Error('a crew of nobody')
    // Alone, so that one migrates, and one says what is wrong.
    const url = await this.#begin(first)
    await Promise.all(others.map((seat) => this.#begin(seat)))
    return url
  }

  /** Each stops as a single process would. True: all of them did, in time. May be called while it starts. */
  async stop(): Promise<boolean> {
    this.#isStopping = true
    for (const { timer } of this.#seats) clearTimeout(timer)
    const late = setTimeout(() => {
      this.#options.logger.error({ after_ms: this.#options.stop_ms }, 'workers that have not stopped are killed')
      this.#wentWell = false
      this.kill()
    }, this.#options.stop_ms)
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      this.#signal('SIGTERM')
      if (this.#isEmpty()) resolve()
    })
    clearTimeout(late)
    return this.#wentWell
  }

  kill(): void {
    this.#signal('SIGKILL')
  }

  #signal(name: NodeJS.Signals): void {
    for (const { worker } of this.#seats) worker?.process.kill(name)
  }

  #isEmpty(): boolean {
    return this.#seats.every(({ worker }) => !worker)
  }

  #serving(): Map<number, Worker> {
    return new Map(this.#seats.flatMap(({ number, worker, isReady }) => (worker && isReady ? [[number, worker]] : [])))
  }

  /** Resolves with its address once it serves. @throws StartupError when it has ended before */
  #begin(seat: Seat): Promise<string> {
    if (this.#isStopping) return Promise.reject(new StartupError('The server is stopping.'))
    const beganAt = performance.now()
    const worker = cluster.fork(this.#options.environment)
    seat.worker = worker
    return new Promise((resolve, reject) => {
      let sentence: string | undefined
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'failed') sentence = message.sentence
        else if (message.type === 'ready') {
          seat.isReady = true
          resolve(message.url)
        } else this.#metrics.hear(worker, message)
      })
      whenGone(worker, (how) => {
        const wasReady = seat.isReady
        seat.worker = undefined
        seat.isReady = false
        if (wasReady) this.#ended(seat, how, performance.now() - beganAt)
        else reject(new StartupError(sentence ?? `A worker ended before it was ready (${how}): see above.`))
        if (this.#isEmpty()) this.#onEmpty()
      })
    })
  }

  #ended(seat: Seat, how: string, lived_ms: number): void {
    if (this.#isStopping) {
      if (how !== 'exit code 0') this.#wentWell = false
      return
    }
    if (lived_ms > STABLE_MS) seat.backOffMs = 0
    const again_in_ms = this.#beginLater(seat)
    this.#options.logger.error({ worker: seat.number, how, again_in_ms }, 'a worker has ended; another one follows')
  }

  #beginLater(seat: Seat): number {
    const wait = seat.backOffMs
    seat.backOffMs = Math.min(Math.max(wait * 2, MIN_BACK_OFF_MS), MAX_BACK_OFF_MS)
    seat.timer = setTimeout(() => {
      this.#begin(seat).catch((error) => this.#failed(seat, error))
    }, wait)
    return wait
  }

  /** As a single process: when it cannot start, it says why and ends. As long as another one serves, it tries again. */
  #failed(seat: Seat, error: StartupError): void {
    if (this.#isStopping) return
    if (this.#isEmpty()) {
      this.#isStopping = true
      for (const { timer } of this.#seats) clearTimeout(timer)
      return this.#options.onHopeless(error)
    }
    const again_in_ms = this.#beginLater(seat)
    this.#options.logger.error({ worker: seat.number, err: error, again_in_ms }, 'a worker could not start')
  }
}

/** Once its process has ended and all that it has said was heard; one that could not even be made says nothing. */
function whenGone(worker: Worker, tell: (how: string) => void): void {
  let how: string | undefined
  let isSilent = false
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    if (how === undefined || !isSilent) return
    clearTimeout(timer)
    tell(how)
  }
  const fallSilent = () => {
    if (isSilent) return
    isSilent = true
    end()
  }
  worker.once('exit', (code: number, signal: string | null) => {
    how = signal ?? `exit code ${code}`
    // Node does not tell that the channel is closed when a connection was on its way through it.
    timer = setTimeout(fallSilent, LAST_WORDS_MS)
    end()
  })
  worker.once('disconnect', fallSilent)
  worker.on('error', (error) => {
    if (worker.process.pid !== undefined || how !== undefined) return
    how = error.message
    fallSilent()
  })
}
