import { describe, expect, test } from 'vitest'
import { parseTranscript, whyNotSend } from '../../bench/lib/transcript.js'
import { readOptions } from '../../bench/lib/usage.js'

const line = (n: number, nick: string, more: object = {}) =>
  JSON.stringify({ n, at: '12:18', nick, text: 'hi', reply_to: null, ...more })

describe('a transcript', () => {
  test('is its lines, and its nicks in the order of their first line', () => {
    const { lines, nicks } = parseTranscript(
      'hour',
      `${line(4, 'b')}\n${line(6, 'a')}\n${line(7, 'b', { reply_to: 4 })}\n`,
    )
    expect(lines.map(({ n, reply_to }) => [n, reply_to])).toEqual([
      [4, null],
      [6, null],
      [7, 4],
    ])
    expect(nicks).toEqual(['b', 'a'])
  })

  test.each([
    ['something else than JSON', `${line(1, 'a')}\nhello`, 'hour, line 2 is not JSON.'],
    ['a line without a text', line(1, 'a', { text: undefined }), 'hour, line 1 is not a line of the format'],
    ['a reply to a word', line(1, 'a', { reply_to: 'x' }), 'reply_to'],
    ['another time', line(1, 'a', { at: 'noon' }), 'at must be HH:MM'],
    ['a number twice', `${line(1, 'a')}\n${line(1, 'b')}`, 'n 1 is there twice'],
    ['one author', line(1, 'a'), 'needs at least two authors'],
    ['nothing', '', 'needs at least two authors'],
  ])('is refused with %s', (_, text, sentence) => {
    expect(() => parseTranscript('hour', text)).toThrow(sentence)
  })
})

test('a text is not sent when the server would refuse it', () => {
  const limits = { max_frame_bytes: 1_000, max_message_length: 5, max_message_bytes: 12 }
  expect(whyNotSend(' \t\n', limits)).toBe('blank')
  expect(whyNotSend('a\0b', limits)).toBe('not clean text')
  expect(whyNotSend('123456', limits)).toBe('too long')
  expect(whyNotSend('日本日本日', limits)).toBe('too many bytes')
  expect(whyNotSend('👍👍👍', limits)).toBeUndefined()
  expect(whyNotSend(' x ', limits)).toBeUndefined()
})

test('bad usage is refused in one sentence', () => {
  expect(readOptions(['irc', '--url', 'http://127.0.0.1:3000', '--quiet'])).toEqual({
    path: 'irc',
    url: 'http://127.0.0.1:3000',
    quiet: true,
  })
  expect(() => readOptions([])).toThrow('Give one file or folder')
  expect(() => readOptions(['a', 'b'])).toThrow('Give one file or folder')
  expect(() => readOptions(['a', '--fast'])).toThrow('not known')
  expect(() => readOptions(['a', '--url', 'localhost:3000'])).toThrow('--url')
})
