import { expect, test, vi } from 'vitest'
import { startWorld } from '../support/world.js'

test('the sweep is on the clock of every node, and does its work as a job', async () => {
  await using world = await startWorld()
  const alice = await world.person('alice')
  const psql = await world.session()
  await vi.waitFor(async () => {
    const { rows } = await psql.query('select identifier from graphile_worker._private_known_crontabs')
    expect(rows).toEqual([{ identifier: 'sweep_media' }])
  })
  const [old, young] = [await alice.upload('old.txt', 'old'), await alice.upload('young.txt', 'young')]
  await psql.query(`update attachments set created_at = now() - interval '25 hours' where id = $1`, [old.id])
  await psql.query(`select graphile_worker.add_job('sweep_media', '{}')`)
  await vi.waitFor(async () => {
    const { rows } = await psql.query('select removed_at is not null as removed from attachments where id = $1', [
      old.id,
    ])
    expect(rows).toEqual([{ removed: true }])
  })
  expect((await alice.download(young.url)).status).toBe(200)
})
