import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchJson, type Person } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'
import { outcome, outcomes } from './request.js'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const refresh = (refresh_token: string, url = world.node.url) =>
  fetchJson(url, 'POST', '/auth/refresh', { body: { refresh_token } })
const login = (name: string, headers: Record<string, string> = {}, url = world.node.url) =>
  fetchJson(url, 'POST', '/auth/login', { body: { login: name, password: PASSWORD }, headers })
const asked = (token: string, url = world.node.url) =>
  outcome(fetchJson(url, 'GET', '/users/me', { headers: { authorization: `Bearer ${token}` } }))
const idsOf = async (person: Person) =>
  (await person.get('/sessions')).data.map((session: { id: string }) => session.id)

test('a refresh gives new tokens for the same session', async () => {
  const alice = await world.person('alice')
  const { status, body } = await refresh(alice.refreshToken)
  expect(status).toBe(200)
  expect(Object.keys(body).sort()).toEqual(
    ['access_token', 'expires_in', 'refresh_token', 'session', 'token_type', 'user'].sort(),
  )
  expect(body.session).toMatchObject({ id: alice.sessionId, current: true })
  expect(body.user).toMatchObject({ id: alice.id, email: 'alice@example.com' })
  expect(body.refresh_token).not.toBe(alice.refreshToken)
  expect(body.access_token).not.toBe(alice.token)
  for (const token of [alice.token, body.access_token]) expect(await asked(token)).toBe('200')
  expect(await outcome(refresh(body.refresh_token))).toBe('200')
  expect(await idsOf(alice)).toEqual([alice.sessionId])
})

test('a refresh token that is used again ends its session, also for whoever used it first', async () => {
  const bob = await world.person('bob')
  const other = await world.device(bob)
  const [ear, othersEar] = [await bob.connect(), await other.connect()]
  const { body: fresh } = await refresh(bob.refreshToken)

  expect(await outcome(refresh(bob.refreshToken))).toBe('401 auth.refresh_token_reused')
  expect((await ear.closed).code).toBe(4501)
  for (const token of [bob.token, fresh.access_token]) expect(await asked(token)).toBe('401 auth.session_ended')
  for (const token of [fresh.refresh_token, bob.refreshToken])
    expect(await outcome(refresh(token))).toBe('401 auth.refresh_token_invalid')
  // The other device has a session of its own, and hears what happened.
  expect((await othersEar.next('session.revoked')).data).toEqual({
    session_id: bob.sessionId,
    reason: 'refresh_token_reused',
  })
  expect(othersEar.isOpen).toBe(true)
  expect(await asked(other.token)).toBe('200')
})

test('of refreshes that race with one token, exactly one wins', async () => {
  const carol = await world.person('carol')
  const ends = await outcomes(Array.from({ length: 6 }, () => refresh(carol.refreshToken)))
  expect(ends.filter((end) => end === '200')).toHaveLength(1)
  expect(ends.filter((end) => end === '401 auth.refresh_token_reused')).toHaveLength(1)
  expect(ends.filter((end) => end === '401 auth.refresh_token_invalid')).toHaveLength(4)
  expect(await asked(carol.token)).toBe('401 auth.session_ended')
})

test('a made-up refresh token is refused and ends nothing', async () => {
  const dora = await world.person('dora')
  const [family, generation] = [dora.refreshToken.slice(4, 28), dora.refreshToken.slice(28)]
  const strange = {
    random: `esr_${'A'.repeat(67)}`,
    'another family': `esr_${'A'.repeat(24)}${generation}`,
    'another prefix': `esx_${family}${generation}`,
    'cut off': dora.refreshToken.slice(0, -1),
    longer: `${dora.refreshToken}A`,
    padded: ` ${dora.refreshToken}`,
    'an access token': dora.token.slice(0, 200),
    'a session id': dora.sessionId,
  }
  for (const [kind, token] of Object.entries(strange))
    expect([kind, await outcome(refresh(token))]).toEqual([kind, '401 auth.refresh_token_invalid'])
  expect(await outcome(refresh(dora.refreshToken))).toBe('200')
})

test('a session that was not refreshed in time is over', async () => {
  const emil = await world.person('emil')
  const current = await world.device(emil)
  const psql = await world.session()
  await psql.query("update sessions set expires_at = now() - interval '1 second' where id = $1", [emil.sessionId])
  expect(await outcome(refresh(emil.refreshToken))).toBe('401 auth.refresh_token_invalid')
  expect(await idsOf(current)).toEqual([current.sessionId])
})

test('signing out ends the token and the sockets of this device at once, and no other', async () => {
  const fritz = await world.person('fritz')
  const other = await world.device(fritz)
  const ears = [await fritz.connect(), await fritz.connect()]
  const othersEar = await other.connect()
  expect(await outcome(fritz.ask('POST', '/auth/logout'))).toBe('204')
  expect(await asked(fritz.token)).toBe('401 auth.session_ended')
  expect(await outcome(refresh(fritz.refreshToken))).toBe('401 auth.refresh_token_invalid')
  for (const ear of ears) expect((await ear.closed).code).toBe(4501)
  await other.settled()
  expect(othersEar.isOpen).toBe(true)
  expect(await outcome(fritz.ask('POST', '/auth/logout'))).toBe('401 auth.session_ended')
  await expect(fritz.connect()).rejects.toThrow('closed before hello')
})

