// What an idle socket weighs in the server, and what the client weighs in a page. Only told: machines and compilers differ.
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { startBuiltServer } from './built-server.js'
import type { Check } from './check.js'
import { Crew } from './crew.js'
import { Crowd, inGroupsOf } from './crowd.js'
import { residentBytes } from './memory.js'
import type { Progress } from './progress.js'

const GROUP_SIZE = 10
const WARM_UP = 200
/** Until garbage of the handshakes is gone, as far as it goes. */
const CALM_S = 10
const KIB = 1_024
const CLIENT = join(import.meta.dirname, '../../src/sdk/client.ts')

export async function measureSizes(databaseUrl: string, sockets: number, progress: Progress): Promise<Check[]> {
  return [...(await weighSockets(databaseUrl, sockets, progress)), ...(await weighClient())]
}

async function weighSockets(databaseUrl: string, sockets: number, progress: Progress): Promise<Check[]> {
  const stops: (() => Promise<unknown>)[] = []
  try {
    const server = await startBuiltServer(databaseUrl, { JOBS: '0' })
    stops.push(() => server.stop())
    const crowd = await Crowd.open(databaseUrl)
    stops.push(() => crowd.close())
    const people = await crowd.addPeople(sockets)
    await crowd.addGroups(inGroupsOf(GROUP_SIZE, people))
    const tokens = await crowd.tokensOf(people)
    progress.begin('idle sockets', sockets)
    const warmUp = await Crew.start(server.url, tokens.slice(0, WARM_UP))
    await warmUp.stop()
    await delay(CALM_S * 1_000)
    const before = await residentBytes(server.pid)
    const idle = await Crew.start(server.url, tokens)
    stops.push(() => idle.stop())
    await delay(CALM_S * 1_000)
    const after = await residentBytes(server.pid)
    progress.step(sockets)
    progress.end()
    return [
      {
        what: `memory of the server for each of ${sockets} idle sockets, each of another user: ${mib(before)} to ${mib(after)}`,
        measured: `${((after - before) / sockets / KIB).toFixed(1)} KiB`,
        passed: true,
      },
    ]
  } finally {
    for (const stop of stops.reverse()) await stop().catch((error) => console.error(error))
  }
}

async function weighClient(): Promise<Check[]> {
  const what = 'src/sdk/client.ts for a page, minified, and packed by gzip'
  const isThere = await access(CLIENT).then(
    () => true,
    () => false,
  )
  if (!isThere) return [{ what, measured: 'not in this tree', passed: true }]
  const { outputFiles } = await build({
    entryPoints: [CLIENT],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  const kib = (bytes: number) => (bytes / KIB).toFixed(1)
  return [{ what, measured: `${kib(code.length)} KiB, ${kib(gzipSync(code).length)} KiB`, passed: true }]
}

function mib(bytes: number): string {
  return `${(bytes / KIB / KIB).toFixed(0)} MiB`
}
