import { expect, test } from 'vitest'
import { newTraceId, parseTraceparent } from '../../src/kit/trace-context.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

test.each([
  `00-${TRACE}-${PARENT}-01`,
  `00-${TRACE}-${PARENT}-00`,
  `cc-${TRACE}-${PARENT}-01`,
  `01-${TRACE}-${PARENT}-01-more`,
])('a traceparent names its trace: %s', (header) => expect(parseTraceparent(header)).toBe(TRACE))

test.each([
  '',
  TRACE,
  `00-${TRACE}-${PARENT}`,
  `00-${TRACE}-${PARENT}-1`,
  `00-${TRACE}-${PARENT}-01-more`,
  `00-${TRACE}-${PARENT}-01-`,
  `01-${TRACE}-${PARENT}-01more`,
  `ff-${TRACE}-${PARENT}-01`,
  `0-${TRACE}-${PARENT}-01`,
  `00-${TRACE.toUpperCase()}-${PARENT}-01`,
  `00-${TRACE.slice(1)}-${PARENT}-01`,
  `00-${TRACE}0-${PARENT}-01`,
  `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${PARENT}-0g`,
  ` 00-${TRACE}-${PARENT}-01`,
  `00-${TRACE}-${PARENT}-01\n`,
  `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
])('what is no traceparent names none: %j', (header) => expect(parseTraceparent(header)).toBeUndefined())

test('a new trace has an id that a traceparent can carry, each its own', () => {
  const id = newTraceId()
  expect(parseTraceparent(`00-${id}-${PARENT}-01`)).toBe(id)
  expect(newTraceId()).not.toBe(id)
})
