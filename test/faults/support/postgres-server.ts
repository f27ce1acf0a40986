// A PostgreSQL of the test's own, with durability as it is shipped, that can be killed, copied, followed and promoted.
import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chmod, chown, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { inject } from 'vitest'
import { findPlatformPackage, prepareBinaries } from '../../../src/db/embedded-binaries.js'
import { chooseHome, openCluster, spawnAs } from '../../../src/db/embedded-cluster.js'
import { createLogger } from '../../../src/observe.js'

const run = promisify(execFile)
const PATIENCE_MS = 60_000

/** Nothing here makes it less durable than it is for its users. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '64MB',
  jit: 'off',
  wal_level: 'replica',
  max_wal_senders: '4',
  // A killed server should come back within seconds.
  checkpoint_timeout: '30s',
}

/** A stopped cluster with a migrated database, to be copied. */
export type Template = { home: string; folder: string; postgres: string; password: string; uid?: number; gid?: number }

/** Made once for a run. */
export async function makeCluster(home: string): Promise<Template> {
  const logger = createLogger('fatal')
  const place = await chooseHome(home, logger)
  const binaries = await prepareBinaries(findPlatformPackage(), place.folder, place.user)
  const { folder, password, user } = await openCluster(place, binaries, false)
  return { home: place.folder, folder, password, postgres: binaries.postgres, ...user }
}

export class PostgresServer {
  readonly folder: string
  readonly port: number
  readonly #template: Template
  readonly #settings: Record<string, string>
  #child: ChildProcess | undefined
  #output = ''
  /** Made for it alone. */
  #home: string | undefined

  private constructor(template: Template, folder: string, port: number, settings: Record<string, string>) {
    this.#template = template
    this.folder = folder
    this.port = port
    this.#settings = settings
  }

  /** With the database of the template. `under`: a folder to be in, that the server's user may pass. */
  static async create(settings: Record<string, string> = {}, under?: string): Promise<PostgresServer> {
    const template = inject('faultTemplate')
    return PostgresServer.#copyOf(template.folder, template, settings, under)
  }

  /** One on a folder that exists, such as the template itself. */
  static async on(template: Template): Promise<PostgresServer> {
    return new PostgresServer(template, template.folder, await freePort(), {})
  }

