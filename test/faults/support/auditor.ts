// Holds four histories against each other: what was sent and acknowledged, the rows, what each client has received, and where
// its tokens have led it. The invariants are those of docs/faults.md. It asks PostgreSQL itself, never a node, for what is true.
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { CLOSE_CODES } from '../../../src/contract/close-codes.js'
import type { Ear } from '../../support/ear.js'
import type { Person } from '../../support/person.js'
import { Replica } from '../../support/replica.js'
import type { Returner } from '../../support/returner.js'
import { record, SEED } from './results.js'
import { ANSWER_MS, type Stage } from './stage.js'
import type { Send, Workload } from './workload.js'

/** Nobody has said why: the network, or a process that was killed. */
const NO_CLOSE_FRAME = 1006
/** A lease of a node that was killed, the grace of its users, and a moment. */
const PRESENCE_MS = 75_000
/** What a process may have open more than at its beginning: connections that are kept, files that were loaded since. */
const SPARE_DESCRIPTORS = 20

export type Listener = { person: Person; client: Returner }
export type Histories = {
  fault: string
  workload: Workload
  listeners?: Listener[]
  /** People in none of the rooms: they hear nothing of them. */
  outsiders?: { person: Person; ear: Ear }[]
  /** The log has dropped its oldest events: of each stream only the newest are left. */
  hasForgotten?: boolean
  note?: string
  /** Events that were put into the log so that each node must stumble over them: so many, not one more. */
  poison?: number
}

type Findings = { lost: string[]; duplicated: string[]; leaked: string[]; wrong: string[] }

/** Called once the writers have ended and the nodes serve. Throws with everything that it has found. */
export async function audit(stage: Stage, histories: Histories): Promise<void> {
  const { fault, workload, note = '' } = histories
  const found = await examine(stage, histories)
  const events = await stage.sql.query('select count(*) as count from events')
  record({
    ...{ fault, seed: SEED, acknowledged: workload.acknowledged, audited: events.rows[0].count, note },
    ...{ lost: found.lost.length, duplicated: found.duplicated.length, leaked: found.leaked.length },
  })
  expect(found, `${fault} (SEED=${SEED})`).toEqual({ lost: [], duplicated: [], leaked: [], wrong: [] })
}

/** Everything that does not agree. Afterwards nobody is connected any more. */
export async function examine(stage: Stage, histories: Omit<Histories, 'fault' | 'note'>): Promise<Findings> {
  const { workload, listeners = [], outsiders = [], hasForgotten = false, poison = 0 } = histories
  await stage.healthy()
  const found: Findings = { lost: [], duplicated: [], leaked: [], wrong: [] }
  await auditSends(stage, workload.sends, found)
  await auditLog(stage, found, hasForgotten)
  await auditReads(stage, workload, found)
  for (const listener of listeners) await auditListener(listener, found)
  for (const { person, ear } of outsiders) {
    if (ear.isOpen) await person.settled()
    for (const { stream, type } of ear.frames) {
      if (stream !== undefined && stream !== person.id) found.leaked.push(`${type} of ${stream} to ${person.name}`)
    }
  }
  await auditPresence(stage, workload, listeners)
  found.wrong.push(...workload.failures)
  if (workload.longestMs > ANSWER_MS) found.wrong.push(`an answer took ${workload.longestMs} ms`)
  for (const person of stage.people) person.disconnect()
  await auditNodes(stage, found, poison)
  return found
}

