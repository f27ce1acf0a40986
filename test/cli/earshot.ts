import { spawn } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export type Run = {
  exit: Promise<number | null>
  output: () => string
  ready: Promise<void>
  kill: (signal: NodeJS.Signals) => void
}

/** Runs `earshot ...args` as a process of its own. */
export function earshot(environment: Record<string, string>, ...args: string[]): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'src/main.ts'), ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment },
  })
  let output = ''
  let isReady = () => {}
  const ready = new Promise<void>((resolve) => {
    isReady = resolve
  })
  const hear = (data: Buffer) => {
    output += data
    if (output.includes('earshot is ready')) isReady()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const exit = new Promise<number | null>((resolve) => child.on('close', (code) => resolve(code)))
  return { exit, output: () => output, ready, kill: (signal) => child.kill(signal) }
}
