import argon2 from 'argon2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchJson } from '../support/person.js'
import { PASSWORD, startWorld, type World } from '../support/world.js'
import { outcome, outcomes, request } from './request.js'

const UUID = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
const TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

let names = 0
const account = (more: object = {}) => {
  const name = `somebody${++names}`
  return { username: name, email: `${name}@example.com`, password: PASSWORD, display_name: 'Some Body', ...more }
}
const register = (input: object) => fetchJson(world.node.url, 'POST', '/auth/register', { body: input })
const login = (name: string, password = PASSWORD) =>
  fetchJson(world.node.url, 'POST', '/auth/login', { body: { login: name, password } })

test('who signs up is signed in, and the answer holds their profile, session and tokens', async () => {
  const input = account({ username: 'Anna.B-1_c', email: 'Anna@Example.com', display_name: 'Änna 🎈' })
  const { status, body } = await register(input)
  expect(status).toBe(201)
  expect(body).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    token_type: 'Bearer',
    expires_in: 900,
    refresh_token: expect.stringMatching(/^esr_[\w-]{67}$/),
    user: {
      id: UUID,
      username: 'Anna.B-1_c',
      display_name: 'Änna 🎈',
      bio: '',
      status_text: 'Hey there! I am using Earshot',
      avatar_url: expect.stringMatching(/^\/api\/v1\/avatars\/default\/[0-9a-f-]{36}$/),
      email: 'Anna@Example.com',
      profile_complete: true,
      created_at: TIME,
      deleted: false,
    },
    session: {
      id: UUID,
      ip: '127.0.0.1',
      user_agent: 'node',
      current: true,
      created_at: TIME,
      last_active_at: TIME,
      expires_at: TIME,
    },
  })
  const days = (Date.parse(body.session.expires_at) - Date.parse(body.session.created_at)) / 86_400_000
  expect(days).toBe(30)
})

test('no answer ever holds a hash or the password', async () => {
  const [ann, bea] = await world.people('ann', 'bea')
  const home = await world.group(ann, bea)
  await ann.say(home.id, 'hello')
  const ask = (method: string, path: string, body?: unknown) =>
    request(world.node.url, method, `/api/v1${path}`, { body, as: ann })
  const answers = [
    await ask('POST', '/auth/register', account()),
    await ask('POST', '/auth/register', account({ username: 'ANN' })),
    await ask('POST', '/auth/login', { login: 'ann', password: PASSWORD }),
    await ask('POST', '/auth/login', { login: 'ann', password: 'a wrong one' }),
    await ask('POST', '/auth/refresh', { refresh_token: ann.refreshToken }),
    ...(await Promise.all(
      [
        '/auth/verify',
        '/sessions',
        '/users/me',
        `/users/${bea.id}`,
        `/users?ids=${ann.id},${bea.id}`,
        '/users?query=bea',
        '/conversations',
        `/conversations/${home.id}/members`,
        `/conversations/${home.id}/messages`,
      ].map((path) => ask('GET', path)),
    )),
  ].map((answer) => answer.text)
  const psql = await world.session()
  const { rows } = await psql.query(
    `select password_hash as secret from users union all select encode(refresh_hash, 'base64') from sessions
     union all select encode(refresh_hash, 'hex') from sessions union all select encode(family_hash, 'hex') from sessions`,
  )
  expect(rows.length).toBeGreaterThan(10)
  for (const text of answers) {
    expect(text.length).toBeGreaterThan(50)
    for (const { secret } of rows) expect(text).not.toContain(secret)
    expect(text).not.toMatch(/argon2|"[a-z_]*(hash|password)[a-z_]*":/)
    expect(text).not.toContain(PASSWORD)
  }
})

test('a username and an e-mail address belong to one account, whatever the case', async () => {
  const first = account({ username: 'Maria' })
  expect(await outcome(register(first))).toBe('201')
  expect(await outcome(register(account({ username: 'mARIA' })))).toBe('409 account.username_taken')
  expect(await outcome(register(account({ email: first.email.toUpperCase() })))).toBe('409 account.email_taken')
  // Neither refusal has left anything behind.
  expect(await outcome(register(account({ username: 'maria2' })))).toBe('201')
})

