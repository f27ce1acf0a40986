import type { Subject } from '../servers/server.js'
import type { Bench } from './bench.js'

/** All of them in each round, another one first each time: what the machine does beside it meets all alike. */
export async function inTurn<S extends Pick<Subject, 'name'>>(
  { rounds, say }: Bench,
  what: string,
  subjects: readonly S[],
  work: (subject: S, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const subject = subjects[(round + turn) % subjects.length] as S
      say(`${what}, round ${round + 1} of ${rounds}: ${subject.name}`)
      await work(subject, round)
    }
  }
}
