// One resume: its time, and the statements that it costs, by how much there is to look through and how much was missed. The
// ways are tried in turns within one run, so that a busy machine is busy for all of them: their ratio decides.
import { setTimeout as delay } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { type BuiltServer, startBuiltServer } from './built-server.js'
import type { Check } from './check.js'
import { Crowd, type Group } from './crowd.js'
import type { Progress } from './progress.js'
import { median } from './samples.js'
import { openStatementRelay, type StatementRelay } from './statement-relay.js'
import { type Cell, drawTable } from './table.js'

const CONVERSATIONS = [1, 50, 500] as const
/** So many events in each of the first so many conversations of a reader. */
const MISSED = [
  { name: 'nothing', events: 0, among: 0 },
  { name: '1 in each', events: 1, among: 500 },
  { name: '10 in each of 50', events: 10, among: 50 },
] as const
const COUNTED_RUNS = 20
const WARM_UP = 5
const SETTLE_MS = 50
/** Nobody asks whether this is quick: it must not grow with what was missed, nor with how many conversations there are. */
const STATEMENTS_BAR = 12

type Nodes = { memory: BuiltServer; log: BuiltServer }
type Reader = { token: string; conversations: number }
type Row = { reader: Reader; missed: string; way: string; ms: number; ratio: number; statements: number }
/** One way of beginning; the number of events that it has brought. */
type Attempt = (nodes: Nodes) => Promise<number>

export async function measureCost(databaseUrl: string, runs: number, progress: Progress): Promise<Check[]> {
  const stops: (() => Promise<unknown>)[] = []
  const open = async (url: string): Promise<Nodes> => {
    const memory = await startBuiltServer(url, { JOBS: '0' })
    stops.push(() => memory.stop())
    const log = await startBuiltServer(url, { JOBS: '0', EVENT_CACHE: '1kB' })
    stops.push(() => log.stop())
    return { memory, log }
  }
  try {
    const nodes = await open(databaseUrl)
    const relay = await openStatementRelay(databaseUrl)
    stops.push(() => relay.stop())
    const counted = await open(relay.url)
    const crowd = await Crowd.open(databaseUrl)
    stops.push(() => crowd.close())
    const [speaker = '', ...people] = await crowd.addPeople(1 + CONVERSATIONS.length)
    const tokens = await crowd.tokensOf(people)
    const groups = await crowd.addGroups(
      Array.from({ length: Math.max(...CONVERSATIONS) }, (_, index) => [
        speaker,
        ...people.filter((_, person) => index < (CONVERSATIONS[person] ?? 0)),
      ]),
    )
    await say(crowd, groups, 1)
    await crowd.session.query('analyze')
    const readers = CONVERSATIONS.map((conversations, index) => ({ conversations, token: tokens[index] ?? '' }))
    const rows: Row[] = []
    progress.begin('single resumes', MISSED.length * readers.length)
    for (const missed of MISSED) {
      const places = await Promise.all(readers.map(({ token }) => placeOf(nodes.log.url, token)))
      await say(crowd, groups.slice(0, missed.among), missed.events)
      for (const [index, reader] of readers.entries()) {
        const place = places[index] ?? ''
        const expected = Math.min(reader.conversations, missed.among) * missed.events
        const ways: Record<string, Attempt> = {
          ...(missed.events === 0 && {
            'no token, hello alone': ({ memory }) => connect(memory.url, reader.token),
            'no token, GET /sync': ({ memory }) => sync(memory.url, reader.token),
          }),
          'resume, memory': ({ memory }) => connect(memory.url, reader.token, place),
          'resume, log': ({ log }) => connect(log.url, reader.token, place),
          'GET /sync?since=': ({ log }) => sync(log.url, reader.token, place),
        }
        rows.push(...(await tryWays(ways, { nodes, counted, relay, runs, expected, reader, missed: missed.name })))
        progress.step()
      }
    }
    progress.end()
    console.log(`\n${draw(rows)}\n`)
    return judge(rows)
  } finally {
    for (const stop of stops.reverse()) await stop().catch((error) => console.error(error))
  }
}

type Trial = {
  nodes: Nodes
  counted: Nodes
  relay: StatementRelay
  runs: number
  expected: number
  reader: Reader
  missed: string
}

