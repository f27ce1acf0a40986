// Access tokens as others meet them: verified with the published keys, and forged in every way that has worked somewhere.
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, importJWK, type JWTHeaderParameters, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rotateKeys } from '../../src/auth/signing-keys.js'
import type { DB } from '../../src/db/tables.js'
import { Ear } from '../support/ear.js'
import { fetchJson, type Person } from '../support/person.js'
import { startWorld, type World } from '../support/world.js'
import { outcome, request } from './request.js'

let world: World
let alice: Person
let bob: Person
beforeAll(async () => {
  world = await startWorld()
  ;[alice, bob] = await world.people('alice', 'bob')
})
afterAll(() => world[Symbol.asyncDispose]())

const verify = (token: string, url = world.node.url) =>
  outcome(fetchJson(url, 'GET', '/auth/verify', { headers: { authorization: `Bearer ${token}` } }))
const publishedKeys = async (url = world.node.url) => (await request(url, 'GET', '/.well-known/jwks.json')).body
const decode = (token: string, part: number) => JSON.parse(Buffer.from(token.split('.')[part]!, 'base64url').toString())
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

test('the published keys verify an access token, and it says who, in which session, and for how long', async () => {
  const answer = await request(world.node.url, 'GET', '/.well-known/jwks.json')
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('public, max-age=60')
  expect(answer.body.keys).toEqual([
    {
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      use: 'sig',
      kid: expect.any(String),
      x: expect.any(String),
      y: expect.any(String),
    },
  ])
  const { payload, protectedHeader } = await jwtVerify(alice.token, createLocalJWKSet(answer.body))
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: answer.body.keys[0].kid })
  expect(payload).toEqual({
    sub: alice.id,
    sid: alice.sessionId,
    iss: 'earshot',
    iat: expect.any(Number),
    exp: payload.iat! + 900,
    jti: expect.any(String),
  })
  const bobs = await jwtVerify(bob.token, createLocalJWKSet(answer.body))
  expect(bobs.payload.jti).not.toBe(payload.jti)
})

test('what the token says can be asked for', async () => {
  const said = await alice.get('/auth/verify')
  const expires_at = new Date(decode(alice.token, 1).exp * 1_000).toISOString()
  expect(said).toEqual({ user_id: alice.id, session_id: alice.sessionId, expires_at })
})

test('a request without a token, or with one in another form, is refused', async () => {
  const ask = (authorization?: string, path = '/auth/verify') =>
    request(world.node.url, 'GET', `/api/v1${path}`, { headers: authorization === undefined ? {} : { authorization } })
  for (const authorization of [
    undefined,
    '',
    'Bearer',
    alice.token,
    `Basic ${alice.token}`,
    `Bearer ${alice.token} x`,
  ]) {
    const answer = await ask(authorization)
    expect([authorization, answer.status, answer.body.code]).toEqual([authorization, 401, 'auth.unauthenticated'])
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  }
  expect(await outcome(ask(undefined, `/auth/verify?token=${alice.token}`))).toBe('401 auth.unauthenticated')
  expect(await outcome(ask(`bearer ${alice.token}`))).toBe('200')
})

