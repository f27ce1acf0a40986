// A PostgreSQL that lets nobody in any more, since others have taken all of its connections.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { startApp } from '../../src/app.js'
import { readConfig } from '../../src/config.js'
import { createLogger } from '../../src/observe.js'
import { Person } from '../support/person.js'
import { PASSWORD, ROOMY, readMetric } from '../support/world.js'
import { makeUsedFolder, startServer } from './embedded-servers.js'

test('when there are too many connections the answers are clear, the sockets stay, and all recovers by itself', async () => {
  const settings = { fsync: 'off', max_connections: '16', superuser_reserved_connections: '0' }
  const { url } = await startServer(await makeUsedFolder(), settings)
  const uploads = await mkdtemp(join(tmpdir(), 'earshot-uploads-'))
  const config = { ...ROOMY, DATABASE_URL: url, UPLOADS_DIR: uploads, JOBS: '0', WS_STALE: '1s' }
  const app = await startApp(readConfig(config), createLogger('silent'))
  const people: Person[] = []
  const crowd: pg.Client[] = []
  onTestFinished(async () => {
    for (const person of people) person.disconnect()
    await Promise.all(crowd.splice(0).map((one) => one.end()))
    await app.stop()
    await rm(uploads, { recursive: true, force: true })
  })
  const alice = await Person.register(app.url, 'alice', PASSWORD)
  const bob = await Person.register(app.url, 'bob', PASSWORD)
  people.push(alice, bob)
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const ear = await bob.connect()
  await bob.settled()
  /** Takes a place if there is one. */
  const squeezeIn = async () => {
    const one = new pg.Client({ connectionString: url, application_name: 'crowd' })
    one.on('error', () => undefined)
    try {
      await one.connect()
      crowd.push(one)
      return true
    } catch (error) {
      expect(error).toMatchObject({ code: '53300' })
      return false
    }
  }
  while (await squeezeIn()) {}
  const [first] = crowd
  // Not the one by which the server knows that somebody uses it.
  const takeOver = `select pg_terminate_backend(pid) from pg_stat_activity
    where application_name in ('earshot', 'earshot-tail') or application_name like 'earshot-listener-%'`
  // Whoever is thrown out tries to come back, and a place is free only some time after its backend is no longer shown.
  for (let quiet = 0; quiet < 10; quiet++) {
    if ((await first?.query(takeOver))?.rowCount) quiet = 0
    while (await squeezeIn()) quiet = 0
  }

  const send = (client_id: string = crypto.randomUUID()) =>
    alice.ask('POST', `/conversations/${id}/messages`, { content: 'is there room?', client_id })
  for (const answer of [
    await send(),
    ...(await Promise.all([send(), send(), send()])),
    await alice.ask('GET', '/users/me'),
  ]) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    expect(answer.headers.get('retry-after')).toBe('1')
  }
  expect(await ear.command('message.send', { conversation_id: id, content: 'and here?' })).toMatchObject({
    ok: false,
    error: { code: 'unavailable', retry_after: 1 },
  })
  const report = await fetch(`${app.url}/health`)
  expect([report.status, await report.json()]).toMatchObject([
    503,
    { status: 'down', services: { database: { status: 'down', writes: 'down', reason: 'too_many_connections' } } },
  ])
  await ear.next('stale')

  await Promise.all(crowd.splice(0).map((one) => one.end()))
  const client_id = crypto.randomUUID()
  await expect.poll(async () => (await send(client_id)).status, { timeout: 20_000 }).toBeLessThan(300)
  await ear.seen(({ type }) => type === 'fresh')
  await expect.poll(() => readMetric(app, 'earshot_listener_up'), { timeout: 30_000 }).toBe(1)
  await expect
    .poll(async () => (await (await fetch(`${app.url}/health`)).json()) as object, { timeout: 20_000 })
    .toMatchObject({ status: 'up' })
  await bob.settled()
  expect(ear.all('message.created').map(({ data }) => data.client_id)).toEqual([client_id])
  expect(ear.isOpen).toBe(true)
})
