// All nodes are replaced, one after the other, as for a new version.
import { expect, test } from 'vitest'
import { CLOSE_CODES } from '../../src/contract/close-codes.js'
import { randomOf } from '../support/random.js'
import { gather } from './support/audience.js'
import { audit } from './support/auditor.js'
import { long, progress, SEED } from './support/results.js'
import { Stage } from './support/stage.js'

const FAULT = '05 A rolling restart'

test(`${FAULT}: nobody is cut off without a word, and nobody misses anything (SEED=${SEED})`, async () => {
  const random = randomOf(SEED)
  const stage = await Stage.open({ nodes: 3 })
  const company = await gather(stage, random, { listening: 3 })
  const { workload, listeners } = company
  const rounds = long(5, 1)
  for (let round = 1; round <= rounds; round++) {
    for (const node of stage.nodes) {
      await workload.acknowledges(long(100, 20))
      await node.stop()
      expect(node.exitCode, node.lines.slice(-5).join('\n')).toBe(0)
      await workload.acknowledges(10)
      await stage.start(node)
      await stage.healthy()
    }
    progress(FAULT, `round ${round} of ${rounds}, ${workload.acknowledged} acknowledged`)
  }
  // Before they leave by themselves.
  const closes = listeners.flatMap(({ client }) => client.closes)
  expect(new Set(closes)).toEqual(new Set([CLOSE_CODES.going_away.code]))
  expect(listeners.every(({ client }) => client.did.resumed > 1)).toBe(true)
  await company.end()
  const note = `${3 * rounds} restarts, ${closes.length} sockets of listeners were closed`
  await audit(stage, { ...company, fault: FAULT, note })
})
