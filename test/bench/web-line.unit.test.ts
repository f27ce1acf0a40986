import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Line, OPEN, type Width } from '../../bench/web/line.js'

const BODY = 'x'.repeat(20_000)

/** How long an answer takes over such a line, and what the line says that it was. */
async function ask(width: Width): Promise<{ ms: number; received: number; text: string }> {
  const server = createServer((_, answer) => answer.end(BODY))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const line = await Line.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, width)
  try {
    const began = performance.now()
    const text = await (await fetch(line.url, { headers: { Connection: 'close' } })).text()
    return { ms: performance.now() - began, received: line.received, text }
  } finally {
    await line.close()
    server.closeAllConnections()
    server.close()
  }
}

test('an open line counts what comes over it, heads and all', async () => {
  const { text, received } = await ask(OPEN)
  expect(text).toBe(BODY)
  expect(received).toBeGreaterThan(BODY.length)
  expect(received).toBeLessThan(BODY.length + 1_000)
})

test('over a long line an answer takes two round trips, and over a narrow one as long as its bytes need', async () => {
  const long = await ask({ name: 'long', rtt_ms: 60, rate: Number.POSITIVE_INFINITY })
  expect(long.text).toBe(BODY)
  expect(long.ms).toBeGreaterThan(115)
  const narrow = await ask({ name: 'narrow', rtt_ms: 0, rate: 100_000 })
  expect(narrow.text).toBe(BODY)
  expect(narrow.ms).toBeGreaterThan(195)
})
