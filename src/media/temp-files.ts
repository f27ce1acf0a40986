// Files that are on their way: below `<UPLOADS_DIR>/tmp`, each with a random name, gone as soon as their work is done.
// The folder is on the same file system as what stays, so that a finished file becomes visible by one rename.
import { randomUUID } from 'node:crypto'
import { mkdir, opendir, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { StartupError } from '../kit/startup-error.js'

/** Other processes may share the folder: what is younger may be theirs. */
const LEFTOVER_AGE_MS = 86_400_000

/**
 * Gives `work` a fresh path in the folder of temporary files of `uploadsDir`; what lies there afterwards is removed,
 * however `work` ends. Nothing lies there yet.
 */
export async function withTempFile<T>(uploadsDir: string, work: (path: string) => Promise<T>): Promise<T> {
  const path = join(tempFolder(uploadsDir), randomUUID())
  try {
    return await work(path)
  } finally {
    await unlinkIfThere(path)
  }
}

/**
 * Makes `uploadsDir` and its folder of temporary files, proves that files can be written and moved there, and removes
 * what a process that died has left behind.
 * @throws StartupError when that cannot be done
 */
export async function prepareTempFolder(uploadsDir: string): Promise<void> {
  const dir = resolve(uploadsDir)
  try {
    await mkdir(dir, { recursive: true, mode: 0o750 })
    await mkdir(tempFolder(dir), { recursive: true, mode: 0o700 })
    await withTempFile(dir, async (path) => {
      await writeFile(path, 'x', { flag: 'wx', mode: 0o640, flush: true })
      const moved = join(dir, `.probe-${randomUUID()}`)
      await rename(path, moved)
      await unlink(moved)
    })
    await sweepLeftovers(tempFolder(dir))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : ''
    throw new StartupError(
      `Make ${dir} a folder on one file system that this user can write to, or set UPLOADS_DIR to another one${code}.`,
    )
  }
}

export function tempFolder(uploadsDir: string): string {
  return join(resolve(uploadsDir), 'tmp')
}

export async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}

async function sweepLeftovers(folder: string): Promise<void> {
  const before = Date.now() - LEFTOVER_AGE_MS
  for await (const entry of await opendir(folder)) {
    if (!entry.isFile()) continue
    const path = join(folder, entry.name)
    try {
      if ((await stat(path)).mtimeMs < before) await unlink(path)
    } catch (error) {
      // Another process that starts sweeps too.
      if (!isErrno(error, 'ENOENT')) throw error
    }
  }
}
