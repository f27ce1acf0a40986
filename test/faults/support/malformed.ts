// Whatever a client may send that it should not, and what has to come of it.

import { COMMANDS } from '../../../src/contract/commands.js'
import { HARD } from '../../../src/contract/limits.js'
import { pick, type Random, upTo } from '../../support/random.js'
import { frame, OP } from './raw-socket.js'

/** A room of the sender's, and one of other people. */
export type Place = { room: string; elsewhere: string; maxBytes: number }
export type Malformed = {
  name: string
  bytes: (random: Random, place: Place) => Buffer
  /** `answer`: an answer that says what is wrong, or a result; `nothing`: the socket stays. Otherwise the close codes. */
  outcome: 'answer' | 'nothing' | readonly number[]
  /** The client ends its side after it, or resets. */
  leaves?: 'half' | 'reset'
}

const TYPES = Object.keys(COMMANDS)
const STRANGE: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 0,
  () => 0.5,
  () => Number.MAX_SAFE_INTEGER,
  () => 2 ** 63,
  () => '',
  () => 'x'.repeat(3_000),
  () => '\u0000',
  () => '\ud800',
  () => '\u202e\u0007\ufffe',
  () => '../../etc/passwd',
  () => `'; drop table events; --`,
  () => '0197a000-0000-7000-8000-000000000000',
  () => crypto.randomUUID(),
  () => '2026-01-01T00:00:00Z',
  () => [],
  () => Array(500).fill(0),
  () => ({}),
  () => ({ toString: 1, constructor: {}, hasOwnProperty: null }),
  (random) => random() * 1e300,
]
const strange = (random: Random): unknown => pick(random, STRANGE)(random)
const text = (json: unknown) => frame(JSON.stringify(json))
const id = (random: Random) => `f${upTo(random, 1_000_000)}`
const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth)

/** As it should be, for a member of that room. */
function valid(random: Random, { room }: Place): { id: string; type: string; data: Record<string, unknown> } {
  const data: Record<string, () => Record<string, unknown>> = {
    'message.send': () => ({ conversation_id: room, content: `fuzz ${random()}`, metadata: { n: 1 } }),
    'message.edit': () => ({ message_id: crypto.randomUUID(), content: 'other' }),
    'message.delete': () => ({ message_id: crypto.randomUUID() }),
    'receipt.update': () => ({ conversation_id: room, read_number: 1 }),
    'typing.start': () => ({ conversation_id: room }),
    'typing.stop': () => ({ conversation_id: room }),
    'presence.set': () => ({ status: 'away' }),
    'presence.watch': () => ({ user_ids: [] }),
    'stream.fetch': () => ({ stream: room, from_seq: 1, to_seq: 3 }),
    'auth.renew': () => ({ token: 'nonsense' }),
    ping: () => ({}),
  }
  const type = pick(random, TYPES)
  return { id: id(random), type, data: data[type]?.() ?? {} }
}

/** One field of a command, however deep, is something else, or there is one more. */
function spoiled(random: Random, place: Place): unknown {
  const command = valid(random, place) as Record<string, unknown>
  const target = random() < 0.7 ? (command.data as Record<string, unknown>) : command
  const name = random() < 0.8 ? pick(random, [...Object.keys(target), 'reply_to_id']) : `x${upTo(random, 99)}`
  target[name] = random() < 0.1 ? place.elsewhere : strange(random)
  return command
}

function flipped(random: Random, place: Place): Buffer {
  const bytes = Buffer.from(JSON.stringify(valid(random, place)))
  // Stays ASCII, and so valid UTF-8.
  for (let n = upTo(random, 3); n >= 0; n--) bytes[upTo(random, bytes.length - 1)] = 32 + upTo(random, 94)
  return frame(bytes)
}

const answer = (name: string, bytes: Malformed['bytes']): Malformed => ({ name, bytes, outcome: 'answer' })
const closes = (name: string, codes: number | readonly number[], bytes: Malformed['bytes']): Malformed => ({
  ...{ name, bytes },
  outcome: [codes].flat(),
})
const send = (random: Random, { room }: Place, more: string) =>
  `{"id":"${id(random)}","type":"message.send","data":{"conversation_id":"${room}","content":"x"${more}}}`

