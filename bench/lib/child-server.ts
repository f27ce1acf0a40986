// A server in a process of its own, started with what is given and nothing of the environment.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { StartupError } from '../../src/kit/startup-error.js'

const START_MS = 60_000
/** Longer than any server here takes to say goodbye. */
const STOP_MS = 20_000

export type ChildServer = {
  url: string
  pid: number
  /** Where Node's inspector listens, if it was asked for. */
  inspector: string | undefined
  /** Resolves once it is gone; without a signal it is asked to go (SIGTERM), and made to when it does not. */
  stop: (signal?: NodeJS.Signals) => Promise<void>
}

export type ChildOptions = {
  command: string
  args: readonly string[]
  env: Record<string, string>
  /** Finds in a line of its output where it listens. */
  ready: RegExp
}

/** @throws StartupError */
export async function startChildServer({ command, args, env, ready }: ChildOptions): Promise<ChildServer> {
  // Away from any .env: what is measured is set by the one who measures.
  const child = spawn(command, args, { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] })
  // Also when the benchmark is interrupted.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const patience = setTimeout(kill, STOP_MS)
    await gone
    clearTimeout(patience)
  }
  try {
    return { ...(await readAddresses(child, ready)), pid: child.pid ?? 0, stop }
  } catch (error) {
    await stop('SIGKILL')
    throw error
  }
}

async function readAddresses(child: ChildProcess, ready: RegExp): Promise<Pick<ChildServer, 'url' | 'inspector'>> {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('the server was started without pipes')
  let complaint = ''
  let inspector: string | undefined
  stderr.on('data', (data) => {
    complaint = `${complaint}${data}`.slice(-2_000)
    // It is told before anything else.
    inspector ??= /Debugger listening on (\S+)/.exec(complaint)?.[1]
  })
  const failure = (what: string) => new StartupError(`The server ${what}: ${complaint.trim()}`)
  const late = new AbortController()
  const url = new Promise<string>((resolve, reject) => {
    // Reading goes on: a pipe that nobody empties stops the server.
    createInterface({ input: stdout }).on('line', (line) => {
      const found = ready.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('error', (error) => reject(failure(`could not be run (${error.message})`)))
    child.once('exit', () => reject(failure('did not start')))
    delay(START_MS, undefined, { signal: late.signal }).then(
      () => reject(failure('took too long to start')),
      () => undefined,
    )
  })
  return { url: await url.finally(() => late.abort()), inspector }
}
