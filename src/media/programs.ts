// A program of somebody else, run on a file of a stranger: its words never read by a shell, with nothing of our environment, for
// so long and with so much output, and gone afterwards whatever it did.
import { spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'

export type Bounds = {
  /** Killed after it. */
  seconds: number
  /** Of output in all; more ends it. */
  max_bytes: number
  /** Of memory; it is told that there is no more. */
  max_memory?: number
}

type ProgramFailure = 'exit' | 'time' | 'output'

/** It was started and did not end well. One that cannot be started rejects with the error of the system. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError'
  readonly failure: ProgramFailure

  constructor(program: string, failure: ProgramFailure, said: string) {
    super(`${program} failed (${failure})${said && `: ${said}`}`)
    this.failure = failure
  }
}

/** Where a name without a slash is looked for: what is elsewhere is configured by its whole path. */
const PATH = '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin:/snap/bin'
/** A limit is inherited, and Node can set none of its children: so the program takes the place of a shell that has one. */
const LIMITED = 'ulimit -v "$1" 2>/dev/null; shift; exec "$@"'
/** POSIX: what a shell ends with when it cannot start the program. */
const NOT_STARTED = [126, 127]
/** Of what it says on stderr, for the log. */
const SAID = 500

/**
 * Resolves once it has ended with 0 and everything of its output went through `take`.
 * @throws ProgramError
 */
export function runProgram(
  program: string,
  args: readonly string[],
  bounds: Bounds,
  take: (chunk: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const [file = program, ...rest] = limited([program, ...args], bounds.max_memory)
    const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH, LC_ALL: 'C' } })
    let failure: ProgramFailure | undefined
    let size = 0
    let said = ''

    const end = (why: ProgramFailure) => {
      failure ??= why
      child.kill('SIGKILL')
      // Else a child of its own that lives on would hold our ends of the pipes open.
      child.stdout.destroy()
      child.stderr.destroy()
    }
    const timer = setTimeout(() => end('time'), bounds.seconds * 1_000)
    const settle = (error?: Error) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve()
    }

    child.on('spawn', () => behindTheServer(child.pid))
    child.on('error', settle)
    child.on('close', (code) => {
      if (bounds.max_memory !== undefined && code !== null && NOT_STARTED.includes(code)) {
        settle(new Error(`${program} cannot be started: ${said.trim()}`))
        return
      }
      if (code !== 0) failure ??= 'exit'
      settle(failure && new ProgramError(program, failure, said.trim()))
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(-SAID)
    })
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > bounds.max_bytes) end('output')
      else take(chunk)
    })
  })
}

/** Nothing of the command is read by the shell: it is handed on, word by word. */
function limited(command: string[], max_memory: number | undefined): string[] {
  if (max_memory === undefined) return command
  return ['/bin/sh', '-c', LIMITED, 'sh', String(Math.floor(max_memory / 1_024)), ...command]
}

/** Those who chat come first; it may have ended already. */
function behindTheServer(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {}
}

/** All that it said on stdout. @throws ProgramError */
export async function outputOf(program: string, args: readonly string[], bounds: Bounds): Promise<string> {
  const chunks: Buffer[] = []
  await runProgram(program, args, bounds, (chunk) => chunks.push(chunk))
  return Buffer.concat(chunks).toString()
}
