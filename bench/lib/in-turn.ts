import type { Subject } from '../servers/server.js'
import type { Bench } from './bench.js'

const TRIES = 2

/**
 * All of them in each round, another one first each time: what the machine does beside it meets all alike. A turn that fails is
 * taken once more, and else left out: hours are not lost for one, but it is not forgotten either.
 */
export async function inTurn<S extends Pick<Subject, 'name'>>(
  { rounds, say, wrong, interrupted }: Bench,
  what: string,
  subjects: readonly S[],
  work: (subject: S, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(round + turn) % subjects.length] as S
      let isDone = false
      for (let tried = 0; !isDone && tried < TRIES; tried++) {
        say(`${what}, round ${round + 1} of ${rounds}: ${subject.name}`)
        isDone = await work(subject, round).then(
          () => true,
          async (error) => {
            await interrupted()
            wrong(`${what}, round ${round + 1}: ${subject.name} failed: ${error.message}`)
            return false
          },
        )
      }
    }
  }
}
