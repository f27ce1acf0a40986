import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { untilAborted } from '../../src/media/until-aborted.js'

/** Yields one chunk, then nothing and no end. */
const silent = {
  [Symbol.asyncIterator]: () => {
    let asked = 0
    return {
      next: () => (asked++ === 0 ? Promise.resolve({ value: new Uint8Array(1) }) : new Promise<never>(() => {})),
    }
  },
}

test('an abort while a chunk is being worked on is not waited for until the next one', async () => {
  const abort = new AbortController()
  const reading = async () => {
    for await (const chunk of untilAborted(silent, abort.signal)) abort.abort(new Error(`after ${chunk.length}`))
  }
  await expect(reading()).rejects.toThrow('after 1')
})

test('a reader who leaves closes the source, and waits until it is closed', async () => {
  let closed = false
  const source = async function* () {
    try {
      yield new Uint8Array(1)
      yield new Uint8Array(1)
    } finally {
      await new Promise((resolve) => setImmediate(resolve))
      closed = true
    }
  }
  for await (const _ of untilAborted(source(), new AbortController().signal)) break
  expect(closed).toBe(true)
})

test('a source that fails on its own is heard, and the signal is let go', async () => {
  const { signal } = new AbortController()
  const source = async function* () {
    yield new Uint8Array(1)
    yield new Uint8Array(1)
    throw new Error('broken')
  }
  const reading = async () => {
    for await (const _ of untilAborted(source(), signal)) expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  }
  await expect(reading()).rejects.toThrow('broken')
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})
