import { expect, test } from 'vitest'
import { AppError } from '../../src/contract/errors.js'
import type { WriteTrouble } from '../../src/contract/operations.js'
import { UnconfirmedCommit } from '../../src/db/sqlstate.js'
import { WriteGate, type WriteGateOptions } from '../../src/db/write-gate.js'

const failing = (code: string) => Object.assign(new Error('PostgreSQL says no'), { code })
const LOST = new Error('Connection terminated unexpectedly')
const UNAVAILABLE = { code: 'unavailable', info: { retry_after_s: 1 } }

function openGate(options: WriteGateOptions = {}) {
  let at = 0
  const refused: WriteTrouble[] = []
  const gate = new WriteGate({ now: () => at, onRefused: (reason) => refused.push(reason), ...options })
  const pass = (seconds: number) => {
    at += seconds * 1_000
  }
  const fail = (error: unknown) => gate.pass(() => Promise.reject(error)).catch((thrown) => thrown)
  const succeed = () => gate.pass(async () => 'done')
  /** A write that goes on until it is told how it ends. */
  const begin = () => {
    let end: { resolve: (value: string) => void; reject: (error: unknown) => void } | undefined
    let hasBegun = false
    const done = gate.pass((committing) => {
      hasBegun = true
      committing()
      return new Promise<string>((resolve, reject) => {
        end = { resolve, reject }
      })
    })
    // Whoever looks at it later must still find it handled.
    done.catch(() => undefined)
    return {
      done,
      hasBegun: () => hasBegun,
      succeed: () => end?.resolve('done'),
      fail: (error: unknown) => end?.reject(error),
    }
  }
  return { gate, refused, pass, fail, succeed, begin }
}
/** What is waiting in promises has been done. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

test.each([
  ['53100', 'disk_full'],
  ['53300', 'too_many_connections'],
  ['25006', 'read_only'],
])(
  'after SQLSTATE %s one write at a time finds out how things are, and the first success opens the gate',
  async (code, reason) => {
    const { gate, refused, fail, begin, succeed } = openGate()
    expect(await fail(failing(code))).toMatchObject({ code })
    expect(gate.trouble).toBe(reason)
    const trial = begin()
    await turn()
    expect(trial.hasBegun()).toBe(true)
    await expect(succeed()).rejects.toMatchObject(UNAVAILABLE)
    await expect(succeed()).rejects.toMatchObject(UNAVAILABLE)
    expect(refused).toEqual([reason, reason])
    trial.succeed()
    expect(await trial.done).toBe('done')
    expect(gate.trouble).toBeUndefined()
    const both = [begin(), begin()]
    await turn()
    expect(both.map((one) => one.hasBegun())).toEqual([true, true])
  },
)

test('a trial that fails is followed by the next one, not by all', async () => {
  const { gate, fail, begin, succeed } = openGate()
  await fail(failing('53100'))
  expect(await fail(failing('25006'))).toMatchObject({ code: '25006' })
  expect(gate.trouble).toBe('read_only')
  begin()
  await turn()
  await expect(succeed()).rejects.toMatchObject(UNAVAILABLE)
})

test('what belongs to one write alone says nothing about the others', async () => {
  const { gate, fail, begin } = openGate()
  const own = [
    ...['40P01', '40001', '55P03', '57014', '23505', 'RT403'].map(failing),
    new AppError('message.too_long'),
    new AppError('unavailable'),
    new Error('timeout exceeded when trying to connect'),
    new Error('a mistake of ours'),
    'not even an error',
  ]
  for (const error of own) {
    expect(await fail(error)).toBe(error)
    expect(gate.trouble).toBeUndefined()
  }
  const both = [begin(), begin()]
  await turn()
  expect(both.map((one) => one.hasBegun())).toEqual([true, true])
})

test('one lost connection shuts nobody out, a second one without a success between them does', async () => {
  const { gate, fail, succeed } = openGate()
  await fail(LOST)
  expect(gate.trouble).toBeUndefined()
  await succeed()
  await fail(LOST)
  expect(gate.trouble).toBeUndefined()
  await fail(failing('57P01'))
  expect(gate.trouble).toBe('lost')
  await succeed()
  expect(gate.trouble).toBeUndefined()
})

test('a write that was on its way before others failed opens the gate as well', async () => {
  const { gate, fail, begin } = openGate()
  const earlier = begin()
  await fail(failing('53100'))
  expect(gate.trouble).toBe('disk_full')
  earlier.succeed()
  await earlier.done
  expect(gate.trouble).toBeUndefined()
})

test('what was not confirmed is not made good by a write that was on its way, but by the trial', async () => {
  const { gate, fail, begin, succeed } = openGate()
  const earlier = begin()
  await fail(new UnconfirmedCommit())
  earlier.succeed()
  await earlier.done
  expect(gate.trouble).toBe('unconfirmed')
  await succeed()
  expect(gate.trouble).toBeUndefined()
})

test('behind a commit that takes longer than five seconds nobody is let in, until it is done', async () => {
  const { gate, refused, pass, begin, succeed } = openGate()
  const hanging = begin()
  await turn()
  pass(5)
  expect(await succeed()).toBe('done')
  expect(gate.trouble).toBeUndefined()
  pass(0.001)
  expect(gate.trouble).toBe('stalled')
  await expect(succeed()).rejects.toMatchObject(UNAVAILABLE)
  expect(refused).toEqual(['stalled'])
  hanging.succeed()
  await hanging.done
  expect(gate.trouble).toBeUndefined()
  expect(await succeed()).toBe('done')
})

test('what a write does before its commit may take longer', async () => {
  const { gate, pass, succeed } = openGate()
  let end = () => {}
  const slow = gate.pass(() => new Promise<void>((resolve) => (end = resolve)))
  await turn()
  pass(60)
  expect(gate.trouble).toBeUndefined()
  expect(await succeed()).toBe('done')
  end()
  await slow
})

test('a trial whose probe fails does not write, and the failure is told', async () => {
  const { gate, fail } = openGate()
  await fail(new Error('Query read timeout'))
  expect(gate.trouble).toBe('stalled')
  let wrote = false
  const write = async () => {
    wrote = true
  }
  await expect(gate.pass(write, () => Promise.reject(LOST))).rejects.toBe(LOST)
  expect([wrote, gate.trouble]).toEqual([false, 'lost'])
  await gate.pass(write, async () => undefined)
  expect([wrote, gate.trouble]).toEqual([true, undefined])
})

test('a failure is told for ten seconds, and after that the next write is still only a trial', async () => {
  const { gate, pass, fail, begin, succeed } = openGate()
  await fail(failing('53100'))
  pass(10)
  expect(gate.trouble).toBe('disk_full')
  pass(0.001)
  expect(gate.trouble).toBeUndefined()
  begin()
  await turn()
  await expect(succeed()).rejects.toMatchObject(UNAVAILABLE)
})

test('no more writes at once than it may let in; the others wait for their turn, and not for long', async () => {
  const { gate, begin } = openGate({ max: 2, wait_ms: 1_000 })
  const [first, second] = [begin(), begin()]
  const third = begin()
  await turn()
  expect([first.hasBegun(), second.hasBegun(), third.hasBegun()]).toEqual([true, true, false])
  first.succeed()
  await first.done
  await turn()
  expect(third.hasBegun()).toBe(true)
  const late = begin()
  await expect(late.done).rejects.toMatchObject({ code: 'overloaded', info: { retry_after_s: 1 } })
  expect([late.hasBegun(), gate.trouble]).toEqual([false, undefined])
  // Whoever has given up takes nobody's place.
  second.succeed()
  third.succeed()
  await Promise.all([second.done, third.done])
  const both = [begin(), begin()]
  await turn()
  expect(both.map((one) => one.hasBegun())).toEqual([true, true])
})

test('whoever waits for a turn is refused when a write before them fails', async () => {
  const { refused, begin } = openGate({ max: 1, wait_ms: 60_000 })
  const first = begin()
  const waiting = [begin(), begin()]
  await turn()
  first.fail(failing('53100'))
  for (const one of waiting) await expect(one.done).rejects.toMatchObject(UNAVAILABLE)
  expect([waiting.some((one) => one.hasBegun()), refused]).toEqual([false, ['disk_full', 'disk_full']])
  const next = begin()
  await turn()
  expect(next.hasBegun()).toBe(true)
})
