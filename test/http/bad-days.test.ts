// What PostgreSQL can say besides yes: each is an answer at once, leaves nothing half done, and ends when it ends there.
import { expect, test } from 'vitest'
import type { HealthReport } from '../../src/contract/operations.js'
import type { Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'

/** For what comes by itself, on a machine that does much else. */
const BUSY = { timeout: 20_000 }
/** Other tests wait for locks of their own databases. */
const WAITING = `select count(*)::int from pg_locks where not granted
  and database = (select oid from pg_database where datname = current_database())`
const JOBS = 'select count(*)::int as count from graphile_worker.jobs'

function expectRefused(answer: { status: number; body: unknown; headers: Headers }, code = 'unavailable'): void {
  expect(answer).toMatchObject({ status: 503, body: { code } })
  expect(answer.headers.get('retry-after')).toBe('1')
}
const healthOf = async (world: World) => {
  const response = await fetch(`${world.node.url}/health`)
  return { http: response.status, body: (await response.json()) as HealthReport }
}
const isReady = async (world: World) => (await fetch(`${world.node.url}/health/ready`)).status
const database = (world: World) => new URL(world.database.url).pathname.slice(1)
/** Every connection of the node, but not this one. */
const DISCONNECT = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
/** Each kind of write, over REST. */
function writes(person: Person, conversation: string, other = person) {
  return {
    message: () => person.ask('POST', `/conversations/${conversation}/messages`, { content: 'hello' }),
    profile: () => person.ask('PATCH', '/users/me', { bio: crypto.randomUUID() }),
    receipt: () => person.ask('PUT', `/conversations/${conversation}/receipts`, { read_number: 1 }),
    group: () =>
      person.ask('POST', '/conversations', { type: 'group', name: crypto.randomUUID(), user_ids: [other.id] }),
    upload: () => person.sendForm('/uploads', { file: new File(['some text'], 'note.txt') }),
  }
}

test('a database that was made read-only refuses writes with 503, is read on, and takes writes again without a restart', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const ear = await bob.connect()
  await alice.say(id, 'before')
  await ear.next('message.created')
  const psql = await world.session()
  await psql.query(`alter database ${database(world)} set default_transaction_read_only = on`)
  await psql.query(DISCONNECT)
  // The connections that were lost may be told first.
  await expect.poll(async () => (await healthOf(world)).body.services.database.status, BUSY).toBe('up')
  for (const write of Object.values(writes(alice, id, bob))) expectRefused(await write())
  expect(await ear.command('message.send', { conversation_id: id, content: 'over the socket' })).toMatchObject({
    ok: false,
    error: { code: 'unavailable', retry_after: 1 },
  })
  expect((await bob.get(`/conversations/${id}/messages`)).data).toHaveLength(1)
  await expect
    .poll(() => healthOf(world), BUSY)
    .toMatchObject({
      http: 200,
      body: {
        status: 'degraded',
        services: { database: { writes: 'down', reason: 'read_only' }, tail: { status: 'up' } },
      },
    })
  expect(await isReady(world)).toBe(200)
  // Somebody else may write, and is heard.
  await psql.query('set default_transaction_read_only = off')
  await psql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
    id,
    alice.id,
    'by another hand',
  ])
  await ear.next('message.created', ({ data }) => data.content === 'by another hand')

  await psql.query(`alter database ${database(world)} reset default_transaction_read_only`)
  await psql.query(DISCONNECT)
  await expect.poll(async () => (await writes(alice, id).message()).status, BUSY).toBe(201)
  for (const write of Object.values(writes(alice, id, bob))) expect((await write()).status).toBeLessThan(300)
  await bob.settled()
  expect(ear.isOpen).toBe(true)
  const heard = ear.stream(id).flatMap(({ type, data }) => (type === 'message.created' ? [data.content] : []))
  expect(heard).toEqual(['before', 'by another hand', 'hello', 'hello'])
  expect(await healthOf(world)).toMatchObject({ http: 200, body: { services: { database: { writes: 'up' } } } })
})

