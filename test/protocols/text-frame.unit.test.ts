import type { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import * as ws from 'ws'
import { arrayFrame, textFrame, textOf } from '../../src/protocols/text-frame.js'

/** What reads the frames of a client; not in the library's types. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable }

/** What a client hears of these bytes. */
function hear(bytes: Buffer): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const heard: string[] = []
    const receiver = new Receiver({ isServer: false })
    receiver.on('message', (data: Buffer) => heard.push(data.toString()))
    receiver.on('error', reject)
    receiver.end(bytes, () => resolve(heard))
  })
}

test('a text of any length is one frame, also where the length takes more bytes', async () => {
  for (const length of [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]) {
    const text = 'x'.repeat(length)
    const frame = textFrame(text)
    expect(textOf(frame).toString()).toBe(text)
    expect(await hear(frame)).toEqual([text])
  }
})

test('its length is that of its bytes, not of its characters', async () => {
  for (const text of ['ß'.repeat(63), '日本'.repeat(30_000), '🦊', '\u0000']) {
    expect(await hear(Buffer.concat([textFrame(text), textFrame(text)]))).toEqual([text, text])
  }
})

test('several are one array, whatever their lengths', async () => {
  for (const texts of [['1'], ['1', '"zwei"', '{"drei":3}'], ['"ä"', JSON.stringify('x'.repeat(70_000)), '[]']]) {
    const [heard = ''] = await hear(arrayFrame(texts.map(textFrame)))
    expect(JSON.parse(heard)).toEqual(texts.map((text) => JSON.parse(text)))
  }
})
