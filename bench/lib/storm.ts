// A node is restarted while messages flow: how soon all of its sockets are back, how they got what they had missed, whether it
// was all of it, and what the sockets of another node noticed.
import { setTimeout as delay } from 'node:timers/promises'
import { type BuiltServer, startBuiltServer } from './built-server.js'
import type { Check } from './check.js'
import { Crew } from './crew.js'
import { Crowd, type Group, inGroupsOf } from './crowd.js'
import { Flow } from './flow.js'
import { readMetrics } from './metrics.js'
import type { Progress } from './progress.js'
import type { Returned } from './returners.js'
import type { Latencies } from './samples.js'
import { median } from './samples.js'
import { type Cell, drawTable } from './table.js'
import { wallClock } from './wall-clock.js'

const GROUP_SIZE = 10
const BYSTANDERS = 100
const CALM_S = 8
const BAR_S = 5
const RESUMES = 'earshot_socket_resumes_total'

type Way = { name: string; signal: NodeJS.Signals; all_at_once: boolean; elsewhere?: boolean; bar?: number }
/** Whoever is told to go comes back as the SDK would, unless all are to come at the same moment. */
const WAYS: readonly Way[] = [
  { name: 'SIGTERM', signal: 'SIGTERM', all_at_once: false, bar: BAR_S },
  { name: 'SIGKILL', signal: 'SIGKILL', all_at_once: false, bar: BAR_S },
  { name: 'SIGTERM, all at once', signal: 'SIGTERM', all_at_once: true, bar: BAR_S },
  { name: 'SIGTERM, all at once to the other node', signal: 'SIGTERM', all_at_once: true, elsewhere: true, bar: BAR_S },
]

export type StormOptions = {
  databaseUrl: string
  sockets: number
  users: number
  rate: number
  rounds: number
  progress: Progress
}
type Storm = {
  way: Way
  /** The node could not be reached for so long. */
  away_s: number
  /** From the moment it could be reached again. */
  back_s: number
  memory: number
  log: number
  returned: Returned
  before: Latencies
  beside: Latencies
}

class Stage {
  readonly #crowd: Crowd
  readonly #returners: Crew
  readonly #bystanders: Crew
  readonly #other: BuiltServer
  readonly #databaseUrl: string
  #node: BuiltServer

  constructor(own: {
    crowd: Crowd
    returners: Crew
    bystanders: Crew
    other: BuiltServer
    node: BuiltServer
    url: string
  }) {
    this.#crowd = own.crowd
    this.#returners = own.returners
    this.#bystanders = own.bystanders
    this.#other = own.other
    this.#node = own.node
    this.#databaseUrl = own.url
  }

  async play(way: Way): Promise<Storm> {
    await this.#returners.tell('settled')
    await this.#bystanders.tell('listen')
    await delay(CALM_S * 1_000)
    const before = await this.#bystanders.tell('heard')
    const target = way.elsewhere ? this.#other : this.#node
    const counted = await readMetrics(this.#other.url)
    await this.#returners.tell('expect', target.url, way.all_at_once)
    const toldAt = wallClock()
    await this.#node.stop(way.signal)
    if (!way.elsewhere) await this.#restart()
    const openAt = wallClock()
    await this.#bystanders.tell('listen')
    await this.#returners.tell('go')
    const returned = await this.#returners.tell('returned')
    const beside = await this.#bystanders.tell('heard')
    const after = await readMetrics(target.url)
    // A fresh process counts from nothing.
    const by = (from: string) =>
      (after.get(`${RESUMES}{from="${from}"}`) ?? 0) -
      (way.elsewhere ? (counted.get(`${RESUMES}{from="${from}"}`) ?? 0) : 0)
    if (way.elsewhere) await this.#bringHome()
    return {
      way,
      away_s: (openAt - toldAt) / 1_000,
      back_s: (returned.last_at - openAt) / 1_000,
      memory: by('memory'),
      log: by('log'),
      returned,
      before,
      beside,
    }
  }

  async stop(): Promise<void> {
    await this.#node.stop()
  }

  async #restart(): Promise<void> {
    this.#node = await startBuiltServer(this.#databaseUrl, { PORT: new URL(this.#node.url).port })
  }

  async #bringHome(): Promise<void> {
    await this.#restart()
    await this.#returners.tell('expect', this.#node.url, false)
    await this.#returners.tell('cut')
    await this.#returners.tell('returned')
  }
}

