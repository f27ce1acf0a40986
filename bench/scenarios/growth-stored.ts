// The group chat and a page of history in databases that hold more and more. Each size is filled once; each round has a copy.

import type { Seat } from '../driver/adapters/adapter.js'
import type { Bench, Report } from '../lib/bench.js'
import { startBuiltServer } from '../lib/built-server.js'
import type { Check } from '../lib/check.js'
import { Crowd } from '../lib/crowd.js'
import { check, type Figures } from '../lib/figures.js'
import { fill, findGreat, gatherStatistics } from '../lib/filling.js'
import { measureAxis, nameOf } from '../lib/growth.js'
import { dropDatabase, makeDatabase } from '../lib/postgres.js'
import { Progress } from '../lib/progress.js'
import { onStage } from '../lib/stage.js'
import { earshot } from '../servers/earshot.js'
import { CAST } from './group-chat.js'
import { CHAT_FIGURES, measureChat } from './growth.js'
import { readHistory } from './history.js'

const SIZES = [10_000, 1_000_000, 10_000_000]
const QUICK_SIZES = [10_000, 100_000]
const MOST = 1.2

/** Who reads the great conversation. */
type Reader = { id: string; great: string }

export async function measureStored(bench: Bench): Promise<Report> {
  const sizes = bench.quick ? QUICK_SIZES : SIZES
  const readers = new Map<number, Reader>()
  try {
    for (const size of sizes) readers.set(size, await fillDatabase(bench, size))
    const [least = 0, greatest = 0] = [sizes[0], sizes.at(-1)]
    return await measureAxis(bench, {
      name: 'stored',
      title: 'More stored messages',
      what: 'stored messages',
      sizes,
      notes: [
        'The group chat in conversations of its own, beside 2,000 and more that hold what is stored; pages of the greatest of them, 8 readers. Latencies at 200 messages a second.',
      ],
      figures: [...CHAT_FIGURES, 'history requests/s', 'history p50 ms', 'history p99 ms'],
      measure: (size) => measureIn(bench, size, readers.get(size) as Reader),
      judge: (figures) => judge(figures, least, greatest),
    })
  } finally {
    for (const size of readers.keys()) await dropDatabase(bench.postgres, templateOf(size))
  }
}

function templateOf(size: number): string {
  return `earshot_stored_${size}`
}

async function fillDatabase(bench: Bench, size: number): Promise<Reader> {
  bench.say(`filling ${nameOf(size)} messages`)
  const url = await makeDatabase(bench.postgres, templateOf(size))
  // A start migrates it.
  const server = await startBuiltServer(url, { JOBS: '0' })
  await server.stop()
  const crowd = await Crowd.open(url)
  try {
    const [id = ''] = await crowd.addPeople(1)
    await fill(crowd.session, id, size, new Progress(process.stderr))
    await gatherStatistics(crowd.session)
    const great = await findGreat(crowd.session, size)
    if (!great) throw new Error(`the database of ${size} messages is not filled`)
    return { id, great: great.id }
  } finally {
    await crowd.close()
  }
}

function measureIn(bench: Bench, size: number, { id, great }: Reader): Promise<Record<string, number>> {
  const work = onStage(
    bench,
    earshot(),
    CAST,
    async (stage) => {
      const crowd = await Crowd.open(stage.databaseUrl)
      const [key = ''] = await crowd.tokensOf([id]).finally(() => crowd.close())
      const chat = await measureChat(bench, stage, 200)
      const seat: Seat = { url: stage.scene.seats[0]?.url ?? '', key, conversations: [great] }
      const history = await readHistory(bench, stage, [seat])
      return {
        ...chat,
        'history requests/s': history['requests/s'] ?? Number.NaN,
        'history p50 ms': history['p50 ms'] ?? Number.NaN,
        'history p99 ms': history['p99 ms'] ?? Number.NaN,
      }
    },
    templateOf(size),
  )
  return work
}

/** More is worse, but for what there is in a second. */
function judge(figures: Figures, least: number, greatest: number): Check[] {
  const names = [...CHAT_FIGURES, 'history requests/s', 'history p50 ms', 'history p99 ms']
  return names.map((name) => {
    const [of, base] = [nameOf(greatest), nameOf(least)]
    const ratios = name.endsWith('/s') ? figures.ratios(name, base, of) : figures.ratios(name, of, base)
    return check(`${name}: ${of} stored, times worse than ${base}`, ratios, { most: MOST }, 'x')
  })
}
