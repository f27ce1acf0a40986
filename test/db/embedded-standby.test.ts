// A synchronous standby that is gone: PostgreSQL lets every commit wait for it, for ever.
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

/** For what comes by itself, on a machine that does much else. */
const BUSY = { timeout: 20_000 }
const REFUSED = { status: 503, body: { code: 'unavailable' } }

/** A node, two people in a conversation, and a standby that can go and come back. */
async function startPair(settings: Record<string, string> = {}) {
  const { url } = await startServer(await makeUsedFolder())
  const uploads = await mkdtemp(join(tmpdir(), 'earshot-uploads-'))
  const app = await startApp(
    readConfig({ ...ROOMY, DATABASE_URL: url, UPLOADS_DIR: uploads, JOBS: '0', ...settings }),
    createLogger('silent'),
  )
  const psql = new pg.Client(url)
  psql.on('error', () => undefined)
  await psql.connect()
  const standby = async (names: string) => {
    await psql.query(`alter system set synchronous_standby_names = '${names}'`)
    await psql.query('select pg_reload_conf()')
    await expect
      .poll(async () => (await psql.query('show synchronous_standby_names')).rows[0].synchronous_standby_names, BUSY)
      .toBe(names)
  }
  const people: Person[] = []
  onTestFinished(async () => {
    await psql.query('alter system reset synchronous_standby_names').catch(() => undefined)
    await psql.query('select pg_reload_conf()').catch(() => undefined)
    for (const person of people) person.disconnect()
    await app.stop()
    await psql.end()
    await rm(uploads, { recursive: true, force: true })
  })
  const [alice, bob] = [
    await Person.register(app.url, 'alice', PASSWORD),
    await Person.register(app.url, 'bob', PASSWORD),
  ]
  people.push(alice, bob)
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  /** Backends of the pool that wait for the standby. */
  const waiting = async (): Promise<number[]> => {
    const { rows } = await psql.query(
      `select pid from pg_stat_activity where wait_event = 'SyncRep' and application_name like 'earshot%'`,
    )
    return rows.map(({ pid }) => pid)
  }
  /** Ends the wait of the next commit, as an operator would. */
  const cancelNext = async () => {
    await expect.poll(waiting, BUSY).toHaveLength(1)
    await psql.query('select pg_cancel_backend($1)', await waiting())
  }
  const health = async () => {
    const response = await fetch(`${app.url}/health`)
    return { http: response.status, ...((await response.json()) as { status: string; services: { database: object } }) }
  }
  const isReady = async () => (await fetch(`${app.url}/health/ready`)).status
  return {
    app,
    psql,
    alice,
    bob,
    id,
    waiting,
    cancelNext,
    health,
    isReady,
    leaves: () => standby('nobody'),
    returns: () => standby(''),
  }
}

test('a commit that no standby has confirmed is no acknowledgement, and neither is finding it again', async () => {
  const { app, alice, bob, id, cancelNext, health, leaves, returns } = await startPair()
  const ear = await alice.connect()
  await leaves()
  const client_id = crypto.randomUUID()
  const send = () => alice.ask('POST', `/conversations/${id}/messages`, { content: 'is it safe?', client_id })
  const [first] = await Promise.all([send(), cancelNext()])
  expect(first).toMatchObject(REFUSED)
  expect(first.headers.get('retry-after')).toBe('1')
  // It is there, but not known to be safe.
  const { data } = await bob.get(`/conversations/${id}/messages`)
  expect(data).toHaveLength(1)
  const messageId = data[0].id
  const [again] = await Promise.all([send(), cancelNext()])
  expect(again).toMatchObject(REFUSED)
  expect(await health()).toMatchObject({
    http: 200,
    status: 'degraded',
    services: { database: { status: 'up', writes: 'down', reason: 'unconfirmed' } },
  })
  expect(await readMetric(app, 'earshot_database_writes_up')).toBe(0)

  const command = { conversation_id: id, content: 'is it safe?', client_id }
  const [reply] = await Promise.all([ear.command('message.send', command), cancelNext()])
  expect(reply).toMatchObject({ ok: false, error: { code: 'unavailable', retry_after: 1 } })
  const [transaction] = await Promise.all([alice.ask('PATCH', '/users/me', { bio: 'in a transaction' }), cancelNext()])
  expect(transaction).toMatchObject(REFUSED)

  // What finds that there is nothing to do would not wait by itself.
  const hide = () => alice.ask('PUT', `/messages/${messageId}/hidden`)
  for (let n = 0; n < 2; n++) expect((await Promise.all([hide(), cancelNext()]))[0]).toMatchObject(REFUSED)

  await returns()
  expect((await hide()).status).toBe(204)
  expect((await alice.ask('DELETE', `/messages/${messageId}/hidden`)).status).toBe(204)
  expect(await send()).toMatchObject({ status: 200, body: { number: 1, client_id } })
  expect((await bob.get(`/conversations/${id}/messages`)).data).toHaveLength(1)
  expect(await health()).toMatchObject({ http: 200, status: 'up', services: { database: { writes: 'up' } } })
  expect(await readMetric(app, 'earshot_database_writes_up')).toBe(1)
  await alice.settled()
  expect(ear.all('message.created')).toHaveLength(1)
})