test('the list shows each device of mine, marks this one, and nobody else sees it', async () => {
  const gina = await world.person('gina')
  const hans = await world.person('hans')
  const { body: tv } = await login('gina', { 'user-agent': 'Television/1.0 (küche)' })
  const { body: long } = await login('gina', { 'user-agent': 'x'.repeat(400) })
  const { data } = await gina.get('/sessions')
  expect(data.map((session: { id: string }) => session.id)).toEqual([long.session.id, tv.session.id, gina.sessionId])
  expect(data.map((session: { current: boolean }) => session.current)).toEqual([false, false, true])
  expect(data[1]).toEqual({ ...tv.session, current: false })
  expect(data[1]).toMatchObject({ ip: '127.0.0.1', user_agent: 'Television/1.0 (küche)' })
  expect(data[0].user_agent).toBe('x'.repeat(300))
  expect(await idsOf(hans)).toEqual([hans.sessionId])
  // Whoever refreshes is the most recently active.
  await refresh(gina.refreshToken)
  expect((await idsOf(gina))[0]).toBe(gina.sessionId)
})

test('revoking another session closes its sockets and only its', async () => {
  const ines = await world.person('ines')
  const [phone, tablet] = [await world.device(ines), await world.device(ines)]
  const ears = { ines: await ines.connect(), phone: await phone.connect(), tablet: await tablet.connect() }
  expect(await outcome(ines.ask('DELETE', `/sessions/${phone.sessionId}`))).toBe('204')
  expect((await ears.phone.closed).code).toBe(4501)
  expect(await asked(phone.token)).toBe('401 auth.session_ended')
  expect(await outcome(refresh(phone.refreshToken))).toBe('401 auth.refresh_token_invalid')
  for (const ear of [ears.ines, ears.tablet])
    expect((await ear.next('session.revoked')).data).toEqual({ session_id: phone.sessionId, reason: 'revoked' })
  await ines.settled()
  expect([ears.ines.isOpen, ears.tablet.isOpen]).toEqual([true, true])
  expect((await idsOf(ines)).sort()).toEqual([ines.sessionId, tablet.sessionId].sort())
  expect(await outcome(ines.ask('DELETE', `/sessions/${phone.sessionId}`))).toBe('404 session.not_found')
})

test("somebody else's session, or none, cannot be found and goes on", async () => {
  const [jan, kim] = await world.people('jan', 'kim')
  const ear = await kim.connect()
  for (const id of [kim.sessionId, crypto.randomUUID(), jan.id])
    expect(await outcome(jan.ask('DELETE', `/sessions/${id}`))).toBe('404 session.not_found')
  await kim.settled()
  expect(ear.isOpen).toBe(true)
  expect(await asked(kim.token)).toBe('200')
})

test('all sessions but this one can be ended together', async () => {
  const lena = await world.person('lena')
  const others = [await world.device(lena), await world.device(lena)]
  const ears = await Promise.all(others.map((device) => device.connect()))
  const ear = await lena.connect()
  for (let times = 0; times < 2; times++) expect(await outcome(lena.ask('DELETE', '/sessions'))).toBe('204')
  for (const other of ears) expect((await other.closed).code).toBe(4501)
  for (const device of others) expect(await asked(device.token)).toBe('401 auth.session_ended')
  expect(await idsOf(lena)).toEqual([lena.sessionId])
  await lena.settled()
  expect(ear.all('session.revoked')).toHaveLength(2)
})

test('the eleventh sign-in ends the session that was idle for longest', async () => {
  const max = await world.person('max')
  const second = await world.device(max)
  const ear = await second.connect()
  for (let more = 0; more < 8; more++) await login('max')
  await refresh(max.refreshToken)
  expect(await idsOf(max)).toHaveLength(10)

  const { body } = await login('max')
  expect((await ear.closed).code).toBe(4501)
  expect(await asked(second.token)).toBe('401 auth.session_ended')
  const open = await idsOf(max)
  expect(open).toHaveLength(10)
  expect(open).toEqual(expect.arrayContaining([max.sessionId, body.session.id]))
})

test('sign-ins at the same time do not exceed the number of sessions', async () => {
  await using small = await startWorld({ MAX_SESSIONS: '2' })
  const nora = await small.person('nora')
  const signedIn = await Promise.all(Array.from({ length: 6 }, () => login('nora', {}, small.node.url)))
  expect(signedIn.map((answer) => answer.status)).toEqual(Array(6).fill(200))
  const psql = await small.session()
  const { rows } = await psql.query('select id from sessions where ended_at is null and user_id = $1', [nora.id])
  expect(rows).toHaveLength(2)
  const open = new Set(rows.map((row) => row.id))
  for (const { body } of signedIn)
    expect(await asked(body.access_token, small.node.url)).toBe(
      open.has(body.session.id) ? '200' : '401 auth.session_ended',
    )
  expect(await asked(nora.token, small.node.url)).toBe('401 auth.session_ended')
})

test('what is revoked on one node is over on every other, sockets too, and on one that starts later', async () => {
  const second = await world.addNode()
  const olga = await world.person('olga')
  const [phone, tablet] = [await world.device(olga, second), await world.device(olga, second)]
  const [phonesEar, tabletsEar] = [await phone.connect(), await tablet.connect()]
  await olga.delete(`/sessions/${phone.sessionId}`)
  expect((await phonesEar.closed).code).toBe(4501)
  expect(await asked(phone.token, second.url)).toBe('401 auth.session_ended')
  expect(await outcome(refresh(phone.refreshToken, second.url))).toBe('401 auth.refresh_token_invalid')
  await tablet.settled()
  expect(tabletsEar.isOpen).toBe(true)

  const third = await world.addNode()
  expect(await asked(phone.token, third.url)).toBe('401 auth.session_ended')
  expect(await asked(tablet.token, third.url)).toBe('200')
})
