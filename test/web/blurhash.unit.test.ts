import { decode as decodeByLibrary } from 'blurhash'
import { expect, test } from 'vitest'
import { BLUR_SIDE, decode } from '../../web/app/blurhash.js'

test('a blurhash has the colours that its library draws', () => {
  for (const hash of [
    'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
    'LGF5]+Yk^6#M@-5c,1J5@[or[Q6.',
    'U00000fQfQfQfQfQfQfQfQfQfQfQfQfQfQfQ',
    '00OZZy',
  ]) {
    const expected = decodeByLibrary(hash, BLUR_SIDE, BLUR_SIDE)
    const found = decode(hash)
    expect(found?.length).toBe(expected.length)
    const apart = [...expected].map((byte, at) => Math.abs(byte - (found?.[at] ?? 255)))
    expect(Math.max(...apart)).toBeLessThanOrEqual(1)
  }
})

test('what is no blurhash draws nothing', () => {
  for (const text of ['', 'L', 'LEHV6nWB2yk8pyo0adR*.7kCMdn', 'LEHV6nWB2yk8pyo0adR*.7kCMdnj0']) {
    expect(decode(text)).toBeUndefined()
  }
})
