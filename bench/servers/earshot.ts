import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import type { Seat } from '../driver/adapters/adapter.js'
import { type BuiltServer, startBuiltServer } from '../lib/built-server.js'
import type { Closing } from '../lib/closing.js'
import { Crowd, inGroupsOf } from '../lib/crowd.js'
import type { Cast, Scene, Subject } from './server.js'

const FILL_CHUNK = 10_000

export type EarshotOptions = {
  name?: string
  nodes?: number
  env?: Record<string, string>
  /** Of Node. */
  flags?: readonly string[]
  /** Before the first node is started on it. */
  before?: (databaseUrl: string) => Promise<void>
  /** With a superuser's session, once the database is migrated. */
  after?: (session: pg.Client) => Promise<void>
}

export function earshot(options: EarshotOptions = {}): Subject {
  return {
    name: options.name ?? 'Earshot',
    start: (databaseUrl, cast, closing) => open(databaseUrl, cast, options, closing),
  }
}

async function open(
  databaseUrl: string,
  { groups, members }: Cast,
  { nodes: count = 1, env, flags, before, after }: EarshotOptions,
  closing: Closing,
): Promise<Scene> {
  const uploads = await mkdtemp(join(tmpdir(), 'earshot-bench-'))
  closing.add(() => rm(uploads, { recursive: true, force: true }))
  await before?.(databaseUrl)
  const nodes: BuiltServer[] = []
  for (let index = 0; index < count; index++) {
    const node = await startBuiltServer(databaseUrl, { NODE_ENV: 'production', UPLOADS_DIR: uploads, ...env }, flags)
    closing.add(() => node.stop())
    nodes.push(node)
  }
  const crowd = await Crowd.open(databaseUrl)
  closing.add(() => crowd.close())
  await after?.(crowd.session)
  const people = await crowd.addPeople(groups * members)
  const made = await crowd.addGroups(inGroupsOf(members, people))
  const tokens = await crowd.tokensOf(people)
  // Nothing is said yet: of a table that was analyzed while it was empty, a plan that is kept expects no rows until it is made anew.
  await crowd.session.query('vacuum analyze users, conversations, streams, members, member_spans')
  const seats: Seat[] = tokens.map((key, index) => ({
    url: nodes[index % nodes.length]?.url ?? '',
    key,
    conversations: [made[Math.floor(index / members)]?.id ?? ''],
  }))
  return {
    adapter: 'earshot',
    seats,
    pids: nodes.map(({ pid }) => pid),
    inspectors: nodes.flatMap(({ inspector }) => inspector ?? []),
    countMessages: async () => {
      const { rows } = await crowd.session.query('select count(*) from messages')
      return Number(rows[0].count)
    },
    fillHistory: (conversation, count) => fillHistory(crowd.session, conversation, count),
  }
}

/** Triggers and all: each is an event as well. */
async function fillHistory(session: pg.Client, conversation: string, count: number): Promise<void> {
  for (let from = 1; from <= count; from += FILL_CHUNK) {
    await session.query(
      `insert into messages (conversation_id, sender_id, content)
       select $1, (select user_id from members where conversation_id = $1 order by user_id limit 1), rpad('h' || n, 200, 'y')
       from generate_series($2::integer, $3::integer) n`,
      [conversation, from, Math.min(from + FILL_CHUNK - 1, count)],
    )
  }
  await session.query('vacuum analyze')
}
