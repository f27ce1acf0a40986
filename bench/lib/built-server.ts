// The server as it is shipped: built, and started as a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { StartupError } from '../../src/kit/startup-error.js'
import { PROFILE } from './own-server.js'

const ROOT = join(import.meta.dirname, '../..')

/** @throws StartupError */
export async function build(): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new StartupError('The server could not be built: see above.')
}

export type BuiltServer = {
  url: string
  pid: number
  /** Resolves once it is gone; without a signal it is asked to go (SIGTERM). */
  stop: (signal?: NodeJS.Signals) => Promise<void>
}

/** `more`: beyond what every run sets. @throws StartupError */
export async function startBuiltServer(databaseUrl: string, more: Record<string, string> = {}): Promise<BuiltServer> {
  const child = spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
    // Nothing of the environment, and away from any .env: what is measured is set here.
    cwd: tmpdir(),
    env: { ...PROFILE, DATABASE_URL: databaseUrl, NODE_ENV: 'test', LOG_LEVEL: 'info', ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Also when the benchmark is interrupted.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  return { url: await readUrl(child), pid: child.pid ?? 0, stop }
}

async function readUrl(child: ChildProcess): Promise<string> {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('the server was started without pipes')
  let complaint = ''
  stderr.on('data', (data) => {
    complaint = `${complaint}${data}`.slice(-2_000)
  })
  return new Promise((resolve, reject) => {
    // Reading goes on: a pipe that nobody empties stops the server.
    createInterface({ input: stdout }).on('line', (line) => {
      const url = /earshot is ready: ([^"\s]+)/.exec(line)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('exit', () => reject(new StartupError(`The server did not start: ${complaint.trim()}`)))
  })
}
