// A conversation that goes on at a steady pace while something else happens, and how long its messages take to be heard.
import { setTimeout as delay } from 'node:timers/promises'
import { Client, Ear } from './client.js'
import { Samples } from './samples.js'

const EVERY_MS = 25

export class Chatter {
  readonly #client: Client
  readonly #token: string
  readonly #conversation: string
  readonly #ears: Ear[]
  readonly #sentAt = new Map<string, number>()
  #heard = new Samples()

  private constructor(client: Client, token: string, conversation: string, ears: Ear[]) {
    this.#client = client
    this.#token = token
    this.#conversation = conversation
    this.#ears = ears
  }

  static async open(url: string, listeners: number): Promise<Chatter> {
    const client = new Client(url)
    const register = (name: string) =>
      client.register({ username: name, email: `${name}@example.com`, password: 'correct horse', display_name: name })
    const speaker = await register('speaker')
    const others = []
    for (let index = 0; index < listeners; index++) others.push(await register(`listener-${index}`))
    const ids = others.map(({ user }) => user.id)
    const { id } = await client.createGroup(speaker.access_token, 'chatter', ids)
    const ears: Ear[] = []
    const chatter = new Chatter(client, speaker.access_token, id, ears)
    for (const { access_token } of others) {
      ears.push(
        await Ear.open({
          url,
          token: access_token,
          onEvent: ({ message }, at) => {
            const sentAt = message?.client_id ? chatter.#sentAt.get(message.client_id) : undefined
            if (sentAt !== undefined) chatter.#heard.add(at - sentAt)
          },
          onTrouble: (what) => {
            throw new Error(what)
          },
        }),
      )
    }
    return chatter
  }

  /** From the request to the frame, for each message and listener, as long as `work` goes on. Sent at a pace, not in turns. */
  async during(work: () => Promise<unknown>): Promise<Samples> {
    this.#heard = new Samples()
    let going = true
    const working = work().finally(() => {
      going = false
    })
    const sends: Promise<unknown>[] = []
    for (let due = performance.now(); going; due += EVERY_MS) {
      await delay(Math.max(0, due - performance.now()))
      const client_id = crypto.randomUUID()
      this.#sentAt.set(client_id, performance.now())
      sends.push(this.#client.send(this.#token, this.#conversation, { content: 'and then she said', client_id }))
    }
    await working
    await Promise.all(sends)
    return this.#heard
  }

  async close(): Promise<void> {
    for (const ear of this.#ears) await ear.close()
  }
}