  static async #copyOf(folder: string, template: Template, settings: Record<string, string>, under?: string) {
    const home = under ?? (await mkdtemp(join(await realpath(tmpdir()), 'earshot-fault-')))
    await chmod(home, 0o755)
    const copy = join(home, 'data')
    await run('cp', ['-a', folder, copy]).catch((error) => {
      // A running server may remove a file before its turn comes.
      const others = String(error.stderr)
        .split('\n')
        .filter((line) => line !== '' && !line.endsWith('No such file or directory'))
      if (others.length > 0) throw error
    })
    const server = new PostgresServer(template, copy, await freePort(), settings)
    if (under === undefined) server.#home = home
    return server
  }

  get url(): string {
    return `postgres://earshot:${this.#template.password}@127.0.0.1:${this.port}/earshot`
  }

  /** Everything that it has said since it was started. */
  get output(): string {
    return this.#output
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Its log goes to another folder, on a disk of its own. */
  async moveLog(folder: string): Promise<void> {
    const [log, place] = [join(this.folder, 'pg_wal'), join(folder, 'pg_wal')]
    await run('cp', ['-a', log, place])
    await rm(log, { recursive: true })
    await symlink(place, log)
  }

  /** Resolves once it takes connections. */
  async start(): Promise<void> {
    const { postgres, uid, gid } = this.#template
    const user = uid === undefined || gid === undefined ? undefined : { uid, gid }
    const settings = Object.entries({ ...SETTINGS, ...this.#settings }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ])
    this.#output = ''
    const child = spawnAs(user, postgres, ['-D', this.folder, '-p', String(this.port), ...settings], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    // Should the tests themselves be killed.
    const end = () => child.kill('SIGKILL')
    process.once('exit', end)
    child.once('exit', () => process.off('exit', end))
    child.stderr?.on('data', (text) => {
      this.#output = `${this.#output}${text}`.slice(-20_000)
    })
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`PostgreSQL did not start: ${this.#output}`)
      const isUp = await this.connect('postgres').then(
        (client) => client.end().then(() => true),
        () => false,
      )
      if (isUp) return
      if (Date.now() > deadline) throw new Error(`PostgreSQL does not answer: ${this.#output}`)
      await delay(20)
    }
  }

  /** kill -9 of the postmaster and of every process of it. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child?.pid) return
    const family = [child.pid, ...(await childrenOf(child.pid))]
    for (const pid of family) signal(pid, 'SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    // A new server refuses to start while processes of the old one are left.
    while (family.some((pid) => signal(pid, 0))) await delay(5)
  }

  /** SIGINT: fast; SIGQUIT: immediate. */
  async stop(how: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(how)
    await once(child, 'exit')
  }

  /** Ends it however it is, and takes away its folder and what was put beside it. */
  async remove(): Promise<void> {
    await this.kill()
    await rm(this.#home ?? this.folder, { recursive: true, force: true })
  }

  /** A copy of the stopped server's folder, with a port of its own. */
  copy(settings: Record<string, string> = {}): Promise<PostgresServer> {
    return PostgresServer.#copyOf(this.folder, this.#template, { ...this.#settings, ...settings })
  }

  /** A copy of the running server's folder, good for a standby: PostgreSQL's own way for a base backup. */
  async backup(settings: Record<string, string> = {}): Promise<PostgresServer> {
    const client = await this.connect()
    try {
      await client.query(`select pg_backup_start('copy', true)`)
      const copy = await this.copy(settings)
      const { rows } = await client.query('select labelfile from pg_backup_stop(false)')
      await rm(join(copy.folder, 'postmaster.pid'), { force: true })
      await copy.#put('backup_label', rows[0].labelfile)
      return copy
    } finally {
      await client.end()
    }
  }

  /** Makes a standby of this stopped copy, which follows the server at `port`. */
  async follow(port: number, name: string): Promise<void> {
    const address = `host=127.0.0.1 port=${port} user=earshot password=${this.#template.password} application_name=${name}`
    await appendFile(join(this.folder, 'postgresql.auto.conf'), `\nprimary_conninfo = '${address}'\n`)
    await this.#put('standby.signal', '')
  }

  /** A file of the server's own. */
  async #put(name: string, text: string): Promise<void> {
    const { uid, gid } = this.#template
    await writeFile(join(this.folder, name), text)
    if (uid !== undefined && gid !== undefined) await chown(join(this.folder, name), uid, gid)
  }

  /** Resolves once the standby of this name has everything that this server has. */
  async isFollowedBy(name: string, state = 'async'): Promise<void> {
    const [{ lsn }] = await this.query('select pg_current_wal_lsn()::text as lsn')
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const [found] = await this.query(
        `select sync_state as state from pg_stat_replication where application_name = $1 and replay_lsn >= $2::pg_lsn`,
        [name, lsn],
      )
      if (found?.state === state) return
      if (Date.now() > deadline) throw new Error(`${name} does not follow: ${JSON.stringify(found)}`)
      await delay(20)
    }
  }

  /** Resolves once it takes writes. */
  async promote(): Promise<void> {
    await this.query('select pg_promote(true, 60)')
  }

  async set(name: string, value: string): Promise<void> {
    await this.query(`alter system set ${name} = '${value}'`)
    await this.query('select pg_reload_conf()')
  }

  /** On a connection of its own. */
  // biome-ignore lint/suspicious/noExplicitAny: the caller knows what it asks for
  async query<T extends pg.QueryResultRow = any>(text: string, values: unknown[] = []): Promise<T[]> {
    const client = await this.connect()
    try {
      return (await client.query<T>(text, values)).rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async connect(database = 'earshot'): Promise<pg.Client> {
    const connectionString = Object.assign(new URL(this.url), { pathname: `/${database}` }).href
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, types: NUMBERS })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  /** The processes that serve sessions of this application. */
  async backends(application: string): Promise<number[]> {
    const rows = await this.query('select pid from pg_stat_activity where application_name like $1', [application])
    return rows.map((row) => row.pid)
  }
}

/** bigint as a number: ours stay far below 2^53. */
const NUMBERS: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === 20 ? Number : pg.types.getTypeParser(oid, format)),
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

/** False: there is no such process. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