test('while commits hang, writes are refused at once, nothing piles up, and everything else goes on', async () => {
  const { app, psql, alice, bob, id, waiting, health, isReady, leaves, returns } = await startPair({
    DATABASE_STATEMENT_TIMEOUT: '1s',
  })
  const ear = await bob.connect()
  await bob.settled()
  await leaves()
  const messages = Array.from({ length: 12 }, (_, n) => ({ content: `message ${n}`, client_id: crypto.randomUUID() }))
  const send = (message: object) => alice.ask('POST', `/conversations/${id}/messages`, message)
  const patch = () => alice.ask('PATCH', '/users/me', { bio: crypto.randomUUID() })
  // The first hangs until it is given up, then the others are refused.
  const begun = performance.now()
  const hanging = Promise.all([send(messages[0] ?? {}), ...Array.from({ length: 5 }, patch)])
  await expect.poll(waiting, BUSY).not.toHaveLength(0)
  // Two connections are always left for those who read.
  for (let n = 0; n < 10; n++) expect((await bob.ask('GET', `/conversations/${id}/messages`)).status).toBe(200)
  for (const answer of await hanging) expect(answer).toMatchObject({ status: 503 })
  expect(performance.now() - begun).toBeLessThan(30_000)
  const left = await waiting()
  expect(left.length).toBeGreaterThan(0)

  const answers = await Promise.all(messages.map(send))
  for (const answer of answers) {
    expect(answer).toMatchObject(REFUSED)
    expect(answer.headers.get('retry-after')).toBe('1')
  }
  for (let n = 0; n < 10; n++) expect(await send(messages[n] ?? {})).toMatchObject(REFUSED)
  expect(await waiting()).toEqual(left)
  expect(await health()).toMatchObject({
    http: 200,
    status: 'degraded',
    services: { database: { status: 'up', writes: 'down', reason: 'stalled' }, tail: { status: 'up' } },
  })
  expect(await isReady()).toBe(200)
  expect(await readMetric(app, 'earshot_write_refusals_total{reason="stalled"}')).toBeGreaterThan(0)
  // What is read, and what needs no commit, goes on; also when the tail has to begin anew.
  expect((await bob.ask('GET', `/conversations/${id}/messages`)).status).toBe(200)
  expect(await ear.command('ping')).toMatchObject({ ok: true })
  await psql.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'earshot-tail'`)
  await psql.query(`set synchronous_commit = local`)
  await psql.query(`update users set bio = 'by another hand' where id = $1`, [bob.id])
  await ear.next('user.updated', ({ data }) => data.bio === 'by another hand')
  expect(await health()).toMatchObject({ status: 'degraded', services: { tail: { status: 'up' } } })
  expect(await ear.command('message.send', { conversation_id: id, content: 'over the socket' })).toMatchObject({
    ok: false,
    error: { code: 'unavailable', retry_after: 1 },
  })

  await returns()
  for (const message of messages) await expect.poll(async () => (await send(message)).status, BUSY).toBeLessThan(300)
  await ear.heard('message.created', messages.length)
  await bob.settled()
  expect(ear.all('message.created').map(({ data }) => data.content)).toEqual(messages.map(({ content }) => content))
  expect(ear.isOpen).toBe(true)
  expect(await waiting()).toEqual([])
  expect((await health()).status).toBe('up')
})
