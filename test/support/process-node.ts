// A node as a process of its own, that can be killed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ROOMY, type World } from './world.js'

const ROOT = join(import.meta.dirname, '../..')

/** One more node on the database and the folder of this world, until it is killed or the test is over. */
export async function startProcess(world: World, port = '0', settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'src/main.ts')], {
    cwd: ROOT,
    env: {
      ...{ PATH: process.env.PATH, ...ROOMY, LOG_LEVEL: 'info' },
      ...{ PORT: port, DATABASE_URL: world.database.url, UPLOADS_DIR: world.uploads },
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    const url = /earshot is ready: (http:[^"\s]+)/.exec(output)?.[1]
    if (url === undefined) continue
    const send = async (signal: 'SIGKILL' | 'SIGTERM') => {
      child.kill(signal)
      await exited
    }
    return { url, kill: () => send('SIGKILL'), end: () => send('SIGTERM') }
  }
  throw new Error(`the node did not start: ${output}`)
}
