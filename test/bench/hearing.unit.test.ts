import { describe, expect, test } from 'vitest'
import type { Heard } from '../../bench/lib/client.js'
import { Hearing } from '../../bench/lib/hearing.js'
import type { Message } from '../../src/contract/messages.js'

const NEVER_MS = 60_000
const heard = (client_id: string, type: Message['type'] = 'text'): Heard => ({
  type: 'message.created',
  stream: 'conversation',
  seq: 1,
  at: '',
  data: {},
  message: { type, client_id } as Message,
})
const ann = { id: 'ann' }
const bob = { id: 'bob' }

describe('waiting for the last delivery', () => {
  test('ends with it, and system messages do not count', async () => {
    const hearing = new Hearing()
    hearing.hear('ann', heard('1'), 0)
    const waiting = hearing.everyoneHas(1, [ann, bob], NEVER_MS)
    hearing.hear('bob', heard('0', 'system'), 0)
    expect(hearing.texts('bob')).toBe(0)
    hearing.hear('bob', heard('1'), 0)
    expect(await waiting).toEqual([])
  })

  test('ends when those who lack some have lost their sockets, and names them', async () => {
    const hearing = new Hearing()
    const waiting = hearing.everyoneHas(1, [ann, bob], NEVER_MS)
    hearing.hear('ann', heard('1'), 0)
    hearing.deafen('bob')
    expect(await waiting).toEqual([bob])
    expect(await hearing.everyoneHas(2, [bob], NEVER_MS)).toEqual([bob])
  })

  test('ends by its time limit, and names who lacks some', async () => {
    const hearing = new Hearing()
    hearing.hear('ann', heard('1'), 0)
    expect(await hearing.everyoneHas(1, [ann, bob], 1)).toEqual([bob])
  })
})

test('a latency is counted for each socket, and for nothing that this run has not sent', () => {
  const hearing = new Hearing()
  hearing.sending('1')
  hearing.hear('ann', heard('1'), performance.now() + 5)
  hearing.hear('bob', heard('1'), performance.now() + 7)
  hearing.hear('bob', heard('from another run'), performance.now())
  expect(hearing.latencies.count).toBe(2)
  expect(hearing.latencies.quantiles(0)[0]).toBeGreaterThanOrEqual(5)
})
