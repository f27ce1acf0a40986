// A disk of its own that is soon full: a tmpfs, for which one must be root.
import { execFile, execFileSync } from 'node:child_process'
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

const run = promisify(execFile)

export const canMount = process.getuid?.() === 0 && tryMount()

/** A folder that everybody may pass; it goes with the test. */
export async function mountTmpfs(options: string): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'earshot-disk-'))
  await chmod(folder, 0o755)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await run('mount', ['-t', 'tmpfs', '-o', `${options},mode=0755`, 'tmpfs', folder])
  onTestFinished(() => run('umount', ['-l', folder]).then(() => {}))
  return folder
}

function tryMount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    execFileSync('umount', ['/mnt'])
    return true
  } catch {
    return false
  }
}
