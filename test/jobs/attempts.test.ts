import { expect, test } from 'vitest'
import { PASSWORD, startWorld } from '../support/world.js'

test('the files of an account that ended are tried for days, however long the database is in trouble', async () => {
  await using world = await startWorld({ JOBS: '0' })
  const alice = await world.person('alice')
  expect((await alice.ask('DELETE', '/users/me', { password: PASSWORD })).status).toBe(204)
  const psql = await world.session()
  const { rows } = await psql.query('select task_identifier, max_attempts from graphile_worker.jobs')
  expect(rows).toEqual([{ task_identifier: 'remove_files_of_account', max_attempts: 25 }])
})
