// The running server as a process: launched, found again through postmaster.pid, held by a lease, ended by signals.
//
// A lease is a connection that holds a shared advisory lock: "I use this server". It ends with the process that holds
// it, even by kill -9, so nobody has to guess from recorded process ids who is still there. Whoever gets the same lock
// exclusively was the last one and ends the server; meanwhile nobody gets a new lease.
import { type ChildProcess, execFile } from 'node:child_process'
import { readFile, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client, DatabaseError } from 'pg'
import { StartupError } from '../kit/startup-error.js'
import type { Logger } from '../observe.js'
import { errorCode } from './embedded-binaries.js'
import { type Cluster, cannotRun, diskFull, spawnAs } from './embedded-cluster.js'

const LEASE_LOCK = 7_235_018
const QUERY_TIMEOUT_MS = 10_000
const KEPT_LINES = 20
const EMPTY_PID_FILE_AGE_MS = 2_000

/** From polite to certain: fast shutdown, immediate shutdown (recovery follows at the next start), kill. */
const LAST_WORDS = [
  ['SIGINT', 15_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const

export interface Postmaster {
  pid: number
  /** The cluster's folder by the name under which the server was started. */
  folder: string
  port: number
}

export interface Launch {
  child: ChildProcess
  lines: string[]
  /** It has accepted us: whatever ends it now is no failed start. */
  ready: boolean
  /** How it ended, once it has and the last process that shares its stderr is gone too. */
  ended?: string | Error
}

/** A session of its own (detached), so that Ctrl-C reaches node alone, and node decides when the server stops. */
export function launchPostmaster(
  postgres: string,
  cluster: Cluster,
  port: number,
  settings: Record<string, string>,
  logger: Logger,
): Launch {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const args = ['-D', cluster.folder, '-p', String(port), ...options]
  const child = spawnAs(cluster.user, postgres, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  const launch: Launch = { child, lines: [], ready: false }
  if (child.stderr)
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (launch.lines.push(line) > KEPT_LINES) launch.lines.shift()
      logger.debug({ postgres: line })
    })
  child.once('error', (error) => {
    launch.ended = cannotRun(postgres, error)
  })
  child.once('close', (code, signal) => {
    launch.ended ??= signal ? `killed by ${signal}` : `exit code ${code}`
  })
  return launch
}

/** What a server that ended during its start asks for: patience, another port, or a person. */
export function judgeEnd(launch: Launch, cluster: Cluster): 'wait' | 'port' | Error {
  const output = launch.lines.join('\n')
  if (launch.ready) return 'wait'
  // Somebody else is starting or stopping it, or processes of a killed one still hold its memory.
  if (/lock file ".*" (already exists|is empty)|pre-existing shared memory block/.test(output)) return 'wait'
  if (output.includes('Address already in use')) return 'port'
  if (output.includes('No space left on device')) return diskFull(cluster.folder, new Error(output))
  if (launch.ended instanceof Error) return launch.ended
  const complaint =
    launch.lines.find((line) => /FATAL|PANIC/.test(line))?.replace(/^.*?(FATAL|PANIC): +/, '') ?? launch.ended
  return new StartupError(
    `The embedded PostgreSQL in ${cluster.folder} does not start (${complaint}): remove that cause, or set DATABASE_URL to another server.`,
    { cause: new Error(output) },
  )
}

/**
 * The server that runs on this folder, by its postmaster.pid. A file whose process is gone is left to PostgreSQL,
 * which overwrites it. It would refuse, however, when the number now belongs to another process of the same user (likely
 * in a container, where numbers are small), so such a file is removed.
 */
export async function findPostmaster(cluster: Cluster): Promise<Postmaster | undefined> {
  const file = join(cluster.folder, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const [pid, folder, , port] = text.split('\n')
  if (!folder || !port || Number(pid) <= 0) {
    // Empty for an instant while a server starts; for ever after a power cut.
    const { mtimeMs, size } = await stat(file).catch(() => ({ mtimeMs: Date.now(), size: 0 }))
    if (size === 0 && Date.now() - mtimeMs > EMPTY_PID_FILE_AGE_MS) await rm(file, { force: true })
    return undefined
  }
  const found = { pid: Number(pid), folder, port: Number(port) }
  if (!sendSignal(found.pid, 0)) return undefined
  if ((await isPostgres(found.pid, folder)) && (await isSameFolder(folder, cluster.folder))) return found
  if ((await readFile(file, 'utf8').catch(() => '')) === text) await rm(file, { force: true })
  return undefined
}

/** The port of the last run: tools that were pointed at it find it again. */
export async function lastPort(cluster: Cluster): Promise<number | undefined> {
  const options = await readFile(join(cluster.folder, 'postmaster.opts'), 'utf8').catch(() => '')
  const port = /"-p" "(\d+)"/.exec(options)?.[1]
  return port ? Number(port) : undefined
}

/** A lease on the server, or undefined while it is starting, recovering or being stopped. */
export async function takeLease(server: Postmaster, cluster: Cluster): Promise<Client | undefined> {
  const client = new Client({
    host: '127.0.0.1',
    port: server.port,
    user: 'earshot',
    password: cluster.password,
    database: 'postgres',
    application_name: 'earshot lease',
    ssl: false,
    connectionTimeoutMillis: QUERY_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  })
  // The holder listens to `end`, which follows; without a listener an error would end node.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ folder: string; held: boolean }>(
      "select current_setting('data_directory') as folder, pg_try_advisory_lock_shared($1) as held",
      [LEASE_LOCK],
    )
    // A copied cluster has the original's password and last port: the original may be answering in its place.
    if (rows[0]?.held && rows[0].folder === server.folder) return client
  } catch (error) {
    if (error instanceof DatabaseError && error.code?.startsWith('28'))
      throw new StartupError(
        `The PostgreSQL that runs in ${cluster.folder} does not take the password in ${cluster.folder}.password (${error.message}): put the right file back.`,
        { cause: error },
      )
  }
  await closeLease(client)
  return undefined
}

