// Somebody apart from those who write: one request at a time shows what is answered while something goes wrong.
import { expect } from 'vitest'
import type { Ear } from '../../support/ear.js'
import type { Answer, Person } from '../../support/person.js'
import type { Stage } from './stage.js'

/** `ms`: how long the answer took. */
export type Probe = Answer<{ code: string }> & { ms: number }

export class Prober {
  readonly person: Person
  /** Its socket, open from the beginning. */
  readonly ear: Ear
  readonly room: string
  readonly #stage: Stage

  private constructor(stage: Stage, person: Person, room: string, ear: Ear) {
    this.#stage = stage
    this.person = person
    this.room = room
    this.ear = ear
  }

  static async begin(stage: Stage): Promise<Prober> {
    const [person, peer] = [await stage.person('prober'), await stage.person('peer')]
    const { id } = await stage.group(person, peer)
    // What is probed is the first answer.
    person.patience = undefined
    return new Prober(stage, person, id, await person.connect())
  }

  write(content = 'is it stored?', client_id: string = crypto.randomUUID()): Promise<Probe> {
    return this.#timed(this.person.ask('POST', `/conversations/${this.room}/messages`, { content, client_id }))
  }
  read(): Promise<Probe> {
    return this.#timed(this.person.ask('GET', `/conversations/${this.room}/messages`))
  }

  /** Until it is refused, in the way in which whatever passes is refused. */
  async refused(what: () => Promise<Probe> = () => this.write(), within = 1_000): Promise<Probe> {
    for (let n = 0; n < within; n++) {
      const answer = await what()
      if (answer.status < 300) continue
      expect(answer).toMatchObject({
        status: 503,
        body: { code: expect.stringMatching(/unavailable|busy|overloaded/) },
      })
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      return answer
    }
    throw new Error('nothing was refused')
  }

  /** The socket that it had from the beginning still answers, and hears what another session writes. */
  async hears(): Promise<void> {
    expect(await this.ear.command('ping')).toMatchObject({ ok: true })
    const content = crypto.randomUUID()
    await this.#stage.sql.query('insert into messages (conversation_id, sender_id, content) values ($1, $2, $3)', [
      this.room,
      this.person.id,
      content,
    ])
    await this.ear.seen(({ type, data }) => type === 'message.created' && data.content === content)
  }

  async #timed(answer: Promise<Answer<{ code: string }>>): Promise<Probe> {
    const began = Date.now()
    return { ...(await answer), ms: Date.now() - began }
  }
}
