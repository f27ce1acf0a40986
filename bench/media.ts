// npm run bench:media: what files cost. One great upload beside the least that Node can do with the same bytes, many uploads
// beside a conversation that goes on, and the previews of a photograph. Each is held against something of the same run.
// Names of parts (rate, delivery, previews) run these alone.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import sharp from 'sharp'
import { makeVariants } from '../src/media/variants.js'
import { build, startBuiltServer } from './lib/built-server.js'
import { Chatter } from './lib/chatter.js'
import { Client } from './lib/client.js'
import { growthDuring } from './lib/memory.js'
import { openPostgres } from './lib/postgres.js'
import { drawTable } from './lib/table.js'

const MIB = 2 ** 20
const GREAT_FILE = 1_024 * MIB
const ROUNDS = 3
const PARALLEL = { files: 16, bytes: 50 * MIB }
const LISTENERS = 10
const IDLE_S = 10
const BARS = { rate: 0.6, growth: 64 * MIB, p99: 3, cpu_ms: 400 }

type Check = { what: string; measured: string; bar: string; passed: boolean }

/** Runs one of the scripts beside this file as a process of its own. */
function run(script: string, ...args: string[]) {
  return spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'lib', script), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** A sender that has started, so that its start disturbs nothing; it answers the seconds that the uploads took. */
async function prepare(address: string, token: string, bytes: number, files = 1): Promise<() => Promise<number>> {
  const sender = run('upload-sender.ts', address, token, String(bytes), String(files))
  const lines = createInterface({ input: sender.stdout })
  await once(lines, 'line')
  return async () => {
    sender.stdin.write('go')
    const [said] = await Promise.race([once(lines, 'line'), once(sender, 'exit')])
    if (typeof said !== 'string') throw new Error('an upload has failed: see above')
    return Number(said)
  }
}

async function send(address: string, token: string, bytes: number): Promise<number> {
  const start = await prepare(address, token, bytes)
  return start()
}

async function compareRates(url: string, token: string, pid: number, folder: string): Promise<Check[]> {
  const sink = run('plain-sink.ts', folder)
  const [plain] = (await once(createInterface({ input: sink.stdout }), 'line')) as [string]
  try {
    const ours = `${url}/api/v1/uploads`
    for (const address of [plain, ours]) await send(address, token, 128 * MIB)
    const seconds = { plain: 0, ours: 0 }
    let growth = 0
    for (let round = 0; round < ROUNDS; round++) {
      seconds.plain += await send(plain, token, GREAT_FILE)
      const upload = await growthDuring(pid, await prepare(ours, token, GREAT_FILE))
      seconds.ours += upload.result
      growth = Math.max(growth, upload.growth)
    }
    const rate = (took: number) => `${((ROUNDS * GREAT_FILE) / took / MIB).toFixed(0)} MiB/s`
    const ratio = seconds.plain / seconds.ours
    return [
      {
        what: `${ROUNDS} uploads of 1 GiB: ${rate(seconds.ours)}, node:http to disk ${rate(seconds.plain)}`,
        measured: ratio.toFixed(2),
        bar: `>= ${BARS.rate}`,
        passed: ratio >= BARS.rate,
      },
      {
        what: 'growth of the server during one of them',
        measured: `${(growth / MIB).toFixed(0)} MiB`,
        bar: `< ${BARS.growth / MIB} MiB`,
        passed: growth < BARS.growth,
      },
    ]
  } finally {
    sink.kill()
  }
}

async function compareDelivery(url: string, token: string): Promise<Check[]> {
  const chatter = await Chatter.open(url, LISTENERS)
  try {
    // What runs for the first time takes longer, on both sides.
    const warmUp = await prepare(`${url}/api/v1/uploads`, token, PARALLEL.bytes / 10, PARALLEL.files)
    await chatter.during(warmUp)
    await chatter.during(() => delay(2_000))
    const idle = await chatter.during(() => delay(IDLE_S * 1_000))
    const start = await prepare(`${url}/api/v1/uploads`, token, PARALLEL.bytes, PARALLEL.files)
    const busy = await chatter.during(start)
    const [p50 = 0, p99 = 0] = idle.quantiles(0.5, 0.99)
    const [busyP50 = 0, busyP99 = 0] = busy.quantiles(0.5, 0.99)
    const show = (a: number, b: number, count: number) => `p50/p99 ${a.toFixed(1)}/${b.toFixed(1)} ms of ${count}`
    const ratio = busyP99 / p99
    return [
      {
        what: `sent to heard beside ${PARALLEL.files} uploads of ${PARALLEL.bytes / MIB} MiB: ${show(busyP50, busyP99, busy.count)}, idle ${show(p50, p99, idle.count)}`,
        measured: ratio.toFixed(2),
        bar: `<= ${BARS.p99}`,
        passed: ratio <= BARS.p99,
      },
    ]
  } finally {
    await chatter.close()
  }
}

/** Of the whole process: sharp works on threads of its own. */
async function measurePreviews(folder: string): Promise<Check[]> {
  const photo = join(folder, 'photo.jpg')
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 20 }
  await sharp({ create: { width: 4_000, height: 3_000, channels: 3, background: '#888', noise } })
    .blur(1.5)
    .jpeg({ quality: 90 })
    .toFile(photo)
  const took: number[] = []
  for (let round = 0; round < 5; round++) {
    const before = process.cpuUsage()
    await makeVariants(photo, (name) => join(folder, name))
    const { user, system } = process.cpuUsage(before)
    took.push((user + system) / 1_000)
  }
  const median = took.sort((a, b) => a - b)[2] ?? Number.NaN
  return [
    {
      what: 'previews and blurhash of a JPEG of 12 megapixels, CPU, median of 5',
      measured: `${median.toFixed(0)} ms`,
      bar: `< ${BARS.cpu_ms} ms`,
      passed: median < BARS.cpu_ms,
    },
  ]
}

async function main(): Promise<boolean> {
  await build()
  const folder = await mkdtemp(join(tmpdir(), 'earshot-media-'))
  const postgres = await openPostgres(undefined)
  const server = await startBuiltServer(postgres.url, {
    UPLOADS_DIR: join(folder, 'uploads'),
    MAX_FILE_BYTES: '2GiB',
    MAX_USER_MEDIA_BYTES: '100GiB',
  })
  try {
    const input = { username: 'uploader', email: 'uploader@example.com', password: 'correct horse', display_name: 'Up' }
    const { access_token } = await new Client(server.url).register(input)
    const parts: Record<string, () => Promise<Check[]>> = {
      rate: () => compareRates(server.url, access_token, server.pid, folder),
      delivery: () => compareDelivery(server.url, access_token),
      previews: () => measurePreviews(folder),
    }
    const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts)
    const checks: Check[] = []
    for (const name of wanted) checks.push(...((await parts[name]?.()) ?? []))
    const rows = checks.map(({ what, measured, bar, passed }) => [what, measured, bar, passed ? 'yes' : 'NO'])
    const passed = checks.every((check) => check.passed)
    console.log(drawTable(['', 'measured', 'bar', 'met'], rows, ['all', '', '', passed ? 'yes' : 'NO']))
    console.log(
      `\n${postgres.description}; ${availableParallelism()} cores, shared with the clients; Node ${process.version}.`,
    )
    return passed
  } finally {
    await server.stop()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

process.exit((await main()) ? 0 : 1)