export const MALFORMED: readonly Malformed[] = [
  answer('no JSON', (random) =>
    frame(pick(random, ['hello', '{', '}{', "{'id':1}", 'NaN', '[1,', '"', '\\', '{"id":"a"'])),
  ),
  answer('JSON that ends too early', (random, place) => {
    const whole = JSON.stringify(valid(random, place))
    return frame(whole.slice(0, upTo(random, whole.length - 1)))
  }),
  answer('JSON of another shape', (random) => text(strange(random))),
  answer('an empty text', () => frame('')),
  answer('bytes that were changed on the way', flipped),
  answer('something else in a field', (random, place) => text(spoiled(random, place))),
  answer('ids, types and data of other types', (random) =>
    text({ id: strange(random), type: strange(random), data: strange(random) }),
  ),
  answer('an unknown command', (random) =>
    text({
      id: id(random),
      type: pick(random, ['__proto__', 'constructor', 'toString', 'message', 'message.send ', 'PING', '', 'hello']),
    }),
  ),
  answer('arrays in arrays', (random, { maxBytes }) =>
    frame(nested('[', ']', upTo(random, Math.floor(maxBytes / 2) - 1))),
  ),
  answer('objects in objects, as data', (random, { maxBytes }) =>
    frame(
      `{"id":"${id(random)}","type":"presence.watch","data":${nested('{"a":', '}', upTo(random, Math.floor(maxBytes / 7))).replace(':}', ':1}')}}`,
    ),
  ),
  answer('metadata that is nested deeply', (random, place) => {
    const depth = upTo(random, Math.floor(place.maxBytes / 10))
    return frame(send(random, place, `,"metadata":{"a":${nested('[', ']', depth)}}`))
  }),
  answer('metadata with strange keys', (random, place) =>
    frame(send(random, place, `,"metadata":{"__proto__":{"x":1},"constructor":{"prototype":1},"":0,"a":1,"a":2}`)),
  ),
  answer('numbers beyond all bounds', (random, { room }) => {
    const number = pick(random, ['1e400', '-1e400', '9'.repeat(400), '1e-400', '-0', '0.1e1', '9007199254740993'])
    const field = pick(random, ['"read_number":', '"delivered_number":'])
    return frame(
      `{"id":"${id(random)}","type":"receipt.update","data":{"conversation_id":"${room}",${field}${number}}}`,
    )
  }),
  answer('stretches of a stream that are none', (random, { room, elsewhere }) => {
    const number = () => pick(random, [0, -1, 1.5, 1, 2 ** 53, 2 ** 31, 10 ** 15])
    const stream = pick(random, [room, elsewhere, crypto.randomUUID()])
    return text({ id: id(random), type: 'stream.fetch', data: { stream, from_seq: number(), to_seq: number() } })
  }),
  answer('characters that PostgreSQL does not have', (random, place) =>
    frame(
      send(
        random,
        place,
        `,"client_id":"${crypto.randomUUID()}","metadata":{"a":"${pick(random, ['\\u0000', '\\ud800', '\\udfff\\ud800'])}"}`,
      ),
    ),
  ),
  answer('a text that PostgreSQL cannot keep', (random, { room }) =>
    frame(
      `{"id":"${id(random)}","type":"message.send","data":{"conversation_id":"${room}","content":"a${pick(random, ['\\u0000', '\\ud800', '\\udc00b'])}"}}`,
    ),
  ),
  answer('a text that is too long', (random, { room }) =>
    text({
      id: id(random),
      type: 'message.send',
      data: { conversation_id: room, content: 'ä'.repeat(HARD.message_bytes / 2 + 1) },
    }),
  ),
  answer('a command in fragments, with a ping between them', (random, place) => {
    const whole = Buffer.from(JSON.stringify(valid(random, place)))
    const at = upTo(random, whole.length)
    return Buffer.concat([
      frame(whole.subarray(0, at), { fin: false }),
      frame('between', { op: OP.ping }),
      frame('', { op: OP.more, fin: false }),
      frame(whole.subarray(at), { op: OP.more }),
    ])
  }),
  { name: 'a pong that nobody asked for', outcome: 'nothing', bytes: () => frame('what', { op: OP.pong }) },
  { name: 'a ping with all that fits', outcome: 'nothing', bytes: () => frame('p'.repeat(125), { op: OP.ping }) },

  closes('a binary frame', 1003, (random, place) => frame(JSON.stringify(valid(random, place)), { op: OP.binary })),
  closes('an empty binary frame', 1003, () => frame('', { op: OP.binary })),
  closes('bytes that are no UTF-8', 1007, (random) =>
    frame(Buffer.concat([Buffer.from('{"id":"'), pick(random, BAD_UTF8), Buffer.from('"}')])),
  ),
  closes('UTF-8 that is cut through by the end of the frame', 1007, () => frame(Buffer.from([0x22, 0xe2, 0x82]))),
  closes('more than a frame may hold', 1009, (_, { maxBytes }) => frame('x'.repeat(maxBytes + 1))),
  closes('a length that is far beyond what follows', 1009, (random) =>
    frame('x', { length: pick(random, [2n ** 32n, 2n ** 53n, 2n ** 62n, 2n ** 64n - 1n]) }),
  ),
  closes('fragments that are too much together', 1009, (_, { maxBytes }) =>
    Buffer.concat([
      frame('x'.repeat(maxBytes - 1), { fin: false }),
      frame('x', { op: OP.more, fin: false }),
      frame('x', { op: OP.more }),
    ]),
  ),
  closes('more fragments than anybody needs', 1008, () =>
    Buffer.concat([frame('', { fin: false }), ...Array(20_000).fill(frame('', { op: OP.more, fin: false }))]),
  ),
  closes('reserved bits', 1002, (random) => frame('{}', { rsv: 1 + upTo(random, 6) })),
  closes('a reserved opcode', 1002, (random) => frame('{}', { op: pick(random, [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) })),
  closes('a frame without a mask', 1002, (random, place) =>
    frame(JSON.stringify(valid(random, place)), { masked: false }),
  ),
  closes('a continuation of nothing', 1002, () => frame('{}', { op: OP.more })),
  closes('a new text before the last one has ended', 1002, () =>
    Buffer.concat([frame('{', { fin: false }), frame('{}')]),
  ),
  closes('a ping that is too long', 1002, () => frame('p'.repeat(126), { op: OP.ping })),
  closes('a ping in fragments', 1002, () => frame('p', { op: OP.ping, fin: false })),
  closes('a close that says one byte', 1002, () => frame('x', { op: OP.close })),
  closes('a close with a code that there is not', 1002, (random) =>
    frame(
      Buffer.from(
        pick(random, [
          [0, 0],
          [3, 231],
          [3, 237],
          [3, 238],
          [255, 255],
        ]),
      ),
      { op: OP.close },
    ),
  ),
  closes('a close whose reason is no UTF-8', 1007, () => frame(Buffer.from([3, 232, 0xff, 0xfe]), { op: OP.close })),
  closes('a close without a code', [1005, 1000], () => frame('', { op: OP.close })),
  closes('noise', [1002, 1003, 1007, 1009, 1005, 1000], (random) =>
    Buffer.from(Array.from({ length: 2_000 }, (_, n) => (n < 2 ? 0x40 : 0) | upTo(random, 255))),
  ),
  {
    name: 'half a frame, and the end of one side',
    outcome: [1005, 1006, 1000],
    leaves: 'half',
    bytes: (random, place) => {
      const whole = text(valid(random, place))
      return whole.subarray(0, upTo(random, whole.length - 1))
    },
  },
  {
    name: 'half a frame, and a reset',
    outcome: [],
    leaves: 'reset',
    bytes: (random, place) => {
      const whole = text(valid(random, place))
      return whole.subarray(0, upTo(random, whole.length - 1))
    },
  },
]

/** Overlong, a surrogate, beyond U+10FFFF, a lone continuation, and what never occurs. */
const BAD_UTF8: readonly Buffer[] = [
  [0xc0, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
  [0xff],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
].map((bytes) => Buffer.from(bytes))
