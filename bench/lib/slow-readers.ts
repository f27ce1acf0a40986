// Some stop reading while large messages flow: what the server keeps for them, whether they get on when they read again, and
// what those beside them notice.
import { setTimeout as delay } from 'node:timers/promises'
import { startBuiltServer } from './built-server.js'
import type { Check } from './check.js'
import { Crew } from './crew.js'
import { Crowd } from './crowd.js'
import { Flow } from './flow.js'
import { growthDuring, residentBytes } from './memory.js'
import { readMetrics } from './metrics.js'
import type { Progress } from './progress.js'
import type { Returned } from './returners.js'
import type { Latencies } from './samples.js'
import { median } from './samples.js'
import { type Cell, drawTable } from './table.js'

const READERS = 20
/** More than 200 events of one are a gap that is read as history. */
const GROUPS = 8
const MESSAGE = { characters: 16_000, per_second: 40 }
/** Below WS_STALL: they are slow, not gone. */
const PAUSE_S = 20
const QUEUE_BYTES = 1_048_576
const MIB = 2 ** 20
/** Beyond what waits: garbage between two collections, which is there without slow readers too. */
const BARS = { growth: 64 * MIB, p99: 3 }

type Round = {
  before: number
  without: { growth: number; heard: Latencies }
  beside: { growth: number; heard: Latencies }
  after: number
  behind: number
  returned: Returned
  back_s: number
}

export async function measureSlow(databaseUrl: string, rounds: number, progress: Progress): Promise<Check[]> {
  const stops: (() => Promise<unknown>)[] = []
  try {
    const server = await startBuiltServer(databaseUrl, {
      MAX_MESSAGE_LENGTH: '65536',
      WS_QUEUE_BYTES: `${QUEUE_BYTES}`,
    })
    stops.push(() => server.stop())
    const crowd = await Crowd.open(databaseUrl)
    stops.push(() => crowd.close())
    const people = await crowd.addPeople(READERS * 2)
    const groups = await crowd.addGroups(Array.from({ length: GROUPS }, () => people))
    const tokens = await crowd.tokensOf(people)
    const fast = await Crew.start(server.url, tokens.slice(0, READERS))
    stops.push(() => fast.stop())
    const slow = await Crew.start(server.url, tokens.slice(READERS))
    stops.push(() => slow.stop())
    const flow = new Flow({ session: crowd.session, groups, ...MESSAGE })
    stops.push(() => flow.stop())

    const heardWhile = async (work: () => Promise<unknown>) => {
      await fast.tell('listen')
      const { growth } = await growthDuring(server.pid, work)
      return { growth, heard: await fast.tell('heard') }
    }
    const play = async (): Promise<Round> => {
      await slow.tell('settled')
      const before = await residentBytes(server.pid)
      // All read: what grows is garbage.
      const without = await heardWhile(() => delay(PAUSE_S * 1_000))
      await slow.tell('expect', server.url, false)
      const fallen = await countBehind(server.url)
      await slow.tell('pause')
      const beside = await heardWhile(() => delay(PAUSE_S * 1_000))
      const behind = (await countBehind(server.url)) - fallen
      const began = performance.now()
      await slow.tell('unpause')
      const returned = await slow.tell('returned')
      const back_s = (performance.now() - began) / 1_000
      return { before, without, beside, after: await residentBytes(server.pid), behind, returned, back_s }
    }

    const all: Round[] = []
    progress.begin('slow readers', rounds)
    // Until what is kept of recent events is full.
    await delay(PAUSE_S * 1_000)
    for (let round = 0; round < rounds; round++) {
      all.push(await play())
      progress.step()
    }
    progress.end()
    // One more in each, so that whoever has loaded afresh has heard something of each.
    await slow.tell('settled')
    await delay(GROUPS * 1_000)
    await flow.stop()
    const ends = Array.from({ length: READERS }, () => ({}))
    const seqs = await crowd.lastSeqs(groups)
    const found = [
      await fast.tell(
        'check',
        ends.map(() => seqs),
      ),
      await slow.tell(
        'check',
        ends.map(() => seqs),
      ),
    ]
    for (const trouble of found.flatMap(({ troubles }) => troubles)) console.log(trouble)
    console.log(`\n${draw(all)}\n`)
    return judge(all, found, flow.per_second)
  } finally {
    for (const stop of stops.reverse()) await stop().catch((error) => console.error(error))
  }
}

async function countBehind(url: string): Promise<number> {
  return (await readMetrics(url)).get('earshot_sockets_behind_total') ?? 0
}

function judge(all: readonly Round[], found: readonly { missed: number; troubles: string[] }[], rate: number): Check[] {
  const of = (value: (round: Round) => number) => median(all.map(value))
  const growth = of(({ beside }) => beside.growth)
  const sent = (PAUSE_S * MESSAGE.per_second * MESSAGE.characters * READERS) / MIB
  const bound = (READERS * QUEUE_BYTES) / MIB
  const p99 = of(({ beside }) => beside.heard.p99)
  const usual = of(({ without }) => without.heard.p99)
  const ratio = p99 / usual
  const missed = found.reduce((sum, one) => sum + one.missed, 0)
  const isWell = found.every(({ troubles }) => troubles.length === 0)
  return [
    {
      what: `growth of the server while ${READERS} do not read ${sent.toFixed(0)} MiB; ${bound} MiB may wait, ${mib(of(({ without }) => without.growth))} while all read`,
      measured: mib(growth),
      bar: `< ${mib(BARS.growth)}`,
      passed: growth < BARS.growth,
    },
    {
      what: `p99 of those who read, beside them ${p99.toFixed(0)} ms, without ${usual.toFixed(0)} ms`,
      measured: ratio.toFixed(2),
      bar: `<= ${BARS.p99}`,
      passed: ratio <= BARS.p99,
    },
    {
      what: `they are live again ${of(({ back_s }) => back_s).toFixed(1)} s after they read again; events never heard by anybody, of ${rate.toFixed(0)} messages a second`,
      measured: isWell ? String(missed) : 'see above',
      bar: '0',
      passed: missed === 0 && isWell,
    },
  ]
}

function draw(all: readonly Round[]): string {
  const row = (name: string, of: (value: (round: Round) => number) => number): Cell[] => [
    name,
    mib(of(({ before }) => before)),
    mib(of(({ without }) => without.growth)),
    mib(of(({ beside }) => beside.growth)),
    mib(of(({ after }) => after)),
    ms(of(({ without }) => without.heard.p50)),
    ms(of(({ without }) => without.heard.p99)),
    ms(of(({ beside }) => beside.heard.p50)),
    ms(of(({ beside }) => beside.heard.p99)),
    of(({ behind }) => behind),
    of(({ returned }) => returned.resumed),
    of(({ returned }) => returned.resynced),
    of(({ back_s }) => back_s),
  ]
  const others = ['others p50', 'p99', 'beside p50', 'p99']
  const header = ['', 'before', 'all read', 'beside slow', 'after', ...others, 'behind', 'resumed', 'resync', 'back s']
  const rows = all.map((round, index) => row(`round ${index + 1}`, (value) => value(round)))
  return drawTable(
    header,
    rows,
    row('median', (value) => median(all.map(value))),
  )
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`
}
