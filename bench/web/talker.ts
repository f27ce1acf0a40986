// Somebody who talks at a pace, whether or not anybody can follow, and hears it on a socket beside. Each message says when it was
// to be sent.
import { setTimeout as delay } from 'node:timers/promises'
import { Client, Ear } from '../lib/client.js'
import { Samples } from '../lib/samples.js'

const TEXT = 'and then she said that it would be all right, which it was'
/** So long the socket is listened to at most, after the last one. */
const PATIENCE_MS = 10_000

export type Talked = { taken: number; heard: number[] }

export class Talker {
  /** `taken` by the server; `heard`: p50 and p99 in ms, from when it was to be sent until a bare socket had it. */
  async talk(url: string, token: string, conversation: string, rate: number, seconds: number): Promise<Talked> {
    const client = new Client(url)
    const dues = new Map<string, number>()
    const heard = new Samples()
    const ear = await Ear.open({
      url,
      token,
      onEvent: ({ message }, at) => {
        const due = dues.get(message?.client_id ?? '')
        if (due !== undefined) heard.add(at - due)
      },
      onTrouble: (what) => console.error(what),
    })
    const began = performance.now()
    const sends: Promise<boolean>[] = []
    for (let number = 0; number < rate * seconds; number++) {
      const due = began + (number / rate) * 1_000
      const left = due - performance.now()
      if (left > 0) await delay(left)
      const content = `#${number} ${(performance.timeOrigin + due).toFixed(1)} ${TEXT.slice(0, 8 + ((number * 7) % 50))}`
      const client_id = crypto.randomUUID()
      dues.set(client_id, due)
      sends.push(
        client.send(token, conversation, { content, client_id }).then(
          () => true,
          () => false,
        ),
      )
    }
    const taken = (await Promise.all(sends)).filter(Boolean).length
    const until = performance.now() + PATIENCE_MS
    while (heard.count < taken && performance.now() < until) await delay(20)
    await ear.close()
    return { taken, heard: heard.quantiles(0.5, 0.99) }
  }
}
