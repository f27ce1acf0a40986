// Access tokens that are brought again: verified once, and refused from the same moment on as if they were verified each time.
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest'
import { AccessTokens } from '../../src/auth/access-tokens.js'
import { EndedSessions } from '../../src/auth/ended-sessions.js'
import { rotateKeys, SigningKeys } from '../../src/auth/signing-keys.js'
import type { DB } from '../../src/db/tables.js'
import { createLogger } from '../../src/observe.js'
import { createDatabase, type TestDatabase } from '../support/test-server.js'
import { outcome } from './outcome.js'

const TTL_S = 900
const KEPT = 3

let database: TestDatabase
let db: Kysely<DB>
let keys: SigningKeys
let ended: EndedSessions
let tokens: AccessTokens
beforeAll(async () => {
  database = await createDatabase(inject('templateUrl'))
  const pool = new pg.Pool({ connectionString: database.url, max: 2 })
  db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) })
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})
beforeEach(async () => {
  keys = new SigningKeys(db, createLogger('silent'), TTL_S)
  await keys.start()
  ended = new EndedSessions(TTL_S)
  tokens = new AccessTokens({ keys, ended, issuer: 'earshot', ttlS: TTL_S, kept: KEPT })
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await keys.stop()
})

const somebody = () => ({ user_id: crypto.randomUUID(), session_id: crypto.randomUUID() })
/** How many signatures are checked from now on. */
const signatures = () => vi.spyOn(crypto.subtle, 'verify')
const expOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).exp * 1_000

test('a signature is checked when a token comes first, and not when it comes again', async () => {
  const checked = signatures()
  const actor = somebody()
  const token = await tokens.sign(actor)
  const first = await tokens.verify(token)
  expect(first).toEqual({ ...actor, expires_at: new Date(expOf(token)) })
  expect(checked).toHaveBeenCalledTimes(1)
  expect(await tokens.verify(token)).toEqual(first)
  expect(checked).toHaveBeenCalledTimes(1)
})

test('what was refused is checked each time, also beside a good token with the same claims', async () => {
  const token = await tokens.sign(somebody())
  await tokens.verify(token)
  const [head, claims, signature = ''] = token.split('.')
  const [, , ofAnother] = (await tokens.sign(somebody())).split('.')
  const broken = `${head}.${claims}.${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`
  const checked = signatures()
  for (const forged of [broken, broken, `${head}.${claims}.${ofAnother}`])
    expect(await outcome(tokens.verify(forged))).toBe('auth.token_invalid')
  expect(checked).toHaveBeenCalledTimes(3)
  for (const forged of [`${head}.${claims}.`, `${head}.${claims}`, `${token}.`])
    expect(await outcome(tokens.verify(forged))).toBe('auth.token_invalid')
  expect(await outcome(tokens.verify(token))).toBe('ok')
})

test('a token that has been verified ends in its last millisecond, as any other', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const [known, unknown] = [await tokens.sign(somebody()), await tokens.sign(somebody())]
  await tokens.verify(known)
  vi.setSystemTime(expOf(known) - 1)
  const checked = signatures()
  expect(await outcome(tokens.verify(known))).toBe('ok')
  expect(checked).toHaveBeenCalledTimes(0)
  vi.setSystemTime(expOf(known))
  expect(await outcome(tokens.verify(known))).toBe('auth.token_expired')
  expect(await outcome(tokens.verify(unknown))).toBe('auth.token_expired')
})

test('the end of a session ends a token that has been verified, and no other', async () => {
  const [alice, bob] = [somebody(), somebody()]
  const [hers, his] = [await tokens.sign(alice), await tokens.sign(bob)]
  await tokens.verify(hers)
  await tokens.verify(his)
  ended.add(alice.session_id)
  expect(await outcome(tokens.verify(hers))).toBe('auth.session_ended')
  expect(await outcome(tokens.verify(his))).toBe('ok')
  // As after a restore, in which the session is open again.
  await ended.reload(db)
  expect(await outcome(tokens.verify(hers))).toBe('ok')
})

test('a token that has been verified outlives the rotation of its key, but not the key', async () => {
  const former = keys.current().kid
  const old = await tokens.sign(somebody())
  await tokens.verify(old)
  const kid = await rotateKeys(db)
  // An unknown kid has the keys read again.
  await keys.find(kid)
  const recent = await tokens.sign(somebody())
  const checked = signatures()
  expect(await outcome(tokens.verify(old))).toBe('ok')
  expect(checked).toHaveBeenCalledTimes(0)
  expect(await outcome(tokens.verify(recent))).toBe('ok')

  await db
    .updateTable('signing_keys')
    .set({ retired_at: new Date(Date.now() - 86_400_000) })
    .where('kid', '=', former)
    .execute()
  await keys.find(crypto.randomUUID())
  expect(await outcome(tokens.verify(old))).toBe('auth.token_invalid')
  expect(await outcome(tokens.verify(recent))).toBe('ok')
})

test('a key that is withdrawn at once takes its tokens with it', async () => {
  const kid = keys.current().kid
  const token = await tokens.sign(somebody())
  await tokens.verify(token)
  await rotateKeys(db)
  await db.deleteFrom('signing_keys').where('kid', '=', kid).execute()
  await keys.find(crypto.randomUUID())
  expect(await outcome(tokens.verify(token))).toBe('auth.token_invalid')
})

test('as many tokens as there is room for are remembered; one more takes the place of the first', async () => {
  const many = await Promise.all(Array.from({ length: KEPT + 1 }, () => tokens.sign(somebody())))
  const [first = '', ...others] = many
  for (const token of [first, ...others.slice(0, -1)]) await tokens.verify(token)
  const checked = signatures()
  for (const token of [first, ...others.slice(0, -1)]) await tokens.verify(token)
  expect(checked).toHaveBeenCalledTimes(0)
  await tokens.verify(others.at(-1) ?? '')
  expect(checked).toHaveBeenCalledTimes(1)
  for (const token of others) await tokens.verify(token)
  expect(checked).toHaveBeenCalledTimes(1)
  await tokens.verify(first)
  expect(checked).toHaveBeenCalledTimes(2)
})