test('a token that was tampered with or forged opens neither a route nor a socket', async () => {
  const psql = await world.session()
  const { rows } = await psql.query('select private_jwk, public_jwk from signing_keys')
  const [jwk, publicJwk] = [rows[0].private_jwk, rows[0].public_jwk]
  const key = await importJWK(jwk, 'ES256')
  const header = { alg: 'ES256', typ: 'at+jwt', kid: jwk.kid }
  const claims = decode(alice.token, 1)
  const sign = (payload: JWTPayload, more: Partial<JWTHeaderParameters> = {}) =>
    new SignJWT(payload).setProtectedHeader({ ...header, ...more }).sign(key)
  // What is refused below is refused for its one flaw: the same without it is accepted.
  expect(await verify(await sign(claims))).toBe('200')

  const [head, body, signature] = alice.token.split('.')
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const hs256 = `${encode({ ...header, alg: 'HS256' })}.${body}`
  const forged = {
    'another sub': `${head}.${encode({ ...claims, sub: bob.id })}.${signature}`,
    'the signature of another token': `${head}.${body}.${bob.token.split('.')[2]}`,
    'no signature': `${head}.${body}.`,
    'alg none': `${encode({ ...header, alg: 'none' })}.${body}.`,
    'alg HS256 with the public key': `${hs256}.${createHmac('sha256', JSON.stringify(publicJwk)).update(hs256).digest('base64url')}`,
    'the key of somebody else': await new SignJWT(claims).setProtectedHeader(header).sign(foreign),
    'an unknown kid': await sign(claims, { kid: crypto.randomUUID() }),
    'no kid': await sign(claims, { kid: undefined }),
    'a kid that is no text': await sign(claims, { kid: 'a\0b' }),
    'another typ': await sign(claims, { typ: 'JWT' }),
    'another issuer': await sign({ ...claims, iss: 'https://elsewhere.example' }),
    'no session': await sign({ ...claims, sid: undefined }),
    'a session that is no text': await sign({ ...claims, sid: 7 }),
    'no user': await sign({ ...claims, sub: undefined }),
    'no end': await sign({ ...claims, exp: undefined }),
    'from the future': await sign({ ...claims, nbf: claims.exp }),
    'endless length': await sign({ ...claims, more: 'x'.repeat(4_000) }),
    nonsense: 'a.b.c',
  }
  for (const [flaw, token] of Object.entries(forged))
    expect([flaw, await verify(token)]).toEqual([flaw, '401 auth.token_invalid'])
  const expired = await sign({ ...claims, exp: claims.iat - 1 })
  expect(await verify(expired)).toBe('401 auth.token_expired')

  const closeCode = async (token: string) =>
    (await new Ear(`${world.node.url.replace('http', 'ws')}/ws?token=${token}`).closed).code
  expect(await closeCode(forged['another sub'])).toBe(4504)
  expect(await closeCode(forged['alg none'])).toBe(4504)
  expect(await closeCode('')).toBe(4504)
  expect(await closeCode(expired)).toBe(4401)
})

test('a token ends after its time, and closes its socket', async () => {
  await using hasty = await startWorld({ ACCESS_TOKEN_TTL: '3s', WS_AUTH_GRACE: '1s' })
  const carol = await hasty.person('carol')
  expect(await verify(carol.token, hasty.node.url)).toBe('200')
  const ear = await carol.connect()
  expect((await ear.closed).code).toBe(4401)
  expect(await verify(carol.token, hasty.node.url)).toBe('401 auth.token_expired')
  const { status, body } = await fetchJson(hasty.node.url, 'POST', '/auth/refresh', {
    body: { refresh_token: carol.refreshToken },
  })
  expect(status).toBe(200)
  expect(await verify(body.access_token, hasty.node.url)).toBe('200')
})

test('after a rotation the old tokens still work, and every node takes the tokens of the new key', async () => {
  await using rotated = await startWorld()
  const dora = await rotated.person('dora')
  const before = await publishedKeys(rotated.node.url)
  const pool = new pg.Pool({ connectionString: rotated.database.url, max: 1 })
  const kid = await rotateKeys(new Kysely<DB>({ dialect: new PostgresDialect({ pool }) }))
  await pool.end()

  const second = await rotated.addNode()
  const device = await rotated.device(dora, second)
  expect(decode(device.token, 0).kid).toBe(kid)
  expect(decode(dora.token, 0).kid).toBe(before.keys[0].kid)
  // The first node meets the new kid before it has read it; the second one has never signed with the old key.
  for (const node of [rotated.node, second])
    for (const token of [device.token, dora.token]) expect(await verify(token, node.url)).toBe('200')
  for (const node of [rotated.node, second]) {
    const { keys } = await publishedKeys(node.url)
    expect(keys.map((key: { kid: string }) => key.kid)).toEqual([kid, before.keys[0].kid])
    expect(JSON.stringify(keys)).not.toContain('"d":')
  }
  // Once no token of the old key can still live, it is neither published nor accepted.
  const psql = await rotated.session()
  await psql.query("update signing_keys set retired_at = now() - interval '1 day' where kid <> $1", [kid])
  const third = await rotated.addNode()
  expect((await publishedKeys(third.url)).keys).toHaveLength(1)
  expect(await verify(dora.token, third.url)).toBe('401 auth.token_invalid')
  expect(await verify(device.token, third.url)).toBe('200')
})