/** I1: what was acknowledged is there exactly once, as it was acknowledged; what was refused is not there. */
async function auditSends(stage: Stage, sends: readonly Send[], found: Findings): Promise<void> {
  const { rows } = await stage.sql.query(
    `select s.client_id, count(m.id) as count, min(m.id::text) as id, min(m.number) as number, min(m.content) as content
     from unnest($1::uuid[], $2::uuid[]) s (client_id, sender_id)
     left join messages m on m.client_id = s.client_id and m.sender_id = s.sender_id
     group by s.client_id`,
    [sends.map((send) => send.client_id), sends.map((send) => send.sender)],
  )
  const stored = new Map(rows.map((row) => [row.client_id, row]))
  for (const { client_id, outcome, content, isEdited } of sends) {
    const row = stored.get(client_id)
    if (!outcome) found.wrong.push(`${client_id} was never answered for`)
    else if (row.count > 1) found.duplicated.push(`${client_id} is there ${row.count} times`)
    else if ('refused' in outcome) {
      if (row.count > 0) found.wrong.push(`${client_id} was refused (${outcome.refused}) and is there`)
    } else if (row.count === 0) found.lost.push(`${client_id} was acknowledged as ${outcome.id}`)
    else if (row.id !== outcome.id || row.number !== outcome.number || (!isEdited && row.content !== content))
      found.wrong.push(`${client_id} was acknowledged as ${JSON.stringify(outcome)} and is ${JSON.stringify(row)}`)
  }
}

/** The log itself: seqs and numbers without a gap, and each message announced once. */
async function auditLog(stage: Stage, found: Findings, hasForgotten: boolean): Promise<void> {
  const { rows } = await stage.sql.query(
    `select 'stream ' || id || ' has ' || n || ' events, ' || seqs || ' of them different, from ' || first || ' up to ' || last || ' of ' || seq as wrong
     from (
       select s.id, s.seq, count(e.id) as n, count(distinct e.seq) as seqs, coalesce(min(e.seq), s.seq + 1) as first,
              coalesce(max(e.seq), s.seq) as last
       from streams s left join events e on e.stream_id = s.id
       group by s.id
     ) streams
     where n <> last - first + 1 or seqs <> n or last <> seq or (first > 1 and not $1)
     union all
     select 'conversation ' || s.id || ' has ' || count(m.id) || ' messages up to ' || s.message_number
     from streams s left join messages m on m.conversation_id = s.id
     group by s.id having count(m.id) <> s.message_number or coalesce(max(m.number), 0) <> s.message_number
     union all
     select 'message ' || m.id || ' was announced ' || count(e.id) || ' times'
     from messages m left join events e on e.stream_id = m.conversation_id and e.message_id = m.id and e.type = 'message.created'
     group by m.id having count(e.id) > 1 or (count(e.id) = 0 and not $1)
     union all
     select 'ids of stream ' || stream_id || ' do not rise with seq'
     from (select stream_id, id, lag(id) over (partition by stream_id order by seq) as before from events) e
     where before > id`,
    [hasForgotten],
  )
  found.wrong.push(...rows.map((row) => row.wrong))
}

/** I5: what is unread is what a recount finds, and nothing that was read has become unread. */
async function auditReads(stage: Stage, { people, reads }: Workload, found: Findings): Promise<void> {
  const { rows } = await stage.sql.query(
    `select m.user_id, m.conversation_id, m.read_number, m.delivered_number,
            (select count(*) from messages x
             where x.conversation_id = m.conversation_id and x.number >= coalesce(m.unread_from, m.read_number + 1)) as unread
     from members m`,
  )
  const members = new Map(rows.map((row) => [`${row.user_id} ${row.conversation_id}`, row]))
  for (const { user, conversation, read_number } of reads) {
    const row = members.get(`${user} ${conversation}`)
    if (row && row.read_number < read_number)
      found.lost.push(`${user} had read ${read_number} of ${conversation}, and has ${row.read_number}`)
  }
  for (const row of rows) {
    if (row.read_number > row.delivered_number) found.wrong.push(`${row.user_id} has read what was not delivered`)
  }
  for (const person of people) {
    const { data } = await person.get('/conversations?archived=include&limit=100')
    for (const { id, me } of data) {
      const unread = members.get(`${person.id} ${id}`)?.unread
      if (me.unread_count !== unread) found.wrong.push(`${person.name} has ${me.unread_count} unread, not ${unread}`)
    }
  }
}

