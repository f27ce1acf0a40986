import { expect, test } from 'vitest'
import { isCleanJson } from '../../src/kit/text.js'

test('clean JSON is as deep and as many values as it may be, and no more', () => {
  expect(isCleanJson({ a: [1, { b: 'c' }] }, 3, 5)).toBe(true)
  expect(isCleanJson({ a: [1, { b: 'c' }] }, 2, 5)).toBe(false)
  expect(isCleanJson({ a: [1, { b: 'c' }] }, 3, 4)).toBe(false)
})

test('NUL and half of a surrogate pair are found in keys and in values, in objects and in lists', () => {
  for (const dirty of ['\0', '\ud800']) {
    expect(isCleanJson({ a: [dirty] }, 8, 100)).toBe(false)
    expect(isCleanJson([{ [dirty]: 1 }], 8, 100)).toBe(false)
  }
})

test('however long a list is, no more of it is looked at than may be', () => {
  let looked = 0
  const long = new Proxy(Array(100_000).fill(1), {
    get: (list, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) looked++
      return Reflect.get(list, key)
    },
  })
  expect(isCleanJson({ long }, 8, 50)).toBe(false)
  expect(looked).toBeLessThan(100)
})
