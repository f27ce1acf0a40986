import { expect, test } from 'vitest'
import { Ledger } from '../../bench/driver/ledger.js'

const [SENDER, LEFT, RIGHT] = [0, 1, 2]

test('a text that both others have heard is settled, and timed to the last', () => {
  const ledger = new Ledger(1)
  const id = ledger.send(100, SENDER, 2)
  expect(ledger.isSettled).toBe(false)
  ledger.ack(id, 110)
  expect(ledger.hear(id, LEFT, 120)).toBe(false)
  expect(ledger.isSettled).toBe(false)
  expect(ledger.hear(id, RIGHT, 130)).toBe(true)
  expect(ledger.isSettled).toBe(true)
  expect(ledger.acks.quantiles(1)).toEqual([10])
  expect(ledger.firsts.quantiles(1)).toEqual([20])
  expect(ledger.lasts.quantiles(1)).toEqual([30])
  expect(ledger.count()).toEqual({ sent: 1, acked: 1, failed: 0, heard: 2, lost: 0, surplus: 0 })
})

test('what is heard before the acknowledgement counts as well', () => {
  const ledger = new Ledger(1)
  const id = ledger.send(0, SENDER, 1)
  ledger.hear(id, LEFT, 1)
  expect(ledger.isSettled).toBe(false)
  ledger.ack(id, 2)
  expect(ledger.isSettled).toBe(true)
  expect(ledger.count()).toMatchObject({ heard: 1, lost: 0, surplus: 0 })
})

test('the echo of a sender is no delivery', () => {
  const ledger = new Ledger(1)
  const id = ledger.send(0, SENDER, 1)
  ledger.ack(id, 1)
  expect(ledger.hear(id, SENDER, 2)).toBe(false)
  expect(ledger.count()).toMatchObject({ heard: 0, lost: 1 })
})

test('a delivery that never came is lost, one too many is surplus, and they do not make up for each other', () => {
  const ledger = new Ledger(1)
  const [first, second] = [ledger.send(0, SENDER, 2), ledger.send(0, SENDER, 2)]
  ledger.ack(first, 1)
  ledger.ack(second, 1)
  for (const by of [LEFT]) ledger.hear(first, by, 2)
  for (const by of [LEFT, RIGHT, RIGHT]) ledger.hear(second, by, 2)
  expect(ledger.count()).toMatchObject({ heard: 4, lost: 1, surplus: 1 })
})

test('what was refused need not be heard', () => {
  const ledger = new Ledger(1)
  ledger.send(0, SENDER, 2)
  expect(ledger.inFlight).toBe(1)
  ledger.fail()
  expect(ledger.inFlight).toBe(0)
  expect(ledger.isSettled).toBe(true)
  expect(ledger.count()).toMatchObject({ failed: 1, lost: 0 })
})

test('texts of an earlier phase do not count', () => {
  const before = new Ledger(1)
  const late = before.send(0, SENDER, 1)
  const ledger = new Ledger(before.nextId)
  const id = ledger.send(0, SENDER, 1)
  expect(id).toBe(late + 1)
  expect(ledger.hear(late, LEFT, 5)).toBe(false)
  expect(ledger.hear(id + 1, LEFT, 5)).toBe(false)
  expect(ledger.count()).toMatchObject({ heard: 0, surplus: 0 })
})

test('it holds more than it has room for at first', () => {
  const ledger = new Ledger(1)
  for (let count = 0; count < 40_000; count++) {
    const id = ledger.send(count, SENDER, 1)
    ledger.ack(id, count + 1)
    ledger.hear(id, LEFT, count + 2)
  }
  expect(ledger.isSettled).toBe(true)
  expect(ledger.count()).toEqual({ sent: 40_000, acked: 40_000, failed: 0, heard: 40_000, lost: 0, surplus: 0 })
  expect(ledger.lasts.quantiles(0, 1)).toEqual([2, 2])
})
