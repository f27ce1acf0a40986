// Somebody who says long things, and somebody beside them who hears each of them before the next is said: so much that what a
// slow reader does not take has to wait in the server, and not only on the line.
import type { Ear } from '../../support/ear.js'
import type { Person } from '../../support/person.js'
import type { Stage } from './stage.js'

/** So many bytes at once: below what a message may have with `LOUD`. */
const BYTES = 60_000
/** Settings with which somebody can speak. */
export const LOUD = { MAX_MESSAGE_LENGTH: '65536' }

export class Speaker {
  readonly room: string
  readonly #person: Person
  readonly #bystander: Ear
  said = 0

  private constructor(room: string, person: Person, bystander: Ear) {
    this.room = room
    this.#person = person
    this.#bystander = bystander
  }

  /** With these people in the room. */
  static async before(stage: Stage, audience: readonly Person[]): Promise<Speaker> {
    const [speaker, bystander] = await Promise.all([stage.person('speaker'), stage.person('bystander')])
    const { id } = await stage.group(speaker, bystander, ...audience)
    return new Speaker(id, speaker, await bystander.connect())
  }

  get bytes(): number {
    return this.said * BYTES
  }

  /** So often at once. Resolves once the bystander has heard it all. */
  async speak(times = 1): Promise<void> {
    const content = 'x'.repeat(BYTES)
    const said = await Promise.all(Array.from({ length: times }, () => this.#person.say(this.room, content)))
    this.said += times
    const last = Math.max(...said.map(({ number }) => number))
    await this.#bystander.next('message.created', ({ data }) => data.number === last)
  }

  /** Until it is so, but not for ever. */
  async speakUntil(isSo: () => Promise<boolean>, most = 2_000): Promise<void> {
    while (!(await isSo())) {
      if (this.said > most) throw new Error(`has said ${this.bytes} bytes in vain`)
      await this.speak(10)
    }
  }
}
