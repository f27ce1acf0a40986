// An older copy of the database takes its place: what clients have heard is not in it, and must not be in what they show.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { fork, pick, randomOf } from '../support/random.js'
import { allLoadAfresh, type Company, gather, resyncs } from './support/audience.js'
import { audit } from './support/auditor.js'
import { lossesSince, type Mark, mark } from './support/losses.js'
import type { PostgresServer } from './support/postgres-server.js'
import { long, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const run = promisify(execFile)
const MAIN = join(import.meta.dirname, '../../bin/earshot.cjs')
const EPOCH = 'select log_epoch() as epoch, (select bump from log_state) as bump'
const LAST_ID = `select last_value as id from events_id_seq`

type Restored = { stage: Stage; company: Company; copy: PostgresServer; was: Mark }

/** A copy is made, and much is said after it. */
async function makeCopy(): Promise<Restored> {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const company = await gather(stage, fork(random))
  await company.workload.acknowledges(long(300, 40))
  await stage.postgres.stop()
  const was = mark(company.workload)
  const copy = await stage.postgres.copy()
  stage.own(copy)
  await stage.postgres.start()
  await company.workload.acknowledges(long(300, 60))
  return { stage, company, copy, was }
}

/** By another hand, as an import would. */
async function insert(server: PostgresServer, { workload }: Company, count: number): Promise<void> {
  const { id, owner } = pick(randomOf(SEED), workload.rooms)
  await server.query(
    `insert into messages (conversation_id, sender_id, content) select $1, $2, 'filler ' || n from generate_series(1, $3::int) n`,
    [id, owner.id, count],
  )
}

async function goOn({ stage, company, was }: Restored, fault: string): Promise<void> {
  const { workload } = company
  const losses = await lossesSince(stage, workload, was)
  expect(losses.sends.length).toBeGreaterThan(0)
  await workload.askAgain(losses)
  await workload.acknowledges(40)
  await company.end()
  const note = `${losses.sends.length} acknowledged messages were not in the copy and were sent again`
  await audit(stage, { ...company, fault, note })
}

const BY_ITSELF = '08 An older copy is restored'
test(`${BY_ITSELF}: who has heard more than it knows says so, and all load afresh (SEED=${SEED})`, async () => {
  const restored = await makeCopy()
  const { stage, company, copy } = restored
  // More than is written until the nodes have looked.
  await insert(stage.postgres, company, 1_000)
  const before = resyncs(company)
  const [{ bump }] = await stage.postgres.query(EPOCH)
  await stage.postgres.kill()
  await copy.start()
  stage.failOverTo(copy)
  await allLoadAfresh(company, before)
  // Once for both nodes and all tokens.
  expect(await copy.query(EPOCH)).toMatchObject([{ bump: bump + 1 }])
  await goOn(restored, BY_ITSELF)
})

const BY_HAND = '08 An older copy is restored, and has passed what clients know'
test(`${BY_HAND}: \`earshot epoch bump\` makes all load afresh (SEED=${SEED})`, async () => {
  const restored = await makeCopy()
  const { stage, company, copy } = restored
  const before = resyncs(company)
  const [{ epoch }] = await stage.postgres.query(EPOCH)
  for (const proxy of stage.proxies) {
    proxy.refuse()
    proxy.cut()
  }
  await stage.postgres.kill()
  const heads = await Promise.all(stage.nodes.map((node) => node.metric('earshot_tail_head')))
  await copy.start()
  const [{ id }] = await copy.query(LAST_ID)
  expect(id).toBeLessThan(Math.max(...heads))
  await insert(copy, company, Math.max(...heads) - id + 100)
  expect((await copy.query(LAST_ID))[0].id).toBeGreaterThan(Math.max(...heads))
  // Nobody could tell the one from the other.
  expect(await copy.query(EPOCH)).toMatchObject([{ epoch }])
  await run(process.execPath, [MAIN, 'epoch', 'bump'], { env: { PATH: process.env.PATH, DATABASE_URL: copy.url } })
  stage.failOverTo(copy)
  for (const proxy of stage.proxies) await proxy.accept()
  await allLoadAfresh(company, before)
  await goOn(restored, BY_HAND)
})
