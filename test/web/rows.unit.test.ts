import { afterEach, expect, test } from 'vitest'
import type { Message } from '../../src/sdk/client.js'
import { dayOf } from '../../web/app/days.js'
import { rowsOf } from '../../web/app/rows.js'

const zone = process.env.TZ
afterEach(() => {
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
})

function said(number: number, sender_id: string, client_id: string | null, at = '2026-03-04T12:00:00.000Z'): Message {
  const message = { id: `id-${number}`, number, sender_id, client_id, created_at: at, system: null, content: 'x' }
  return message as unknown as Message
}

const keys = (messages: Message[]) => rowsOf(messages, 'me').flatMap((row) => (row.kind === 'message' ? [row.key] : []))

test('a message of mine keeps its name when it is stored, and nobody else can give theirs the same', () => {
  expect(keys([said(1, 'me', 'mine'), said(2, 'mallory', 'mine'), said(3, 'mallory', 'id-1')])).toEqual([
    'mine',
    'id-2',
    'id-3',
  ])
})

test.each(['Pacific/Auckland', 'Europe/Berlin', 'America/Los_Angeles', 'Pacific/Kiritimati', 'Asia/Kolkata'])(
  'each day of a year has its own number, the next one, in %s',
  (name) => {
    process.env.TZ = name
    const first = new Date(2026, 0, 1, 12)
    const days = Array.from({ length: 366 }, (_, index) => dayOf(new Date(2026, 0, 1 + index, 12).toISOString()))
    expect(days).toEqual(days.map((_, index) => dayOf(first.toISOString()) + index))
    expect(new Set([0, 1, 11, 23].map((hour) => dayOf(new Date(2026, 8, 27, hour, 30).toISOString()))).size).toBe(1)
  },
)
