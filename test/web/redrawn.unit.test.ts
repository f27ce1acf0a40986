import { expect, test } from 'vitest'
import type { Message } from '../../src/sdk/client.js'
import { daySpan } from '../../web/app/days.js'
import { rowsOf } from '../../web/app/rows.js'

const ME = 'me'
/** Noon of the reader, wherever the test is run. */
const NOON = new Date(2026, 4, 20, 12).getTime()
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const message = (number: number, sender_id: string, at: number): Message =>
  ({
    id: `id ${number}`,
    number,
    sender_id,
    created_at: new Date(at).toISOString(),
    system: null,
  }) as unknown as Message

test('a message that is drawn as before has the same row as before, also when others have come around it', () => {
  const [one, two, three] = [1, 2, 3].map((number) => message(number, 'bob', NOON + number * 1_000)) as Message[]
  const before = rowsOf([one as Message, two as Message], ME)
  const after = rowsOf([one as Message, two as Message, three as Message], ME)
  expect(after[1]).toBe(before[1])
  // It was the last of its author, and is not any more.
  expect(after[2]).not.toBe(before[2])
  expect(before[2]).toMatchObject({ isFirst: false, isLast: true })
  expect(after[2]).toMatchObject({ isFirst: false, isLast: false })
  expect(rowsOf([one as Message, two as Message], ME)).toEqual(before)
  expect(rowsOf([{ ...(one as Message) }], ME)[1]).not.toBe(after[1])
})

test('of another author, or five minutes later, a message begins anew', () => {
  const rows = rowsOf(
    [
      message(1, 'bob', NOON),
      message(2, 'bob', NOON + 5 * MINUTE_MS),
      message(3, 'bob', NOON + 10 * MINUTE_MS + 1),
      message(4, 'carol', NOON + 10 * MINUTE_MS + 2),
    ],
    ME,
  )
  const firsts = rows.flatMap((row) => (row.kind === 'message' ? [row.isFirst] : []))
  expect(firsts).toEqual([true, false, true, true])
})

test('each day of the reader has its line, from its first moment to its last', () => {
  const [from, to] = daySpan(NOON)
  expect([new Date(from).getDate(), new Date(to - 1).getDate(), new Date(to).getDate()]).toEqual([20, 20, 21])
  const times = [from - 1, from, NOON, to - 1, to, to + 30 * HOUR_MS, NOON]
  const rows = rowsOf(
    times.map((at, index) => message(index, 'bob', at)),
    ME,
  )
  const days = rows.map(({ kind }) => (kind === 'day' ? 'day' : '-')).join(' ')
  expect(days).toBe('day - day - - - day - day - day -')
})
