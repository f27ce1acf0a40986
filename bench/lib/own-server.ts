// The product in this process, on a free port, with limits that let one address be hundreds of people.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApp } from '../../src/app.js'
import { readConfig, VARIABLES } from '../../src/config.js'
import { createLogger } from '../../src/observe.js'

const NO_LIMIT = '1000000/1m'
/** What a run sets, whoever starts the server. */
export const PROFILE: Record<string, string> = {
  HOST: '127.0.0.1',
  PORT: '0',
  MAX_MEMBERS: '10000',
  // A replay of many hours on a slow machine must not end with its tokens.
  ACCESS_TOKEN_TTL: '6h',
  WS_MAX_PER_USER: '10000',
  WS_MAX_PER_ADDRESS: '1000000',
  WS_CONNECTS: NO_LIMIT,
  WS_COMMANDS: NO_LIMIT,
  ...Object.fromEntries(
    Object.keys(VARIABLES)
      .filter((name) => name.startsWith('RATE_LIMIT_'))
      .map((name) => [name, NO_LIMIT]),
  ),
}

export type OwnServer = { url: string; profile: string; stop: () => Promise<void> }

/** On the database of DATABASE_URL, or else on an embedded one that is gone afterwards. @throws StartupError */
export async function startOwnServer(): Promise<OwnServer> {
  const databaseUrl = process.env.DATABASE_URL || undefined
  const folder = databaseUrl === undefined ? await mkdtemp(join(tmpdir(), 'earshot-replay-')) : undefined
  const clear = async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
  // mkdtemp makes it 0700: as root, PostgreSQL runs as another user, and would keep its data elsewhere.
  if (folder !== undefined) await chmod(folder, 0o755)
  try {
    const config = readConfig({ ...PROFILE, DATABASE_URL: databaseUrl, DATA_DIR: folder })
    // Asked for at the end of a run and, when it is interrupted, by the signal: both wait for the same.
    let stopping: Promise<void> | undefined
    const app = await startApp(config, createLogger('warn'))
    return {
      url: app.url,
      profile: [
        ...Object.entries(PROFILE).map(([name, value]) => `  ${name}=${value}`),
        folder === undefined
          ? '  on the database of DATABASE_URL'
          : '  on an embedded PostgreSQL that is removed afterwards',
      ].join('\n'),
      stop: () => {
        stopping ??= app.stop().finally(clear)
        return stopping
      },
    }
  } catch (error) {
    await clear()
    throw error
  }
}

export function describeMemory(): string {
  const { rss, heapUsed } = process.memoryUsage()
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  return `rss ${megabytes(rss)}, heapUsed ${megabytes(heapUsed)}`
}
