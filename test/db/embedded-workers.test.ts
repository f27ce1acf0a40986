// Several processes on the PostgreSQL that Earshot brings along: one server for all of them, which is there until the last has gone.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isAlive, startCrew } from '../cli/crew.js'
import { makeUsedFolder, query } from './embedded-servers.js'

test('the workers share one server, which has connections for all of them and is stopped last', async () => {
  const folder = await makeUsedFolder()
  const settings = { DATA_DIR: folder, UPLOADS_DIR: join(folder, 'uploads'), WORKERS: '2', DATABASE_POOL_MAX: '50' }
  await using crew = await startCrew(settings)
  const [postmaster = '', , , port = ''] = (await readFile(join(folder, 'postgres-18/postmaster.pid'), 'utf8')).split(
    '\n',
  )
  const password = (await readFile(join(folder, 'postgres-18.password'), 'utf8')).trim()
  const url = `postgres://earshot:${password}@127.0.0.1:${port}/earshot`
  // Two pools of 50, four connections more for each, and some to spare.
  expect(await query(url, 'show max_connections')).toEqual([{ max_connections: '128' }])
  // The first process alone holds the server: a worker that dies takes nothing with it.
  const leases = "select count(*)::int as leases from pg_stat_activity where application_name = 'earshot lease'"
  expect(await query(url, leases)).toEqual([{ leases: 1 }])
  const alice = await crew.person('alice')
  const ears = [await alice.connect(), await alice.connect(), await alice.connect()]
  process.kill(crew.pids()[0] ?? 0, 'SIGKILL')
  await crew.begun(3)
  expect(isAlive(Number(postmaster))).toBe(true)
  const open = ears.filter(({ socket }) => socket.readyState === socket.OPEN).concat(await alice.connect())

  crew.run.kill('SIGTERM')
  for (const ear of open) expect(await ear.closed).toMatchObject({ code: 4400 })
  expect(await crew.run.exit).toBe(0)
  expect(isAlive(Number(postmaster))).toBe(false)
  // Nobody has missed it: what a node writes when it goes, it could write.
  const output = crew.run.output()
  const complaints = output.slice(output.indexOf('earshot is stopping')).match(/^.*"level":"(warn|error|fatal)".*$/gm)
  expect(complaints).toBeNull()
  await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})
