// A foreign transaction that has written into a conversation and does not end: it holds the stream and event ids open.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ResumeTokens } from '../../src/auth/resume-tokens.js'
import type { Person } from '../support/person.js'
import { randomOf } from '../support/random.js'
import { type Company, gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { ANSWER_MS, Stage } from './support/stage.js'
import type { Send, Workload } from './support/workload.js'

const FAULT = '13 Event ids held open'
const INSERT = 'insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)'
/** Sends into the held stream: more than a node has connections. */
const CROWD = 25
/** What ends the wait in PostgreSQL, long before a statement may take no longer. */
const LOCK_TIMEOUT = 'canceling statement due to lock timeout'
const STATEMENT_TIMEOUT = 'canceling statement due to statement timeout'

test(`${FAULT}: only the held stream waits, no token passes it, and it is heard once it has ended (SEED=${SEED})`, async () => {
  // What one node answers from its memory, the other reads from the log.
  const stage = await Stage.open({
    nodes: 2,
    each: (index) => (index === 0 ? {} : { settings: { EVENT_CACHE: '1kB' } }),
  })
  const company = await gather(stage, randomOf(SEED))
  const { workload } = company
  const [ann, ben] = [await stage.person('ann'), await stage.person('ben')]
  const held = (await stage.group(ann, ben, ...company.listeners.map(({ person }) => person))).id
  const key = (await stage.sql.query(`select value from secrets where name = 'resume_tokens'`)).rows[0].value
  const safeOf = (token: string) => new ResumeTokens(key).verify(ben.id, token)?.safe_id ?? 0
  const writer = await stage.postgres.connect()

  for (const end of ['commit', 'rollback'] as const) {
    const began = Date.now()
    const refusedBefore = refusals(workload)
    await writer.query('begin')
    await writer.query(INSERT, [held, ann.id, `held until ${end}`])
    const { last_value } = (await stage.sql.query('select last_value from events_id_seq')).rows[0]
    if (end === 'rollback') {
      // A node that begins meanwhile begins before what is held.
      await stage.node(1).kill()
      await stage.start(stage.node(1))
    }
    const said = Array.from({ length: CROWD }, () => newSend(ann, held))
    await expectBusy(ann, said)
    const waiting = said.map((send) => untilAnswered(ann, send))
    const tokens: string[] = []
    const span = long(60_000, 5_000) / (end === 'commit' ? 1 : 5)
    do {
      await expectHeard(stage, company)
      tokens.push(...(await takeTokens(ben, stage)))
      progress(FAULT, `held for ${Date.now() - began} ms`)
    } while (Date.now() - began < span)
    for (const token of tokens) expect(safeOf(token)).toBeLessThan(last_value)
    expect(said.filter(({ outcome }) => outcome)).toEqual([])
    const lines = stage.nodes.flatMap((node) => node.lines)
    expect(lines.some((line) => line.includes(LOCK_TIMEOUT))).toBe(true)
    expect(lines.filter((line) => line.includes(STATEMENT_TIMEOUT))).toEqual([])
    // Nobody else is in its way; a node that was killed is another matter.
    if (end === 'commit') expect(refusals(workload), 'refused in other conversations').toEqual(refusedBefore)
    await writer.query(end)
    await Promise.all(waiting)
    workload.sends.push(...said)

    const wanted = (end === 'commit' ? [`held until ${end}`] : []).concat(said.map(({ content }) => content)).sort()
    await ben.position()
    for (const [n, token] of tokens.entries()) {
      const back = await ben.resume(token, stage.urls[n % 2])
      for (const { content } of said) await back.seen(({ data }) => data?.content === content)
      const heard = back.stream(held).filter(({ type }) => type === 'message.created')
      expect(heard.map(({ data }) => data.content).sort()).toEqual(wanted)
      back.cut()
    }
    expect(safeOf(await ben.position())).toBeGreaterThan(last_value)
  }
  await writer.end()
  await company.end()
  await audit(stage, {
    ...company,
    fault: FAULT,
    note: `held for ${long(60, 5)} s to its commit, ${long(12, 1)} s to its roll-back`,
  })
})

const refusals = ({ refusals }: Workload) => Object.fromEntries(refusals)

function newSend(person: Person, conversation: string): Send {
  const client_id = crypto.randomUUID()
  return { client_id, sender: person.id, conversation, content: `into it ${client_id}`, tries: 1 }
}

/** Into the held stream, over REST and over a socket: refused soon, and told when to come again. */
async function expectBusy(person: Person, [one, other]: Send[]): Promise<void> {
  const ear = await person.connect()
  const began = Date.now()
  const [answer, reply] = await Promise.all([
    person.ask('POST', `/conversations/${one?.conversation}/messages`, {
      content: one?.content,
      client_id: one?.client_id,
    }),
    ear.command('message.send', {
      conversation_id: other?.conversation,
      content: other?.content,
      client_id: other?.client_id,
    }),
  ])
  expect(answer).toMatchObject({ status: 503, body: { code: 'busy' } })
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(reply).toMatchObject({ ok: false, error: { code: 'busy', retry_after: expect.any(Number) } })
  expect(Date.now() - began).toBeLessThan(ANSWER_MS)
  ear.cut()
}

/** What is acknowledged in the other conversations is heard meanwhile, on each node. */
async function expectHeard(stage: Stage, { workload, listeners }: Company): Promise<void> {
  const [listener] = listeners
  if (!listener) throw new Error('nobody listens')
  const ears = await Promise.all(stage.urls.map((url) => listener.person.connect(url)))
  const before = new Set(workload.sends)
  await workload.acknowledges(20)
  const acknowledged = workload.sends
    .filter((send) => !before.has(send))
    .flatMap(({ outcome }) => (outcome && 'id' in outcome ? outcome.id : []))
  expect(acknowledged.length).toBeGreaterThan(0)
  for (const ear of ears) {
    for (const id of acknowledged) await ear.seen(({ type, data }) => type === 'message.created' && data.id === id)
    ear.cut()
  }
}

/** One of a first load, and one that a socket was given which came back with that. */
async function takeTokens(person: Person, stage: Stage): Promise<string[]> {
  const loaded = (await person.get('/sync')).resume
  const back = await person.resume(loaded, stage.urls[1])
  const checkpoint = (await back.seen(({ type }) => type === 'checkpoint')).data.resume
  back.cut()
  return [loaded, checkpoint]
}

async function untilAnswered(person: Person, send: Send): Promise<void> {
  while (!send.outcome) {
    send.tries++
    const { client_id, content, conversation } = send
    const { status, body } = await person.ask('POST', `/conversations/${conversation}/messages`, { content, client_id })
    if (status < 300) send.outcome = { id: body.id, number: body.number }
    else expect(body.code).toBe('busy')
    await delay(20)
  }
}
