// The clocks of two nodes are an hour apart, and neither is right. Whatever is ordered or dated goes by PostgreSQL; only
// what is signed with an end, and what others see of somebody's going, goes by the clock of the node.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { CLOSE_CODES } from '../../src/contract/close-codes.js'
import { Ear } from '../support/ear.js'
import type { Person } from '../support/person.js'
import { fork, randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { openCrowd } from './support/light-client.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '29 Clocks an hour apart'
const SHIFT_MS = 30 * 60_000
const BY_NODES = [
  // When somebody went is written by the node that they were on.
  'presence.last_seen_at',
]
/** In days: they lie ahead, by PostgreSQL's clock. */
const DEADLINES = ['sessions.expires_at']

/** The first is half an hour behind, the second as much ahead. */
function openStage(ACCESS_TOKEN_TTL: string): Promise<Stage> {
  return Stage.open({
    nodes: 2,
    settings: { ACCESS_TOKEN_TTL, PRESENCE_GRACE: '1s' },
    each: (index) => ({
      settings: { CLOCK_SHIFT_MS: String(index === 0 ? -SHIFT_MS : SHIFT_MS) },
      flags: ['--import', pathToFileURL(join(import.meta.dirname, 'support/shifted-clock.mjs')).href],
    }),
  })
}

test(`${FAULT}: order, resumption and dates do not depend on them (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  // Longer than they are apart: what is signed at one node is good at the other.
  const stage = await openStage('3h')
  const [behind, ahead] = await Promise.all(stage.nodes.map(async (node) => (await node.health()).timestamp))
  expect(Date.parse(ahead) - Date.parse(behind)).toBeGreaterThan(2 * SHIFT_MS - 10_000)
  const company = await gather(stage, random)
  const { workload, listeners } = company
  const people = listeners.slice(0, 2).map(({ person }) => person)
  const crowd = await openCrowd(fork(random), { people, count: 6, urls: stage.urls })
  const rounds = long(60, 6)
  for (let round = 1; round <= rounds; round++) {
    await workload.acknowledges(long(30, 10))
    crowd[round % crowd.length]?.cut()
    progress(FAULT, `${round} of ${rounds}, ${workload.acknowledged} acknowledged`)
  }
  await company.end()
  const { rows: streams } = await stage.sql.query('select id, seq from streams')
  const log = new Map<string, number>(streams.map(({ id, seq }) => [id, seq]))
  await expect.poll(() => crowd.flatMap((client) => client.behind(log)), { timeout: 60_000 }).toEqual([])
  expect(crowd.flatMap(({ faults }) => faults)).toEqual([])
  for (const client of crowd) client.leave()

  // What is said live does not wait for a time that one of them names.
  const [ann, ben] = await Promise.all([stage.person('ann', stage.node(0)), stage.person('ben', stage.node(1))])
  const { id } = await stage.group(ann, ben)
  const [hers, his] = [await ann.connect(stage.node(0).url), await ben.connect(stage.node(1).url)]
  await hers.command('presence.watch', { user_ids: [ben.id] })
  await his.command('typing.start', { conversation_id: id })
  await hers.next('typing.started')
  await his.command('typing.stop', { conversation_id: id })
  await hers.next('typing.stopped')
  his.cut()
  await hers.seen(
    ({ type, data }) => type === 'presence.changed' && data.user_id === ben.id && data.status === 'offline',
  )
  hers.cut()

  expect((await datesOff(stage)).sort()).toEqual([...BY_NODES, ...DEADLINES].sort())
  const { rows: back } = await stage.sql.query(
    `select stream_id, seq from (
       select stream_id, seq, created_at < lag(created_at) over (partition by stream_id order by seq) as is_back
       from events) e
     where is_back`,
  )
  expect(back).toEqual([])
  await audit(stage, { ...company, fault: FAULT, note: `${crowd.length} clients went from one to the other` })
})

test('29 Clocks an hour apart: an access token ends by the clock of whoever is asked, a session and a place in the log do not', async () => {
  const stage = await openStage('15m')
  const [behind, ahead] = stage.nodes
  if (!behind || !ahead) throw new Error('there are not two nodes')
  const statusAt = async (person: Person, { url }: { url: string }) =>
    (await person.ask('GET', `${url}/api/v1/users/me`)).body.code ?? 'ok'
  const [ann, ben] = [await stage.person('ann', behind), await stage.person('ben', ahead)]
  // Signed half an hour ago for a quarter of one, as the other node sees it.
  expect(await statusAt(ann, behind)).toBe('ok')
  expect(await statusAt(ann, ahead)).toBe('auth.token_expired')
  const refused = new Ear(`${ahead.url.replace('http', 'ws')}/ws?token=${ann.token}`)
  expect(await refused.closed).toMatchObject({ code: CLOSE_CODES.token_expired.code })
  expect(await statusAt(ben, ahead)).toBe('ok')
  expect(await statusAt(ben, behind)).toBe('ok')

  // The client refreshes it, and what that node signs is good at both.
  const { resume } = (await ann.ask('GET', `${behind.url}/api/v1/sync`)).body
  const { status, body } = await ann.ask('POST', `${ahead.url}/api/v1/auth/refresh`, {
    refresh_token: ann.refreshToken,
  })
  expect(status).toBe(200)
  ann.token = body.access_token
  expect(await statusAt(ann, ahead)).toBe('ok')
  expect(await statusAt(ann, behind)).toBe('ok')
  const { id } = await ann.post('/conversations', { type: 'direct', user_ids: [ben.id] })
  const ear = await ann.resume(resume, ahead.url)
  await ear.seen(({ type, data }) => type === 'conversation.joined' && data.conversation_id === id)

  // An ended session is over at both.
  await ben.ask('DELETE', `/sessions/${ben.sessionId}`)
  await expect.poll(() => statusAt(ben, behind)).toBe('auth.session_ended')
  await expect.poll(() => statusAt(ben, ahead)).toBe('auth.session_ended')
})

/** The columns in which a time is not of now. */
async function datesOff(stage: Stage): Promise<string[]> {
  const { rows: columns } = await stage.sql.query(
    `select table_name as table, column_name as column
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_schema = 'public' and table_type = 'BASE TABLE' and data_type = 'timestamp with time zone'
       and table_name !~ '^events_from_' and table_name not like '%migration%'`,
  )
  const near = `between now() - interval '${SHIFT_MS / 2} ms' and now() + interval '${SHIFT_MS / 2} ms'`
  const parts = columns.map(
    ({ table, column }) => `select '${table}.${column}' as name from "${table}" where "${column}" not ${near}`,
  )
  const { rows } = await stage.sql.query(`select distinct name from (${parts.join(' union all ')}) found`)
  return rows.map(({ name }) => name)
}
