// What happens later: jobs that wait in PostgreSQL until some node has time. Each is safe to be done twice, for whoever does
// it may die at any moment.
import { EventEmitter } from 'node:events'
import { type Runner, run, type TaskList, type WorkerEvents } from 'graphile-worker'
import type { DatabaseConfig } from '../config.js'
import type { Db } from '../db/database.js'
import type { Jobs } from '../db/enqueue.js'
import { createPool, type Pool } from '../db/pool.js'
import type { Media } from '../media/media.js'
import type { Logger } from '../observe.js'
import { workerName } from './dead-workers.js'
import { jobLogger } from './logger.js'
import { makePreviewsJob } from './make-previews.js'
import { removeFilesOfAccountJob } from './remove-files-of-account.js'
import { removeFilesOfConversationJob } from './remove-files-of-conversation.js'
import { sweepMediaJob } from './sweep-media.js'

export type JobServices = { db: Db; media: Media; logger: Logger }

/** `last`: it is given up when this time fails. The payload is what enqueue() has taken, so its form is known. */
const TASKS: { [J in keyof Jobs]: (services: JobServices, payload: Jobs[J], last: boolean) => Promise<void> } = {
  make_previews: makePreviewsJob,
  remove_files_of_account: removeFilesOfAccountJob,
  remove_files_of_conversation: removeFilesOfConversationJob,
  sweep_media: sweepMediaJob,
}

/** Once over all nodes, whichever of them has time. */
const CRONTAB = '*/10 * * * * sweep_media ?max=1&jobKey=sweep_media'

const AGAIN_MS = 5_000

export class Worker {
  readonly #services: JobServices
  readonly #database: DatabaseConfig
  readonly #concurrency: number
  readonly #name: string
  #runner: Runner | undefined
  #pool: Pool | undefined
  #again: NodeJS.Timeout | undefined
  #isStopping = false

  constructor(services: JobServices, database: DatabaseConfig, concurrency: number, nodeId: string) {
    this.#services = services
    this.#database = database
    this.#concurrency = concurrency
    this.#name = workerName(nodeId)
  }

  async start(): Promise<void> {
    if (this.#concurrency === 0) return
    // One connection listens; the jobs themselves use the node's pool.
    const config = { ...this.#database, pool_max: this.#concurrency + 1 }
    this.#pool = createPool(config, this.#services.logger, this.#name)
    await this.#run(this.#pool)
  }

  /** Waits for the jobs that run. */
  async stop(): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#again)
    const runner = this.#runner
    this.#runner = undefined
    await runner?.stop()
    await this.#pool?.end()
    this.#pool = undefined
  }

  async #run(pool: Pool): Promise<void> {
    const { logger } = this.#services
    // Of a run that has ended: nobody would come for what it has taken, since we live.
    await pool.query('select graphile_worker.force_unlock_workers($1)', [[this.#name]])
    const events: WorkerEvents = new EventEmitter()
    // Jobs are taken in this name (dead-workers.ts); told before the first one is.
    events.on('pool:create', ({ workerPool }) => {
      workerPool.id = this.#name
    })
    this.#runner = await run({
      pgPool: pool,
      concurrency: this.#concurrency,
      noHandleSignals: true,
      logger: jobLogger(logger),
      taskList: this.#tasks(),
      events,
      crontab: CRONTAB,
      // Without these, a database that is away when a job ends would be an error that nobody hears, and end the process.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    })
    this.#runner.promise.then(
      () => this.#ended(pool),
      (error) => this.#ended(pool, error),
    )
  }

  #tasks(): TaskList {
    const tasks: TaskList = {}
    for (const [name, task] of Object.entries(TASKS)) {
      tasks[name] = (payload, { job }) => task(this.#services, payload as never, job.attempts >= job.max_attempts)
    }
    return tasks
  }

  /** It ends by itself when it cannot say what has become of a job. */
  #ended(pool: Pool, error?: unknown): void {
    this.#runner = undefined
    if (this.#isStopping) return
    this.#services.logger.error({ err: error }, 'the worker of jobs has ended and begins again')
    this.#again = setTimeout(() => this.#run(pool).catch((failure) => this.#ended(pool, failure)), AGAIN_MS)
    this.#again.unref()
  }
}
