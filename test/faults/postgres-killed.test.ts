// kill -9 of every process of PostgreSQL, under load, again and again.
import { expect, test } from 'vitest'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '01 PostgreSQL is killed'

test(`${FAULT}: what was acknowledged is there, and everybody hears it once (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 2 })
  const company = await gather(stage, random)
  const { workload } = company
  const kills = long(10, 2)
  for (let kill = 1; kill <= kills; kill++) {
    await workload.acknowledges(long(300, 60))
    await stage.postgres.kill()
    await stage.postgres.start()
    progress(FAULT, `killed ${kill} of ${kills} times, ${workload.acknowledged} acknowledged`)
  }
  await workload.acknowledges(60)
  await company.end()
  expect(workload.refusals.get('unavailable')).toBeGreaterThan(0)
  await audit(stage, { ...company, fault: FAULT, note: `${kills} kills` })
})
