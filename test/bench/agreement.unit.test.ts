import { describe, expect, test } from 'vitest'
import { compareRun, compareUtterances, Findings, type Utterance } from '../../bench/lib/agreement.js'

const say = (number: number, content: string, reply_to_id: string | null = null): Utterance => ({
  id: `id-${number}`,
  client_id: `client-${number}`,
  number,
  sender_id: 'ann',
  content,
  reply_to_id,
})
const SAID = [say(2, 'does it boot?'), say(3, 'no'), say(5, 'try the live CD', 'id-3')]
const [question, answer, advice] = SAID as [Utterance, Utterance, Utterance]

describe('what was heard', () => {
  test('agrees when it is all that was said, in order', () => {
    expect(compareUtterances(SAID, structuredClone(SAID))).toEqual([])
  })

  test('does not agree when one is missing', () => {
    expect(compareUtterances(SAID, [question, advice])).toEqual(['number 3 ("no") is missing'])
    expect(compareUtterances(SAID, [])).toHaveLength(3)
  })

  test('does not agree when one is doubled, and says so once', () => {
    expect(compareUtterances(SAID, [question, answer, answer, answer, advice])).toEqual([
      'number 3 ("no") came more than once',
    ])
    expect(compareUtterances(SAID, [question, answer, advice, question])).toEqual([
      'number 2 ("does it boot?") came more than once',
    ])
  })

  test('does not agree when two are exchanged', () => {
    expect(compareUtterances(SAID, [question, advice, answer])).toEqual(['number 3 ("no") came after number 5'])
  })

  test('does not agree when it was never said', () => {
    expect(compareUtterances(SAID, [...SAID, say(6, 'buy pills')])).toEqual(['number 6 ("buy pills") was never sent'])
  })

  test.each([
    ['another text', { content: 'try the live cd' }, 'content'],
    ['no text', { content: null }, 'content'],
    ['another reply', { reply_to_id: 'id-2' }, 'reply_to_id'],
    ['no reply', { reply_to_id: null }, 'reply_to_id'],
    ['another sender', { sender_id: 'bob' }, 'sender_id'],
    ['another number', { number: 6 }, 'number'],
    ['another client_id', { client_id: null }, 'client_id'],
  ])('does not agree when one has %s', (_, change, field) => {
    const differences = compareUtterances(SAID, [question, answer, { ...advice, ...change }])
    expect(differences).toEqual([expect.stringContaining(`has ${field} `)])
  })

  test('does not agree when a message that is no reply came as one', () => {
    expect(compareUtterances(SAID, [question, { ...answer, reply_to_id: 'id-2' }, advice])).toHaveLength(1)
  })
})

describe('a run of seqs', () => {
  test('agrees when each is the next of the one before', () => {
    expect(compareRun('seq', 7, [7, 8, 9])).toEqual([])
    expect(compareRun('seq', 7, [])).toEqual([])
  })

  test.each([
    ['a gap', [7, 9], 'seq 9 came where 8 was due'],
    ['a double', [7, 7, 8], 'seq 7 came where 8 was due'],
    ['an exchange', [8, 7, 9], 'seq 8 came where 7 was due'],
    ['one from before', [6, 7], 'seq 6 came where 7 was due'],
  ])('does not agree with %s', (_, seqs, difference) => {
    expect(compareRun('seq', 7, seqs)).toEqual([difference])
  })
})

test('findings count all and keep the first few', () => {
  const findings = new Findings(2)
  findings.add('ann', ['one', 'two', 'three'])
  findings.add('bob', [])
  findings.add('bob', ['four'])
  expect(findings).toMatchObject({ count: 4, shown: ['ann: one', 'ann: two'] })
})
