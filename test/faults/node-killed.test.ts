// kill -9 of a node, in the moments that matter.
import { expect, test } from 'vitest'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { afterCommit, beforeBell } from './support/failpoint.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const REPLY = '02 A node is killed between commit and reply'
const BELL = '03 A node is killed between commit and bell'

test(`${REPLY}: who asks again gets the message that is there (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const company = await gather(stage, random)
  const { workload } = company
  const kills = long(20, 2)
  const stored = new Map<string, { id: string; number: number }>()
  for (let kill = 1; kill <= kills; kill++) {
    const node = kill % 2
    const clientId = await afterCommit(stage.proxy(node))
    const send = workload.sends.find((one) => one.client_id === clientId)
    expect(send?.outcome, 'nobody has been told').toBeUndefined()
    const { rows } = await stage.sql.query('select id::text, number from messages where client_id = $1', [clientId])
    expect(rows).toHaveLength(1)
    stored.set(clientId, rows[0])
    await stage.node(node).kill()
    await workload.acknowledges(long(50, 20))
    await stage.start(stage.node(node))
    progress(REPLY, `killed ${kill} of ${kills} times, ${workload.acknowledged} acknowledged`)
  }
  await company.end()
  for (const [clientId, row] of stored) {
    const send = workload.sends.find((one) => one.client_id === clientId)
    expect(send?.tries, 'asked again').toBeGreaterThan(1)
    expect(send?.outcome).toEqual(row)
  }
  await audit(stage, { ...company, fault: REPLY, note: `${kills} kills` })
})

test(`${BELL}: the others hear it at the pace of the poll (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const kills = long(10, 1)
  const [ann, ben] = await Promise.all([stage.person('ann', stage.node(0)), stage.person('ben', stage.node(1))])
  const { id } = await stage.group(ann, ben)
  const ear = await ben.connect(stage.node(1).url)
  await ben.settled()
  // While nobody else writes, nobody else rings.
  const waits: number[] = []
  for (let kill = 1; kill <= kills; kill++) {
    const content = `message ${kill}`
    const held = beforeBell(stage.proxy(0))
    const asked = ann.say(id, content).catch(() => undefined)
    await held
    await stage.node(0).kill()
    await asked
    const { rows } = await stage.sql.query(
      'select seq from events join messages m on m.id = message_id where content = $1',
      [content],
    )
    expect(rows, 'it is committed').toHaveLength(1)
    const frame = await ear.seen(({ data }) => data?.content === content)
    expect(frame.seq).toBe(rows[0].seq)
    waits.push(Date.now() - Date.parse(frame.at ?? ''))
    await stage.start(stage.node(0))
  }
  expect(ear.all('message.created').filter(({ data }) => data.content?.startsWith('message '))).toHaveLength(kills)
  ear.cut()
  // And while everybody writes.
  const company = await gather(stage, random)
  for (let kill = 1; kill <= kills; kill++) {
    await beforeBell(stage.proxy(kill % 2))
    await stage.node(kill % 2).kill()
    await company.workload.acknowledges(long(50, 20))
    await stage.start(stage.node(kill % 2))
    progress(BELL, `killed ${kill} of ${kills} times, ${company.workload.acknowledged} acknowledged`)
  }
  await company.end()
  await audit(stage, {
    ...company,
    fault: BELL,
    note: `${2 * kills} kills; alone, heard after ${Math.max(...waits)} ms at most`,
  })
})