test('of several who want one name or one address at the same time, one gets it', async () => {
  const sameName = ['Racer', 'racer', 'RACER', 'rAcEr'].map((username) => register(account({ username })))
  expect(await outcomes(sameName)).toEqual(['201', ...Array(3).fill('409 account.username_taken')])
  const sameAddress = Array.from({ length: 4 }, () => register(account({ email: 'one@example.com' })))
  expect(await outcomes(sameAddress)).toEqual(['201', ...Array(3).fill('409 account.email_taken')])
  const psql = await world.session()
  const { rows } = await psql.query(
    "select count(*)::int as accounts from users where lower(username) = 'racer' or lower(email) = 'one@example.com'",
  )
  expect(rows).toEqual([{ accounts: 2 }])
})

test('usernames have 2 to 32 plain characters', async () => {
  for (const username of ['ab', 'n'.repeat(32), '7.-_'])
    expect(await outcome(register(account({ username })))).toBe('201')
  for (const username of ['a', 'n'.repeat(33), '', '_ab', 'a b', 'a@b', 'änna', 'ab\n', ' ab']) {
    const answer = await register(account({ username }))
    expect([username, answer.status, answer.body.errors[0].path]).toEqual([username, 422, 'username'])
  }
})

test('passwords have 8 to 256 characters, and all of them count', async () => {
  for (const password of ['p'.repeat(8), 'p'.repeat(256), 'пароль 🔑']) {
    const input = account({ password })
    expect(await outcome(register(input))).toBe('201')
    expect(await outcome(login(input.username, password))).toBe('200')
  }
  for (const password of ['p'.repeat(7), 'p'.repeat(257)])
    expect(await outcome(register(account({ password })))).toBe('422 request.invalid')

  const long = account({ password: `${'p'.repeat(72)} and a tail` })
  expect(await outcome(register(long))).toBe('201')
  expect(await outcome(login(long.username, long.password))).toBe('200')
  expect(await outcome(login(long.username, long.password.slice(0, 72)))).toBe('401 auth.invalid_credentials')
})

test('one signs in with the username or the e-mail address, in any case', async () => {
  const carl = await world.person('Carl')
  for (const name of ['Carl', 'CARL', 'carl@example.com', 'CARL@Example.Com']) {
    const { status, body } = await login(name)
    expect([name, status, body.user?.id]).toEqual([name, 200, carl.id])
  }
  expect(await outcome(login(' carl'))).toBe('401 auth.invalid_credentials')
})

test('a wrong password and an unknown account get the same answer', async () => {
  await world.person('dora')
  const answers = await Promise.all([
    login('dora', 'a wrong one'),
    login('nobody-here'),
    login('dora@example.com', 'a wrong one'),
    login('nobody@example.com'),
    login('dora', PASSWORD.toUpperCase()),
  ])
  for (const { status, body, headers } of answers) {
    const { request_id, ...rest } = body
    expect({ status, ...rest }).toEqual({
      type: 'urn:earshot:error:auth.invalid_credentials',
      title: 'The login or the password is wrong',
      status: 401,
      code: 'auth.invalid_credentials',
      detail: 'The login or the password is wrong',
      instance: '/api/v1/auth/login',
    })
    expect(request_id).toBe(headers.get('x-request-id'))
  }
})

test('a password that was hashed with other parameters is hashed anew when its owner signs in', async () => {
  const psql = await world.session()
  const emil = await world.person('emil')
  const weak = await argon2.hash(PASSWORD, { type: argon2.argon2id, memoryCost: 4_096, timeCost: 1, parallelism: 1 })
  await psql.query('update users set password_hash = $1 where id = $2', [weak, emil.id])
  const stored = async () => (await psql.query('select password_hash from users where id = $1', [emil.id])).rows[0]

  expect(await outcome(login('emil', 'a wrong one'))).toBe('401 auth.invalid_credentials')
  expect(await stored()).toEqual({ password_hash: weak })

  expect(await outcome(login('emil'))).toBe('200')
  const strong = await stored()
  expect(strong.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)

  expect(await outcome(login('emil'))).toBe('200')
  expect(await stored()).toEqual(strong)
  expect(await outcome(login('emil', 'a wrong one'))).toBe('401 auth.invalid_credentials')
})
