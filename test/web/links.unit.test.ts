import { expect, test } from 'vitest'
import { partsOf } from '../../web/app/links.js'

const link = (text: string) => ({ href: text, text })

test.each([
  ['see https://example.com/a?b=c#d now', ['see ', link('https://example.com/a?b=c#d'), ' now']],
  [
    '(https://example.com/a_(b)), or http://example.org.',
    ['(', link('https://example.com/a_(b)'), '), or ', link('http://example.org'), '.'],
  ],
  ['HTTPS://EXAMPLE.COM', [link('HTTPS://EXAMPLE.COM')]],
  ['https://a.example\nhttps://b.example', [link('https://a.example'), '\n', link('https://b.example')]],
  ['«https://example.com»', ['«', link('https://example.com'), '»']],
  ['http://localhost:3000/c/1', [link('http://localhost:3000/c/1')]],
  // What follows a mark that turns the line is not part of it.
  ['https://example.com/\u202egpj.exe', [link('https://example.com/'), '\u202egpj.exe']],
])('%j', (text, parts) => {
  expect(partsOf(text)).toEqual(parts)
})

test.each([
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '//evil.example/',
  'vbscript:x file:///etc/passwd',
  'https://bank.example@evil.example/',
  'https://bank.example:443@evil.example/',
  'xhttps://example.com',
  'https://',
  'https://[::1',
  `https://example.com/${'a'.repeat(2_000)}`,
  'example.com',
])('is no link: %j', (text) => {
  expect(partsOf(text)).toEqual([text])
})

test('what is long and full of brackets is read at once', () => {
  const started = performance.now()
  partsOf(`https://example.com/${')'.repeat(4_000)}`)
  partsOf('https://example.com/(('.repeat(200))
  partsOf('http://'.repeat(600))
  expect(performance.now() - started).toBeLessThan(500)
})
