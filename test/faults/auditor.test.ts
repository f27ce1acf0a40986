// The auditor is held to account first: after a run without any fault, each history is falsified in turn, and it has to notice.
import { expect, test } from 'vitest'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { examine } from './support/auditor.js'
import { SEED } from './support/results.js'
import { Stage } from './support/stage.js'

test(`00 No fault at all: the auditor finds nothing, and then everything that is made wrong (SEED=${SEED})`, async () => {
  const stage = await Stage.open({ nodes: 1 })
  const company = await gather(stage, randomOf(SEED), { listening: 1 })
  const { workload, outsiders } = company
  await workload.acknowledges(60)
  await company.end()
  const nothing = { lost: [], duplicated: [], leaked: [], wrong: [] }
  expect(await examine(stage, company)).toEqual(nothing)

  const stored = workload.sends.filter((send) => send.outcome && 'id' in send.outcome && !send.isEdited)
  const [first, second] = stored as [(typeof stored)[0], (typeof stored)[0]]
  // As somebody could who goes around every trigger.
  const tamper = async (text: string, values: unknown[] = []) => {
    const session = await stage.postgres.connect()
    await session.query(`set session_replication_role = replica`)
    await session.query(text, values)
    await session.end()
  }
  const id = (send: typeof first) => (send.outcome && 'id' in send.outcome ? send.outcome.id : '')
  // The writers' history and the rows: what is about listeners has an ear of its own below.
  const withoutListeners = { ...company, listeners: [] }
  const found = () => examine(stage, withoutListeners)

  await tamper('update messages set content = $2 where id = $1', [id(first), 'forged'])
  expect(await found()).toEqual({ ...nothing, wrong: [expect.stringContaining(first.client_id)] })
  await tamper('update messages set content = $2 where id = $1', [id(first), first.content])

  const unheard: typeof second = { ...second, client_id: crypto.randomUUID() }
  workload.sends.push(unheard)
  expect(await found()).toEqual({ ...nothing, lost: [expect.stringContaining(unheard.client_id)] })
  unheard.outcome = { refused: 'conversation.forbidden' }
  expect(await found()).toEqual(nothing)
  delete unheard.outcome
  expect((await found()).wrong).toEqual([`${unheard.client_id} was never answered for`])
  workload.sends.pop()

  const { outcome } = second
  second.outcome = { refused: 'conversation.forbidden' }
  expect((await found()).wrong).toEqual([`${second.client_id} was refused (conversation.forbidden) and is there`])
  second.outcome = { id: id(first), number: 1 }
  expect((await found()).wrong).toEqual([expect.stringContaining(`${second.client_id} was acknowledged as`)])
  if (outcome) second.outcome = outcome

  await tamper('update streams set seq = seq + 1 where id = $1', [first.conversation])
  expect((await found()).wrong).toEqual([expect.stringContaining(`stream ${first.conversation} has`)])
  await tamper('update streams set seq = seq - 1 where id = $1', [first.conversation])

  const [read] = workload.reads
  if (!read) throw new Error('nobody has read anything')
  await tamper('update members set read_number = 0, delivered_number = 0 where conversation_id = $1 and user_id = $2', [
    read.conversation,
    read.user,
  ])
  const unread = await found()
  expect(unread.lost).toContainEqual(expect.stringContaining(`${read.user} had read`))

  const [outsider] = outsiders
  outsider?.ear.frames.push({ type: 'message.created', stream: first.conversation, seq: 1 })
  expect((await found()).leaked).toEqual([`message.created of ${first.conversation} to outsider`])
  outsider?.ear.frames.pop()

  const [listener] = company.listeners
  if (!listener) throw new Error('nobody listens')
  await tamper('delete from messages where id = $1', [id(second)])
  const gone = await examine(stage, { ...company, listeners: [listener] })
  expect(gone.lost).toContainEqual(expect.stringContaining(second.client_id))
  expect(gone.wrong).toContainEqual(expect.stringContaining('listener0 holds'))
})
