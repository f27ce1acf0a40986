import { spawn } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export type Run = {
  pid: number
  /** Resolves once it has ended, and all that it has started and that could still say something. */
  exit: Promise<number | null>
  output: () => string
  ready: Promise<void>
  /** Resolves once this was said so many times. @throws when it ends before */
  said: (text: string, times?: number) => Promise<void>
  kill: (signal: NodeJS.Signals) => void
}

/** Runs `earshot ...args` as a process of its own. */
export function earshot(environment: Record<string, string>, ...args: string[]): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'src/main.ts'), ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
  })
  let output = ''
  let hasEnded = false
  const waiting = new Set<() => void>()
  const hear = (data: Buffer) => {
    output += data
    for (const look of waiting) look()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const exit = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      hasEnded = true
      for (const look of waiting) look()
      resolve(code)
    }),
  )
  const said = (text: string, times = 1) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        const isSaid = output.split(text).length > times
        if (!isSaid && !hasEnded) return
        waiting.delete(look)
        if (isSaid) resolve()
        else reject(new Error(`it has ended before it said "${text}": ${output}`))
      }
      waiting.add(look)
      look()
    })
  const ready = said('earshot is ready')
  ready.catch(() => undefined)
  return { pid: child.pid ?? 0, exit, output: () => output, ready, said, kill: (signal) => child.kill(signal) }
}
