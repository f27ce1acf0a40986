// The connection of a listener looks alive and says nothing any more: its process in PostgreSQL has been stopped.
import { expect, onTestFinished, test } from 'vitest'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { signal } from './support/postgres-server.js'
import { long, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '09 The connection of a listener is half-open'
/** Its heartbeat is missed for 10 s, and looked for each 5 s. */
const NOTICED_MS = 15_000
const BUSY_MS = 5_000

type Backend = { pid: number; name: string; waits: string | null }

test(`${FAULT}: its node notices, replaces it, and delivers meanwhile (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const company = await gather(stage, random)
  const { workload } = company
  const ask = async (): Promise<Backend[]> => {
    const { rows } = await stage.sql.query(
      `select pid, application_name as name, wait_event as waits from pg_stat_activity
       where application_name like 'earshot-listener-%'`,
    )
    return rows
  }
  const times = long(5, 1)
  const took: number[] = []
  for (let time = 1; time <= times; time++) {
    const { pid, name } = await stopOne(ask)
    onTestFinished(() => void signal(pid, 'SIGCONT'))
    const stoppedAt = Date.now()
    await workload.acknowledges(long(200, 40))
    expect((await ask()).some((one) => one.pid === pid)).toBe(true)
    const successor = async () => (await ask()).filter((one) => one.name === name && one.pid !== pid).length
    await expect.poll(successor, { timeout: NOTICED_MS + BUSY_MS, interval: 200 }).toBe(1)
    took.push(Date.now() - stoppedAt)

    // It cannot end, whatever it is told; nobody waits for it.
    expect((await ask()).some((one) => one.pid === pid)).toBe(true)
    await hearsBells(stage)
    await stage.sql.query('checkpoint')
    await workload.acknowledges(20)
    const up = () => Promise.all(stage.nodes.map((node) => node.metric('earshot_listener_up')))
    await expect.poll(up, { timeout: 10_000 }).toEqual([1, 1])
    signal(pid, 'SIGCONT')
    await expect.poll(async () => (await ask()).some((one) => one.pid === pid), { timeout: 10_000 }).toBe(false)
  }
  // By its own heartbeat, or by the question that its library asks of each connection now and then.
  const noticed = stage.nodes.flatMap(({ lines }) =>
    lines.filter((line) => /the listener (is replaced|has reconnected)/.test(line)),
  )
  expect(noticed.length).toBeGreaterThanOrEqual(times)
  await company.end()
  await audit(stage, { ...company, fault: FAULT, note: `replaced after ${took.join(', ')} ms` })
})

/** One that waits for its client: in the middle of its work it would hold locks of the server itself. */
async function stopOne(ask: () => Promise<Backend[]>): Promise<Backend> {
  for (;;) {
    const [chosen] = await ask()
    if (!chosen) throw new Error('nobody listens')
    signal(chosen.pid, 'SIGSTOP')
    const stopped = (await ask()).find(({ pid }) => pid === chosen.pid)
    if (stopped?.waits === 'ClientRead') return stopped
    signal(chosen.pid, 'SIGCONT')
  }
}

/** Others hear what is rung. */
async function hearsBells(stage: Stage): Promise<void> {
  const client = await stage.postgres.connect()
  const heard = new Promise((resolve) => client.once('notification', resolve))
  await client.query('listen somewhere')
  await stage.sql.query(`select pg_notify('somewhere', '')`)
  await heard
  await client.end()
}
