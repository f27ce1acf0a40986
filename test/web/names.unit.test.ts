import { expect, test } from 'vitest'
import { bare, isolated } from '../../web/app/names.js'

test.each([
  ['Ines', 'Ines'],
  ['  رنا  ', 'رنا'],
  // With the joiners that emoji and Persian are made of.
  ['👩‍🚀 می‌روم', '👩‍🚀 می‌روم'],
  ['invoice\u202efdp.exe', 'invoice fdp.exe'],
  ['\u2066a\u2069\u2067b\u2069', 'a b'],
  ['two\nlines\r\n\tand a tab', 'two lines and a tab'],
  ['one\u2028two', 'one two'],
])('the name %j is shown as %j', (name, shown) => {
  expect(bare(name)).toBe(shown)
})

test.each([null, undefined, '', '  ', '\u200b\u200b', '\u2060\ufeff', '\u3164\u3164', '\u202e\u202d', '\u0000'])(
  'what nobody would see is no name: %j',
  (name) => {
    expect(bare(name)).toBeUndefined()
  },
)

test('a name in a sentence is closed on both sides', () => {
  expect(isolated('Ines')).toBe('\u2068Ines\u2069')
})
