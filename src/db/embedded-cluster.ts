// The folder of the embedded database: whose it is, where it lies, and how it comes to be.
//
//   <home>/postgres-18            the cluster, owned by the user that runs PostgreSQL
//   <home>/postgres-18.password   the superuser's password, readable only by the user who runs node
//
// <home> is DATA_DIR, or a folder below /var/lib/earshot when node runs as root and the server's user cannot get to DATA_DIR.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  chmod,
  chown,
  lchown,
  link,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { StartupError } from '../kit/startup-error.js'
import type { Logger } from '../observe.js'
import { type Binaries, errorCode, exists, mayEnter, type ServerUser } from './embedded-binaries.js'

const MAJOR = '18'
const CLUSTER = `postgres-${MAJOR}`
const SHARED_HOME = '/var/lib/earshot'
const INITDB_TIMEOUT_MS = 120_000
const LEFTOVER_AGE_MS = 600_000

// macOS has no C.UTF-8 of its own; PostgreSQL's builtin provider sorts and folds either way.
const LOCALE = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'

/** Nothing of node's own environment: secrets would show in another user's /proc, and PG* variables would configure it. */
const SERVER_ENV = { LC_ALL: LOCALE, PATH: '/usr/bin:/bin' }

export interface Home {
  folder: string
  user: ServerUser | undefined
}

export interface Cluster {
  folder: string
  password: string
  user: ServerUser | undefined
}

/** Decides where the cluster lives and who runs it. A cluster that exists decides for itself: data never seems lost. */
export async function chooseHome(dataDir: string, logger: Logger): Promise<Home> {
  await makeOpenFolder(resolve(dataDir))
  const wanted = await realpath(dataDir)
  if (!isRoot()) return { folder: wanted, user: undefined }

  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 12)
  const moved = join(SHARED_HOME, `${basename(dirname(wanted))}-${hash}`)
  const [isWanted, isMoved] = await Promise.all([exists(join(wanted, CLUSTER)), exists(join(moved, CLUSTER))])
  const user = await findServerUser(join(isWanted || !isMoved ? wanted : moved, CLUSTER))
  const reachable = await mayEnter(wanted, user)
  if (isWanted && !reachable)
    throw new StartupError(
      `User ${user.uid}, who runs PostgreSQL, cannot get to the database in ${wanted}: make each folder above it passable (chmod o+x).`,
    )
  if (isWanted || (reachable && !isMoved)) return { folder: wanted, user }
  await makeOpenFolder(SHARED_HOME)
  await makeOpenFolder(moved)
  logger.info({ folder: moved }, `the database lives here, because user ${user.uid} could not get to ${wanted}`)
  return { folder: moved, user }
}

/** The cluster in `home`, made when there is none. */
export async function openCluster(home: Home, binaries: Binaries, fsync: boolean): Promise<Cluster> {
  const folder = join(home.folder, CLUSTER)
  await sweepLeftovers(home.folder)
  const isOld = await checkMajor(home.folder, folder)
  const passwordFile = `${folder}.password`
  if (isOld && !(await exists(passwordFile)))
    throw new StartupError(
      `${passwordFile} is missing, without which the database beside it cannot be opened: put it back, or move ${folder} away to begin with an empty database.`,
    )
  const password = await readOrMakePassword(passwordFile)
  if (!isOld) await initCluster({ folder, password, user: home.user }, binaries, fsync)
  if (home.user && (await stat(folder)).uid === 0) await giveAway(folder, home.user)
  return { folder, password, user: home.user }
}

/** What went wrong with a folder or a disk, in a sentence; anything else as it is. */
export function explain(error: unknown, folder: string): unknown {
  const code = errorCode(error)
  const path = error instanceof Error && 'path' in error ? error.path : folder
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder, error)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new StartupError(
      `Cannot use ${path} (${code}): let this user write there, or set DATA_DIR to a folder of its own.`,
      { cause: error },
    )
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return new StartupError(`${path} is not a folder: move it away, or set DATA_DIR to another one.`, { cause: error })
  return error
}

export function diskFull(folder: string, cause?: unknown): StartupError {
  return new StartupError(`The disk that holds ${folder} is full: free some space and start again.`, { cause })
}

/** PostgreSQL refuses to run as root. An existing cluster's owner goes first: the system's users may have changed since. */
async function findServerUser(cluster: string): Promise<ServerUser> {
  if (await exists(cluster)) {
    const { uid, gid } = await stat(cluster)
    if (uid !== 0) return { uid, gid }
  }
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((account) => account[0] === name) ?? []
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new StartupError(
    'PostgreSQL does not run as root and there is no user "postgres" or "nobody": start as an ordinary user, or set DATABASE_URL.',
  )
}