export async function measureStorm(options: StormOptions): Promise<Check[]> {
  const { databaseUrl, sockets, users, rate, rounds, progress } = options
  const stops: (() => Promise<unknown>)[] = []
  try {
    const node = await startBuiltServer(databaseUrl)
    const other = await startBuiltServer(databaseUrl)
    stops.push(() => other.stop())
    const crowd = await Crowd.open(databaseUrl)
    stops.push(() => crowd.close())
    const people = await crowd.addPeople(users)
    const onlookers = await crowd.addPeople(BYSTANDERS)
    const groups = await crowd.addGroups(inGroupsOf(GROUP_SIZE, people))
    const otherGroups = await crowd.addGroups(inGroupsOf(GROUP_SIZE, onlookers))
    // Devices of the same people, if there are more sockets than people.
    const owners = Array.from({ length: sockets }, (_, n) => people[n % people.length] as string)
    progress.begin('opening sockets', 1)
    const returners = await Crew.start(node.url, await crowd.tokensOf(owners))
    stops.push(() => returners.stop())
    const bystanders = await Crew.start(other.url, await crowd.tokensOf(onlookers))
    stops.push(() => bystanders.stop())
    progress.step()
    progress.end()
    const flow = new Flow({ session: crowd.session, groups: [...groups, ...otherGroups], per_second: rate })
    stops.push(() => flow.stop())
    const stage = new Stage({ crowd, returners, bystanders, other, node, url: databaseUrl })
    stops.push(() => stage.stop())

    const storms: Storm[] = []
    progress.begin('storms', rounds * WAYS.length)
    for (let round = 0; round < rounds; round++) {
      for (const way of WAYS) {
        const storm = await stage.play(way)
        storms.push(storm)
        progress.step()
        // An interrupted run has measured something too.
        console.log(draw([storm]).split('\n')[2])
      }
    }
    progress.end()
    const { per_second } = flow
    await flow.stop()
    const seqs = await crowd.lastSeqs([...groups, ...otherGroups])
    const found = [
      await returners.tell('check', endsOf(owners, groups, seqs)),
      await bystanders.tell('check', endsOf(onlookers, otherGroups, seqs)),
    ]
    console.log(`\n${draw(storms)}\n`)
    const troubles = found.flatMap((one) => one.troubles)
    for (const trouble of troubles) console.log(trouble)
    const missed = found.reduce((sum, one) => sum + one.missed, 0)
    return [
      ...judge(storms, sockets),
      {
        what: `events that one of ${sockets + BYSTANDERS} sockets never heard, of ${per_second.toFixed(0)} messages a second`,
        measured: troubles.length > 0 ? 'see above' : String(missed),
        bar: '0',
        passed: missed === 0 && troubles.length === 0,
      },
    ]
  } finally {
    for (const stop of stops.reverse()) await stop().catch((error) => console.error(error))
  }
}

/** For each socket, where the streams end that its owner hears. */
function endsOf(owners: readonly string[], groups: readonly Group[], seqs: Record<string, number>) {
  const ends = new Map<string, Record<string, number>>(owners.map((owner) => [owner, {}]))
  for (const { id, members } of groups) {
    for (const member of members) Object.assign(ends.get(member) ?? {}, { [id]: seqs[id] })
  }
  return owners.map((owner) => ends.get(owner) ?? {})
}

function judge(storms: readonly Storm[], sockets: number): Check[] {
  return WAYS.map((way) => {
    const mine = storms.filter((storm) => storm.way === way)
    const of = (value: (storm: Storm) => number) => median(mine.map(value))
    const back = of(({ back_s }) => back_s)
    const others = `others heard after ${of(({ beside }) => beside.p99).toFixed(0)} ms (p99), before ${of(({ before }) => before.p99).toFixed(0)}`
    return {
      what: `${way.name}: ${sockets} sockets are back, median of ${mine.length}; ${others}`,
      measured: `${back.toFixed(1)} s`,
      bar: way.bar && `<= ${way.bar} s`,
      passed: way.bar === undefined || back <= way.bar,
    } as Check
  })
}

function draw(storms: readonly Storm[]): string {
  const heard = ({ p50, p99 }: Latencies) => `${p50.toFixed(0)}/${p99.toFixed(0)}`
  const row = ({ way, away_s, back_s, memory, log, returned, before, beside }: Storm): Cell[] => [
    way.name,
    away_s,
    back_s,
    memory,
    log,
    returned.resynced,
    returned.events,
    returned.took.p50,
    returned.took.p99,
    returned.took.max,
    heard(before),
    heard(beside),
  ]
  const header = [
    'storm',
    'away s',
    'back s',
    'memory',
    'log',
    'resync',
    'events',
    'p50 ms',
    'p99 ms',
    'max ms',
    'others ms',
    'beside',
  ]
  const total = (count: (storm: Storm) => number) => storms.reduce((sum, storm) => sum + count(storm), 0)
  return drawTable(header, storms.map(row), [
    'all',
    '',
    '',
    total(({ memory }) => memory),
    total(({ log }) => log),
    total(({ returned }) => returned.resynced),
    total(({ returned }) => returned.events),
    '',
    '',
    '',
    '',
    '',
  ])
}