/** I5: through every node, whoever has a socket is here, and nobody else, whatever has become of the nodes that knew them. */
async function auditPresence(stage: Stage, { people, rooms }: Workload, listeners: readonly Listener[]): Promise<void> {
  const [asker] = people
  const [room] = rooms.filter(({ members }) => asker && members.includes(asker))
  if (!asker || !room) return
  // Who comes and goes may be gone just now.
  const { rows } = await stage.sql.query('select user_id from members where conversation_id = $1', [room.id])
  const ids = new Set(rows.map((row) => row.user_id))
  const seen = [...people, ...listeners.map(({ person }) => person)].filter(({ id }) => ids.has(id))
  const query = seen.map(({ id }) => id).join()
  const expected = seen.map(({ name, isConnected }) => [name, isConnected ? 'online' : 'offline'])
  for (const node of stage.nodes) {
    if (!node.isRunning) continue
    const shown = async () => {
      const { data } = await asker.get(`${node.url}/api/v1/users/presence?ids=${query}`)
      return seen.map(({ name }, index) => [name, data[index].status])
    }
    await expect
      .poll(shown, { timeout: PRESENCE_MS, interval: 200, message: `presence on ${node.url}` })
      .toEqual(expected)
  }
}

/** I2, I3, I4, I7: it ends with what a fresh load shows, and has heard each event of its stays, once, in order, and no other. */
async function auditListener({ person, client }: Listener, found: Findings): Promise<void> {
  const replica = await client.arrive()
  const [held, fresh] = [replica.picture(), (await Replica.load(person)).picture()]
  if (!isDeepStrictEqual(held, fresh)) found.wrong.push(`${person.name} holds ${diff(held, fresh)}`)
  const { strange, missed, claimed } = await client.holdAgainstLog()
  found.leaked.push(...strange.map((event) => `${event} to ${person.name}`))
  found.lost.push(...missed.map((event) => `${event} for ${person.name}`))
  found.lost.push(...claimed.map((event) => `${event} lay behind a token of ${person.name} before it was heard`))
  if (client.did.gaps > 0) found.wrong.push(`${person.name} had to ask for ${client.did.gaps} gaps`)
  const known = new Set<number>([NO_CLOSE_FRAME, ...Object.values(CLOSE_CODES).map(({ code }) => code)])
  for (const code of client.closes) if (!known.has(code)) found.wrong.push(`${person.name} was closed with ${code}`)
}

/** I6: nothing is left of those who have gone. */
async function auditNodes(stage: Stage, found: Findings, expected: number): Promise<void> {
  for (const node of stage.nodes) {
    if (!node.isRunning) continue
    const left = async () => ({
      sockets: await node.metric('earshot_sockets'),
      waiting: await node.metric('earshot_pool_connections{state="waiting"}'),
    })
    await expect.poll(left, { timeout: 15_000 }).toEqual({ sockets: 0, waiting: 0 })
    const baseline = stage.descriptors.get(node) ?? 0
    const open = async () => (await node.descriptors()) - baseline
    await expect.poll(open, { timeout: 15_000, message: 'descriptors' }).toBeLessThan(SPARE_DESCRIPTORS)
    const poison = await node.metric('earshot_tail_poison_total')
    const gaps = await node.metric('earshot_tail_stream_gaps_total')
    if (poison !== expected) found.wrong.push(`${node.url} could not follow ${poison} events, not ${expected}`)
    if (gaps > 0) found.wrong.push(`${node.url} has met ${gaps} gaps in streams`)
  }
}

/** What is not the same, as far as one wants to read it. */
function diff(held: unknown, fresh: unknown): string {
  try {
    expect(held).toEqual(fresh)
    return 'something else'
  } catch (error) {
    return String(error instanceof Error && 'diff' in error ? error.diff : error).slice(0, 4_000)
  }
}
