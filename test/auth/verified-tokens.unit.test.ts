import { afterEach, expect, test, vi } from 'vitest'
import { VerifiedTokens } from '../../src/auth/verified-tokens.js'

afterEach(() => void vi.useRealTimers())

const endsIn = (ms: number) => ({
  actor: { user_id: 'u', session_id: 's', expires_at: new Date(Date.now() + ms) },
  kid: 'k',
})

test('it never holds more than its bound, and forgets the oldest first', () => {
  const tokens = new VerifiedTokens(2)
  for (const token of ['a', 'b', 'c']) tokens.add(token, endsIn(60_000))
  expect(tokens.size).toBe(2)
  expect(['a', 'b', 'c'].map((token) => tokens.get(token) !== undefined)).toEqual([false, true, true])
})

test('a token that comes twice, as of two requests at once, has one place', () => {
  const tokens = new VerifiedTokens(2)
  for (const token of ['a', 'b', 'b', 'b']) tokens.add(token, endsIn(60_000))
  expect(tokens.get('a')).toBeDefined()
  expect(tokens.size).toBe(2)
})

test('what has ended is not given, and makes room before the bound is reached', () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const tokens = new VerifiedTokens(10)
  for (const token of ['a', 'b', 'c']) tokens.add(token, endsIn(1_000))
  tokens.add('d', endsIn(60_000))
  vi.setSystemTime(Date.now() + 1_000)
  expect(tokens.get('b')).toBeUndefined()
  expect(tokens.size).toBe(3)
  tokens.add('e', endsIn(60_000))
  expect(tokens.size).toBe(2)
  expect(tokens.get('d')).toBeDefined()
})