/** A folder that root makes lets the server's user pass, whatever the umask; an existing one is its owner's business. */
async function makeOpenFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true })
  if (made && isRoot()) await chmod(folder, 0o755)
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

async function checkMajor(home: string, cluster: string): Promise<boolean> {
  const names = (await readdir(home)).filter((name) => /^postgres-\d+$/.test(name))
  const looked = names.includes(CLUSTER) ? cluster : join(home, names[0] ?? CLUSTER)
  const versionFile = join(looked, 'PG_VERSION')
  if (await exists(versionFile)) {
    const found = (await readFile(versionFile, 'utf8')).trim()
    if (looked === cluster && found === MAJOR) return true
    throw new StartupError(
      `${looked} holds a database of PostgreSQL ${found} and this release brings ${MAJOR}: dump it with the release that made it and restore it here, or set DATA_DIR to another folder.`,
    )
  }
  if (names.includes(CLUSTER) && (await readdir(cluster)).length > 0)
    throw new StartupError(`${cluster} holds files but no database: move it away, or set DATA_DIR to another folder.`)
  return false
}

/** Linked into place whole: of two processes that start at once, both use the password of the first. */
async function readOrMakePassword(file: string): Promise<string> {
  if (!(await exists(file))) {
    const fresh = `${file}.new-${randomUUID()}`
    await writeFile(fresh, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600, flush: true })
    try {
      await link(fresh, file)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    } finally {
      await rm(fresh, { force: true })
    }
  }
  return (await readFile(file, 'utf8')).trim()
}

/** Made beside its place and renamed: an interrupted initdb leaves nothing that could be taken for a cluster. */
async function initCluster(cluster: Cluster, binaries: Binaries, fsync: boolean): Promise<void> {
  const { folder, password, user } = cluster
  const workshop = `${folder}.new-${randomUUID()}`
  const [data, passwordFile] = [join(workshop, 'data'), join(workshop, 'password')]
  try {
    await mkdir(workshop, { mode: 0o700 })
    await writeFile(passwordFile, password, { mode: 0o600 })
    if (user) for (const path of [passwordFile, workshop]) await chown(path, user.uid, user.gid)
    const args = ['-D', data, '-U', 'earshot', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8']
    args.push(`--locale=${LOCALE}`, '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions')
    if (!fsync) args.push('--no-sync')
    await runInitdb(binaries.initdb, args, cluster)
    await rename(data, folder)
  } catch (error) {
    // Another process was faster: its cluster has the same password.
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error
  } finally {
    await rm(workshop, { recursive: true, force: true })
  }
}

async function runInitdb(initdb: string, args: string[], { folder, user }: Cluster): Promise<void> {
  const child = spawnAs(user, initdb, args, { timeout: INITDB_TIMEOUT_MS, killSignal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-8000)
    })
  const outcome = await new Promise<number | string | Error | null>((settle) => {
    child.once('error', settle).once('close', (code, signal) => settle(code ?? signal))
  })
  if (outcome === 0) return
  if (outcome instanceof Error) throw cannotRun(initdb, outcome)
  if (output.includes('No space left on device')) throw diskFull(folder, new Error(output))
  const lines = output.trim().split('\n')
  const complaint = lines.find((line) => /error|fatal|panic/i.test(line)) || lines.at(-1) || `ended with ${outcome}`
  throw new StartupError(
    `No database could be made in ${dirname(folder)} (${complaint.trim()}): remove that cause, set DATA_DIR to another folder, or set DATABASE_URL.`,
    { cause: new Error(output) },
  )
}

/** The working folder is one that every user may enter. */
export function spawnAs(
  user: ServerUser | undefined,
  binary: string,
  args: string[],
  options: SpawnOptions,
): ChildProcess {
  try {
    return spawn(binary, args, { ...options, ...user, cwd: '/', env: SERVER_ENV })
  } catch (error) {
    // Most failures arrive as an event; a missing right to change the user is thrown.
    throw cannotRun(binary, error instanceof Error ? error : new Error(String(error)))
  }
}

export function cannotRun(binary: string, cause: Error): StartupError {
  return new StartupError(
    `The embedded PostgreSQL does not run on this system (${errorCode(cause) ?? cause.message} for ${binary}): set DATABASE_URL to a PostgreSQL server.`,
    { cause },
  )
}

async function giveAway(folder: string, user: ServerUser): Promise<void> {
  for (const name of ['.', ...(await readdir(folder, { recursive: true }))])
    await lchown(join(folder, name), user.uid, user.gid)
}

/** What a killed start left half made. By age, because another process may be at work on a young one. */
async function sweepLeftovers(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    if (!/^postgres-.*\.new-/.test(name)) continue
    const path = join(home, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > LEFTOVER_AGE_MS) await rm(path, { recursive: true, force: true })
  }
}