test('a full disk refuses the write and leaves nothing of it, neither rows, nor bytes that count, nor jobs', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const ear = await bob.connect()
  await bob.settled()
  const psql = await world.session()
  // The last statements of each of these: what came before them in the transaction has succeeded.
  await psql.query(`
    create function disk_is_full() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file' using errcode = '53100'; end $$;
    create trigger t99_full after insert on messages for each statement execute function disk_is_full();
    create trigger t99_full after insert on attachments for each statement execute function disk_is_full()`)
  const counts = async () => {
    const { rows } = await psql.query(`
      select (select count(*) from messages)::int as messages, (select count(*) from attachments)::int as attachments,
             (select count(*) from events)::int as events, (${JOBS}) as jobs,
             (select coalesce(sum(bytes), 0) from media_usage)::int as bytes`)
    return rows[0]
  }
  const before = await counts()
  const { message, upload, profile } = writes(alice, id)
  expectRefused(await message())
  expect(await healthOf(world)).toMatchObject({
    http: 200,
    body: { status: 'degraded', services: { database: { writes: 'down', reason: 'disk_full' } } },
  })
  expectRefused(await upload())
  expectRefused(
    await alice.sendForm(`/conversations/${id}/attachments`, { content: 'look', file: new File(['text'], 'a.txt') }),
  )
  expect(await counts()).toEqual(before)
  // What can be written opens the gate for the others.
  expect((await profile()).status).toBe(200)
  expect((await healthOf(world)).body.status).toBe('up')
  await psql.query('drop function disk_is_full cascade')
  for (const write of [message, upload]) expect((await write()).status).toBe(201)
  await bob.settled()
  expect(ear.all('message.created')).toHaveLength(1)
})

test('a statement that takes too long is ended, and answered over REST and sockets with when to come again', async () => {
  await using world = await startWorld({ DATABASE_STATEMENT_TIMEOUT: '1s' })
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const ear = await alice.connect()
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('select from streams where id = $1 for update', [id])
  await psql.query('lock table users in access exclusive mode')
  const { message, profile, upload } = writes(alice, id)
  const answers = await Promise.all([message(), profile(), upload(), alice.ask('GET', '/users/me')])
  for (const answer of answers) expectRefused(answer, 'busy')
  expect(await ear.command('message.send', { conversation_id: id, content: 'over the socket' })).toMatchObject({
    ok: false,
    error: { code: 'busy', retry_after: 1 },
  })
  // It says nothing about writes elsewhere.
  expect((await healthOf(world)).body.services.database).toMatchObject({ status: 'up', writes: 'up' })
  await psql.query('rollback')
  for (const write of [message, profile, upload]) expect((await write()).status).toBeLessThan(300)
  expect((await bob.get(`/conversations/${id}/messages`)).data).toHaveLength(1)
})

test('when the pool has no connection to spare the answer is that the server has too much to do, and then all goes on', async () => {
  await using world = await startWorld({ DATABASE_POOL_MAX: '2', DATABASE_CONNECT_TIMEOUT: '2s' })
  const [alice, bob] = await world.people('alice', 'bob')
  const { id } = await alice.post('/conversations', { type: 'direct', user_ids: [bob.id] })
  const psql = await world.session()
  await psql.query('begin')
  await psql.query('lock table users, messages in access exclusive mode')
  const slow = [alice.ask('GET', '/users/me'), bob.ask('GET', '/users/me')]
  await expect.poll(async () => (await psql.query(WAITING)).rows[0].count, BUSY).toBeGreaterThanOrEqual(2)
  expectRefused(await alice.ask('GET', `/conversations/${id}`), 'overloaded')
  expectRefused(await writes(alice, id).message(), 'overloaded')
  await psql.query('rollback')
  for (const answer of await Promise.all(slow)) expect(answer.status).toBe(200)
  expect((await writes(alice, id).message()).status).toBe(201)
})
