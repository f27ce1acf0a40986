import { expect, test } from 'vitest'
import { readMark, writeMark } from '../../bench/driver/adapters/adapter.js'

test('a mark has the size that is asked for, and is found in a frame of any server', () => {
  const text = writeMark(1_234, 200)
  expect(Buffer.byteLength(text)).toBe(200)
  expect(readMark(Buffer.from(JSON.stringify({ type: 'message.created', data: { number: 1, content: text } })))).toBe(
    1_234,
  )
  expect(readMark(Buffer.from(`42${JSON.stringify(['message', { id: '7', text }])}`))).toBe(1_234)
})

test('what is no text of the driver has none', () => {
  for (const frame of ['', '{"type":"hello"}', '{"content":"h1yyy"}', '{"content":"#12xxx"}', '{"content":"#12'])
    expect(readMark(Buffer.from(frame))).toBeUndefined()
})