async function tryWays(ways: Record<string, Attempt>, trial: Trial): Promise<Row[]> {
  const { nodes, counted, relay, runs, expected, reader, missed } = trial
  const taken = new Map(Object.keys(ways).map((way) => [way, [] as number[]]))
  const isDue = (way: string) => (way.startsWith('no token') ? 0 : expected)
  for (const [way, attempt] of Object.entries(ways)) {
    // The nodes may not have read all of it yet.
    for (const some of [nodes, counted]) while ((await attempt(some)) !== isDue(way)) await delay(SETTLE_MS)
  }
  for (let run = -WARM_UP; run < runs; run++) {
    for (const [way, attempt] of Object.entries(ways)) {
      const began = performance.now()
      const events = await attempt(nodes)
      if (events !== isDue(way)) throw new Error(`${way} has brought ${events} events instead of ${isDue(way)}`)
      if (run >= 0) taken.get(way)?.push(performance.now() - began)
    }
  }
  const rows: Row[] = []
  for (const [way, attempt] of Object.entries(ways)) {
    const statements = await relay.during(COUNTED_RUNS, async () => {
      for (let run = 0; run < COUNTED_RUNS; run++) await attempt(counted)
    })
    const ms = median(taken.get(way) ?? [])
    rows.push({ reader, missed, way, ms, ratio: ms / median(taken.get('resume, memory') ?? []), statements })
  }
  return rows
}

async function placeOf(url: string, token: string): Promise<string> {
  for (;;) {
    const { resume } = await getSync(url, token)
    if ((await connect(url, token, resume)) === 0) return resume
    await delay(SETTLE_MS)
  }
}

async function say(crowd: Crowd, groups: readonly Group[], times: number): Promise<void> {
  await crowd.session.query(
    `insert into messages (conversation_id, sender_id, content)
     select g.id, g.sender, 'and then she said that nobody would believe her anyway'
     from unnest($1::uuid[], $2::uuid[]) g (id, sender), generate_series(1, $3::integer)`,
    [groups.map(({ id }) => id), groups.map(({ members }) => members[0]), times],
  )
}

/** From the first byte until the socket is live: the events that it has brought. */
function connect(url: string, token: string, resume?: string): Promise<number> {
  const query = new URLSearchParams({ token, ...(resume !== undefined && { resume }) })
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws?${query}`, { perMessageDeflate: false })
  return new Promise((resolve, reject) => {
    const end = (events: number) => {
      socket.terminate()
      resolve(events)
    }
    socket.on('error', reject)
    socket.on('close', (code) => reject(new Error(`the socket was closed: ${code}`)))
    socket.on('message', (text) => {
      const { type, data } = JSON.parse(text.toString())
      if (type === 'resumed') end(data.count)
      else if (type === 'hello' && resume === undefined) end(0)
      else if (type === 'resync') reject(new Error(`resync: ${data.reason}`))
    })
  })
}

async function sync(url: string, token: string, since?: string): Promise<number> {
  return (await getSync(url, token, since)).events?.length ?? 0
}

async function getSync(url: string, token: string, since?: string): Promise<{ resume: string; events?: unknown[] }> {
  const response = await fetch(`${url}/api/v1/sync${since === undefined ? '' : `?since=${since}`}`, {
    headers: { Authorization: `Bearer ${token}` },
  })
  if (!response.ok) throw new Error(`GET /sync answered ${response.status}`)
  return (await response.json()) as { resume: string; events?: unknown[] }
}

function judge(rows: readonly Row[]): Check[] {
  const most = Math.max(...rows.filter(({ way }) => way.startsWith('resume')).map(({ statements }) => statements))
  return [
    {
      what: `statements of one resume, of up to ${Math.max(...CONVERSATIONS)} events in ${Math.max(...CONVERSATIONS)} conversations, at most`,
      measured: String(most),
      bar: `<= ${STATEMENTS_BAR}`,
      passed: most <= STATEMENTS_BAR,
    },
  ]
}

function draw(rows: readonly Row[]): string {
  const cells = rows.map(({ reader, missed, way, ms, ratio, statements }): Cell[] => [
    reader.conversations,
    missed,
    way,
    ms,
    ratio.toFixed(2),
    statements,
  ])
  const header = ['conversations', 'missed', 'way', 'ms', 'of memory', 'statements']
  const most = (of: (row: Row) => number) => Math.max(...rows.map(of))
  return drawTable(header, cells, ['most', '', '', most(({ ms }) => ms), '', most(({ statements }) => statements)])
}
