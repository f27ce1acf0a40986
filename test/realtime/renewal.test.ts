// A socket outlives the token that opened it: it is told in time, and may bring another one of the same session.
import { expect, test } from 'vitest'
import { Ear } from '../support/ear.js'
import { startWorld } from '../support/world.js'

/** Other tests wait for locks of their own databases. */
const WAITING = `select count(*)::int as n from pg_locks
  where not granted and database = (select oid from pg_database where datname = current_database())`
const BRIEF = { ACCESS_TOKEN_TTL: '2s', WS_AUTH_GRACE: '2s' }

test('a token that ends soon is announced, and a renewed one keeps the socket open', async () => {
  await using world = await startWorld(BRIEF)
  const alice = await world.person('alice')
  const ear = await alice.connect()
  expect((await ear.next('auth.expiring')).data.in_s).toBeLessThanOrEqual(2)
  for (let times = 0; times < 3; times++) {
    const { access_token, refresh_token } = (
      await alice.ask('POST', '/auth/refresh', { refresh_token: alice.refreshToken })
    ).body
    Object.assign(alice, { token: access_token, refreshToken: refresh_token })
    const reply = await ear.command('auth.renew', { token: access_token })
    expect(reply).toMatchObject({ ok: true, data: { expires_at: expect.any(String) } })
    // Announced again: the renewed token too is as brief.
    await ear.next('auth.expiring')
  }
  expect(ear.isOpen).toBe(true)
})

test('without a renewed one only ping and auth.renew are answered for a while, then it is closed with 4401', async () => {
  await using world = await startWorld(BRIEF)
  const [alice, bob] = await world.people('alice', 'bob')
  const ear = await alice.connect()
  const { id } = await world.group(alice, bob)
  const refusal = async () => {
    for (;;) {
      const reply = await ear.command('message.send', { conversation_id: id, content: 'still me' })
      if (!reply.ok) return reply.error.code
    }
  }
  expect(await refusal()).toBe('auth.token_expired')
  expect(await ear.command('ping')).toMatchObject({ ok: true })
  expect((await ear.command('auth.renew', { token: alice.token })).error.code).toBe('auth.token_expired')
  expect((await ear.closed).code).toBe(4401)
})

test('a token of another session, of another user or of nobody renews nothing', async () => {
  await using world = await startWorld()
  const [alice, bob] = await world.people('alice', 'bob')
  const phone = await world.device(alice)
  const ear = await alice.connect()
  const codeFor = async (token: string) => (await ear.command('auth.renew', { token })).error?.code
  expect(await codeFor(phone.token)).toBe('auth.other_session')
  expect(await codeFor(bob.token)).toBe('auth.other_session')
  expect(await codeFor('nonsense')).toBe('auth.token_invalid')
  expect(await codeFor('')).toBe('request.invalid')
  expect(await codeFor(alice.refreshToken)).toBe('auth.token_invalid')
  expect(await codeFor(alice.token)).toBeUndefined()
})

test('a session that has ended cannot be renewed: its socket is closed at once', async () => {
  await using world = await startWorld()
  const alice = await world.person('alice')
  const ear = await alice.connect()
  await alice.post('/auth/logout')
  expect((await ear.closed).code).toBe(4501)
})

test('hello comes first, also when the token ends soon and the socket has to wait until it is let in', async () => {
  await using world = await startWorld({ ACCESS_TOKEN_TTL: '40s' })
  const [alice, bob] = await world.people('alice', 'bob')
  // From now on nothing has to be read to let another socket of hers in.
  await alice.connect()
  const psql = await world.session()
  await psql.query('begin; lock table member_spans')
  const ear = new Ear(`${world.node.url.replace('http', 'ws')}/ws?token=${bob.token}`)
  await expect.poll(async () => (await psql.query(WAITING)).rows[0].n).toBe(1)
  // Hers came later: when she is told, he has had his turn as well.
  await (await alice.connect()).next('auth.expiring')
  await psql.query('rollback')
  await ear.next('auth.expiring')
  expect(ear.frames.map(({ type }) => type)).toEqual(['hello', 'auth.expiring'])
  ear.cut()
})
