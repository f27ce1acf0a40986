// The PostgreSQL that Earshot brings along: one command starts chat and database.
//
// Several node processes may share a data folder (a second `npm start`, a CLI command beside the server, a start after
// kill -9): the first launches the server, the others adopt it, and the last one to stop ends it, whoever launched it.
// Each holds a lease on the server (embedded-postmaster.ts). A lease that ends unasked means that the server is gone or
// has restarted itself; then everyone who still runs brings it back, on the same port, and PostgreSQL's own lock file
// lets one of them win.
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, DatabaseError } from 'pg'
import { StartupError } from '../kit/startup-error.js'
import type { Logger } from '../observe.js'
import { findPlatformPackage, prepareBinaries } from './embedded-binaries.js'
import { type Cluster, chooseHome, explain, openCluster } from './embedded-cluster.js'
import {
  closeLease,
  endPostmaster,
  findPostmaster,
  judgeEnd,
  type Launch,
  lastPort,
  launchPostmaster,
  type Postmaster,
  releaseLease,
  takeLease,
} from './embedded-postmaster.js'

/** Generous: after a crash PostgreSQL replays its log before it accepts anyone; to interrupt that is to begin anew. */
const START_TIMEOUT_MS = 120_000
const TURN_MS = 20
const MAX_TURN_MS = 1_000
const MIN_BACK_OFF_MS = 100
const MAX_BACK_OFF_MS = 5_000
/** A server that has run for so long has earned an immediate restart. */
const STABLE_MS = 60_000

/** For a chat server on a small machine: short queries, an SSD, little memory. Durability stays as PostgreSQL has it: on. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '128MB',
  random_page_cost: '1.1',
  jit: 'off',
  // Parallel workers exchange rows through /dev/shm, of which a container has 64 MB.
  max_parallel_workers_per_gather: '0',
  wal_compression: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  // Statements and error details carry what people wrote.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

export interface EmbeddedOptions {
  /** Folder for run-time data (config DATA_DIR, default .data); the cluster lives in `<dataDir>/postgres-18`. */
  dataDir: string
  logger: Logger
  /** Extra postgresql settings, e.g. { fsync: 'off' } for tests. */
  settings?: Record<string, string>
}

export class EmbeddedPostgres {
  readonly #options: EmbeddedOptions
  #halt = new AbortController()
  #starting: Promise<string> | undefined
  #stopping: Promise<void> | undefined
  #reviving: Promise<void> | undefined
  #cluster: Cluster | undefined
  #postgres = ''
  #launch: Launch | undefined
  #lease: Client | undefined
  #pid: number | undefined
  #port: number | undefined
  #upSince = 0
  #backOff = 0

  constructor(options: EmbeddedOptions) {
    this.#options = options
  }

  /** The server's process, launched or adopted. */
  get pid(): number | undefined {
    return this.#pid
  }

  /** Launches the server or adopts the one that runs; answers with the connection string of database "earshot". */
  start(): Promise<string> {
    if (this.#starting) return this.#starting
    this.#halt = new AbortController()
    const starting = this.#open(this.#halt.signal, this.#stopping)
    this.#starting = starting
    starting.catch(() => {
      if (this.#starting === starting) this.#starting = undefined
    })
    return starting
  }

  /** Ends the server unless other node processes use it. Bounded in time; may be called twice, and during a start. */
  stop(): Promise<void> {
    this.#halt.abort()
    const starting = this.#starting
    this.#starting = undefined
    this.#stopping = this.#close(starting, this.#stopping)
    return this.#stopping
  }

  async #open(signal: AbortSignal, earlierStop: Promise<void> | undefined): Promise<string> {
    await earlierStop
    const { dataDir, logger, settings } = this.#options
    try {
      const packageFolder = findPlatformPackage()
      const home = await chooseHome(dataDir, logger)
      const binaries = await prepareBinaries(packageFolder, home.folder, home.user)
      this.#postgres = binaries.postgres
      this.#cluster = await openCluster(home, binaries, settings?.fsync !== 'off')
      const lease = await this.#bringUp(this.#cluster, signal)
      await createDatabase(lease)
      return `postgres://earshot:${this.#cluster.password}@127.0.0.1:${this.#port}/earshot`
    } catch (error) {
      await this.#letGo()
      throw explain(error, dataDir)
    }
  }

  async #close(starting: Promise<string> | undefined, earlierStop: Promise<void> | undefined): Promise<void> {
    await earlierStop
    await starting?.catch(() => {})
    await this.#reviving
    await this.#letGo()
  }

