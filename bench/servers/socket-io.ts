// What a Node developer writes by hand: bench/peers/socket-io.mjs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { StartupError } from '../../src/kit/startup-error.js'
import { startChildServer } from '../lib/child-server.js'
import type { Closing } from '../lib/closing.js'
import type { Cast, Scene, Subject } from './server.js'

export const SOCKET_IO = 'Socket.IO, PostgreSQL adapter'
export const IN_MEMORY = 'Socket.IO, in memory'
const PEERS = join(import.meta.dirname, '../peers')

/** Its libraries are no part of Earshot: they are installed when they are needed. @throws StartupError */
export async function installPeers(): Promise<void> {
  const isThere = await access(join(PEERS, 'node_modules/socket.io')).then(
    () => true,
    () => false,
  )
  if (isThere) return
  console.log('Socket.IO is installed into bench/peers, to be compared with.')
  const child = spawn('npm', ['ci', '--prefix', PEERS, '--no-audit', '--no-fund'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0)
    throw new StartupError('Socket.IO could not be installed: see above, or leave it out (--without-peers).')
}

/** `flags` of Node. */
export function socketIo(adapter: 'postgres' | 'memory', flags: readonly string[] = []): Subject {
  const name = adapter === 'postgres' ? SOCKET_IO : IN_MEMORY
  return {
    name,
    start: (databaseUrl, cast, closing) => open(databaseUrl, cast, adapter, flags, closing),
  }
}

async function open(
  databaseUrl: string,
  { groups, members }: Cast,
  adapter: string,
  flags: readonly string[],
  closing: Closing,
): Promise<Scene> {
  const { url, pid, inspector, stop } = await startChildServer({
    command: process.execPath,
    args: [...flags, join(PEERS, 'socket-io.mjs')],
    env: { DATABASE_URL: databaseUrl, ADAPTER: adapter, NODE_ENV: 'production' },
    ready: /listening on (\S+)/,
  })
  closing.add(() => stop())
  const session = new pg.Client(databaseUrl)
  session.on('error', () => undefined)
  await session.connect()
  closing.add(() => session.end())
  const seats = Array.from({ length: groups * members }, (_, index) => ({
    url,
    key: `user-${index}`,
    conversations: [`conversation-${Math.floor(index / members)}`],
  }))
  await session.query('insert into members (conversation, member) select * from unnest($1::text[], $2::text[])', [
    seats.map(({ conversations }) => conversations[0]),
    seats.map(({ key }) => key),
  ])
  await session.query('vacuum analyze')
  return {
    adapter: 'socket-io',
    seats,
    pids: [pid],
    inspectors: inspector === undefined ? [] : [inspector],
    countMessages: async () => {
      const { rows } = await session.query('select count(*) from messages')
      return Number(rows[0].count)
    },
    fillHistory: async (conversation, count) => {
      await session.query(
        `insert into messages (conversation, sender, content)
         select $1, 'user-0', rpad('h' || n, 200, 'y') from generate_series(1, $2::integer) n`,
        [conversation, count],
      )
      await session.query('vacuum analyze')
    },
  }
}
