import { expect, test } from 'vitest'
import { topSelfTimes } from '../../bench/lib/cpu-profile.js'

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 })
const PROFILE = {
  nodes: [
    { id: 1, callFrame: frame('(idle)', '') },
    { id: 2, callFrame: frame('send', 'file:///app/dist/domain/messages.js') },
    { id: 3, callFrame: frame('', 'file:///app/node_modules/pg/lib/client.js') },
  ],
  startTime: 1_000,
  samples: [2, 1, 3, 2, 2],
  timeDeltas: [0, 100, 100, 300, 100],
}

const top = (from_us: number, to_us: number) => topSelfTimes(JSON.stringify(PROFILE), { from_us, to_us }, 5)

test('a sample holds until the next one, and idling is no work', () => {
  expect(top(0, 10_000)).toEqual([
    { what: '(anonymous) pg/client.js:10', share: 0.6 },
    { what: 'send domain/messages.js:10', share: 0.4 },
  ])
})

test('only what lies in the span counts', () => {
  expect(top(1_050, 1_250)).toEqual([{ what: '(anonymous) pg/client.js:10', share: 1 }])
  expect(top(5_000, 6_000)).toEqual([])
})