/** Gives the lease back. True: nobody else holds one, and nobody gets one as long as the connection stays open. */
export async function releaseLease(client: Client): Promise<boolean> {
  await client.query('select pg_advisory_unlock_shared($1)', [LEASE_LOCK])
  const { rows } = await client.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [LEASE_LOCK])
  return rows[0]?.last === true
}

export async function closeLease(client: Client): Promise<void> {
  await Promise.race([client.end().catch(() => {}), sleep(1_000, undefined, { ref: false })])
}

/** False: it has survived even the last signal. */
export async function endPostmaster(pid: number): Promise<boolean> {
  for (const [signal, patience] of LAST_WORDS) {
    const deadline = Date.now() + patience
    if (!(await isPostgres(pid)) || !sendSignal(pid, signal)) return true
    while (Date.now() < deadline) {
      if (!sendSignal(pid, 0) || !(await isPostgres(pid))) return true
      await sleep(10)
    }
  }
  return false
}

/** By its command line, which everybody may read. A zombie has none: it counts as gone. */
async function isPostgres(pid: number, folder = ''): Promise<boolean> {
  const [command = '', ...words] = await commandLine(pid)
  return basename(command).startsWith('postgres') && words.join(' ').includes(folder)
}

async function commandLine(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
  } catch {
    const ps = promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])
    return ps.then(
      ({ stdout }) => stdout.trim().split(' '),
      () => [],
    )
  }
}

/** A copy of a live folder brings the original's postmaster.pid along; a folder moved under its server is still its own. */
async function isSameFolder(recorded: string, cluster: string): Promise<boolean> {
  const [there, here] = await Promise.all([stat(recorded).catch(() => undefined), stat(cluster)])
  return there === undefined || (there.ino === here.ino && there.dev === here.dev)
}

/** False: there is no such process. Signal 0 only asks. */
function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