  /** Adopts or launches, whichever is possible first, until someone accepts connections. */
  async #bringUp(cluster: Cluster, signal: AbortSignal): Promise<Client> {
    const deadline = Date.now() + START_TIMEOUT_MS
    let port = this.#port ?? (await lastPort(cluster)) ?? (await findFreePort())
    let pause = TURN_MS
    while (Date.now() < deadline) {
      signal.throwIfAborted()
      const server = await findPostmaster(cluster)
      const lease = server && (await takeLease(server, cluster))
      if (lease) return this.#hold(lease, server, signal)
      if (this.#launch?.ended) {
        const verdict = judgeEnd(this.#launch, cluster)
        this.#launch = undefined
        if (verdict instanceof Error) throw verdict
        // Pools know the port of a server that ran before: for that one there is no other.
        if (verdict === 'port' && !this.#port) port = await findFreePort()
        pause = Math.min(pause * 2, MAX_TURN_MS)
      } else if (!server && !this.#launch) {
        this.#launch = launchPostmaster(
          this.#postgres,
          cluster,
          port,
          { ...SETTINGS, ...this.#options.settings },
          this.#options.logger,
        )
      }
      await sleep(pause)
    }
    throw new StartupError(
      `The embedded PostgreSQL in ${cluster.folder} took longer than ${START_TIMEOUT_MS / 1000} s to start: look at its messages with LOG_LEVEL=debug.`,
    )
  }

  #hold(lease: Client, { pid, port }: Postmaster, signal: AbortSignal): Client {
    this.#lease = lease
    this.#pid = pid
    if (this.#port && port !== this.#port)
      this.#options.logger.error(
        { port, was: this.#port },
        'PostgreSQL has moved to another port: restart this process',
      )
    this.#port = port
    if (this.#launch) this.#launch.ready = true
    this.#upSince = Date.now()
    lease.once('end', () => {
      if (this.#lease !== lease || signal.aborted) return
      this.#options.logger.error({ pid }, 'the embedded PostgreSQL is gone; bringing it back')
      this.#lease = undefined
      this.#pid = undefined
      this.#reviving = this.#revive(signal)
    })
    return lease
  }

  /** Never rejects: a server that cannot come back now (a full disk) may be able to later. */
  async #revive(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options
    if (Date.now() - this.#upSince > STABLE_MS) this.#backOff = 0
    while (this.#cluster && !signal.aborted) {
      await sleep(this.#backOff, undefined, { signal }).catch(() => {})
      this.#backOff = Math.min(Math.max(this.#backOff * 2, MIN_BACK_OFF_MS), MAX_BACK_OFF_MS)
      try {
        await this.#bringUp(this.#cluster, signal)
        logger.info({ pid: this.#pid }, 'the embedded PostgreSQL is back')
        return
      } catch (error) {
        if (!signal.aborted) logger.error(error, 'the embedded PostgreSQL does not come back yet')
      }
    }
  }

  /** Ends what no one else uses; a server that others use must not keep this process alive. */
  async #letGo(): Promise<void> {
    const lease = this.#lease
    const launch = this.#launch
    const cluster = this.#cluster
    const pid = this.#pid ?? launch?.child.pid
    this.#lease = undefined
    this.#launch = undefined
    this.#pid = undefined
    this.#port = undefined
    if (!cluster || !pid) return
    // Without a lease there was no complete start, or the server is down: then only a process of our own is ours to end.
    const isLast = lease ? await releaseLease(lease).catch(() => true) : launch !== undefined
    if (isLast && !(await endPostmaster(pid)))
      this.#options.logger.error({ pid }, 'the embedded PostgreSQL does not stop')
    if (lease) await closeLease(lease)
    launch?.child.stderr?.destroy()
    launch?.child.unref()
  }
}

async function createDatabase(lease: Client): Promise<void> {
  const { rowCount } = await lease.query("select from pg_database where datname = 'earshot'")
  if (rowCount) return
  try {
    await lease.query('create database earshot')
  } catch (error) {
    // Another process that starts now was faster: duplicate_database, or its unique index.
    if (!(error instanceof DatabaseError) || !['42P04', '23505'].includes(error.code ?? '')) throw error
  }
}

function findFreePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const probe = createServer().once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => settle(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
