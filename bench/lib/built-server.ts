// The server as it is shipped: built, and started as a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { StartupError } from '../../src/kit/startup-error.js'
import { type ChildServer, startChildServer } from './child-server.js'
import { PROFILE } from './own-server.js'

const ROOT = join(import.meta.dirname, '../..')

/** @throws StartupError */
export async function build(): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new StartupError('The server could not be built: see above.')
}

export type BuiltServer = ChildServer

/** `more`: beyond what every run sets; `flags` of Node. @throws StartupError */
export function startBuiltServer(
  databaseUrl: string,
  more: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<BuiltServer> {
  return startChildServer({
    command: process.execPath,
    // As `npm start` and the image have it.
    args: ['--max-semi-space-size=64', ...flags, join(ROOT, 'bin/earshot.cjs')],
    env: { ...PROFILE, DATABASE_URL: databaseUrl, NODE_ENV: 'test', LOG_LEVEL: 'info', ...more },
    ready: /earshot is ready: ([^"\s]+)/,
  })
}
