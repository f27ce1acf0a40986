// The queue of notifications is full: a session listens, and stays in a transaction, so that nothing of it can be forgotten.
import { expect, test } from 'vitest'
import { file, jpeg } from '../support/pictures.js'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { Prober } from './support/prober.js'
import { IS_LONG, long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

/** The least that can be set, 512 KB. */
const POSTGRES = { max_notify_queue_pages: '64' }
const USAGE = 'select pg_notification_queue_usage() as usage'

const FAULT = '12 The queue of notifications is full'
test(`${FAULT}: sends and INSERTs succeed, and are heard by the poll (SEED=${SEED})`, async () => {
  const stage = await Stage.open({ nodes: 2, postgres: POSTGRES })
  const company = await gather(stage, randomOf(SEED))
  const prober = await Prober.begin(stage)
  const rounds = long(3, 1)
  for (let round = 1; round <= rounds; round++) {
    // Of one that is known nothing is left to be done.
    const picture = await jpeg(8, 8 * round)
    const [holder, filler] = [await stage.postgres.connect(), await stage.postgres.connect()]
    await company.workload.acknowledges(40)
    await holder.query('listen to_nobody')
    await holder.query('begin')
    await holder.query('select 1')
    const fill = () => filler.query(`select pg_notify('to_nobody', repeat('x', 7900))`)
    const refused = await untilRefused(fill)
    expect(refused.message).toContain('too many notifications')
    await company.workload.acknowledges(long(300, 40))
    // Its INSERT and its bell are one transaction.
    await prober.hears()
    expect((await prober.write()).status).toBe(201)
    // Whoever has a job done cannot do without a notification; it is refused as what passes.
    const { status, headers, body } = await upload(prober, picture)
    expect({ status, body, wait: headers.get('retry-after') }).toMatchObject({
      status: 503,
      body: { code: 'unavailable' },
      wait: '1',
    })
    expect((await stage.postgres.query(USAGE))[0].usage).toBeGreaterThan(0.9)
    // Its heartbeat is lost too, so after some time it counts as deaf and is replaced, again and again.
    if (IS_LONG)
      await expect
        .poll(async () => (await stage.node(0).health()).services.listener.status, { timeout: 30_000 })
        .toBe('down')
    await prober.hears()
    await holder.query('rollback')
    await Promise.all([holder.end(), filler.end()])
    for (const node of stage.nodes)
      await expect.poll(async () => (await node.health()).services.listener.status, { timeout: 30_000 }).toBe('up')
    expect((await stage.postgres.query(USAGE))[0].usage).toBeLessThan(0.5)
    expect((await upload(prober, picture)).status).toBe(201)
    progress(FAULT, `full ${round} of ${rounds} times`)
  }
  await company.workload.acknowledges(40)
  await company.end()
  await audit(stage, { ...company, fault: FAULT, note: `${rounds} times` })
})

const upload = ({ person }: Prober, picture: Uint8Array) => person.sendForm('/uploads', { file: file(picture) })

async function untilRefused(act: () => Promise<unknown>): Promise<Error> {
  for (let n = 0; n < 1_000; n++) {
    const error = await act().then(
      () => undefined,
      (reason: Error) => reason,
    )
    if (error) return error
  }
  throw new Error('it was never refused')
}
