import { expect, test } from 'vitest'
import { normalizeOrigin } from '../../src/kit/origin.js'

test.each([
  ['https://Chat.Example', 'https://chat.example'],
  ['HTTPS://chat.example:443', 'https://chat.example'],
  ['http://chat.example:80', 'http://chat.example'],
  ['http://chat.example:443', 'http://chat.example:443'],
  ['https://chat.example:80', 'https://chat.example:80'],
  ['http://[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000'],
  ['https://chat.example/app', 'https://chat.example'],
  // Whose the name before an @ is says nothing about the page.
  ['https://chat.example@evil.example', 'https://evil.example'],
  ['Capacitor://localhost', 'capacitor://localhost'],
])('%s is the origin %s', (text, origin) => {
  expect(normalizeOrigin(text)).toBe(origin)
})

test.each([
  'null',
  '',
  '*',
  'chat.example',
  'https://',
  'https://chat.example:port',
  'https://a.example, https://b.example',
  'blob:https://chat.example/x',
  'data:text/html,x',
])('%j is no origin', (text) => {
  expect(normalizeOrigin(text)).toBeUndefined()
})
