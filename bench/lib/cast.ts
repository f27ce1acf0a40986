// From the nicks of a transcript to accounts that the server takes: IRC allows one letter, |[]^\` and a nick that differs
// from another in case only; a username does not.
import { HARD } from '../../src/contract/limits.js'
import { DisplayName } from '../../src/contract/users.js'

export type Part = { nick: string; username: string; email: string; display_name: string }

/** For a nick of which nothing is left. */
const NAMELESS = 'author'

/**
 * One part for each distinct nick. `run` (lower case letters and digits) is in every name, so that a server can be used for
 * many runs. The nick itself becomes the display name where the rules allow it.
 */
export function castOf(nicks: readonly string[], run: string): Part[] {
  const taken = new Set<string>()
  return [...new Set(nicks)].map((nick, index) => {
    const username = freeUsername(nick, run, taken)
    taken.add(username.toLowerCase())
    return {
      nick,
      username,
      email: `author-${index + 1}.${run}@replay.example`,
      display_name: DisplayName.safeParse(nick).success ? nick : username,
    }
  })
}

function freeUsername(nick: string, run: string, taken: ReadonlySet<string>): string {
  const stem = nick.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') || NAMELESS
  for (let attempt = 1; ; attempt++) {
    const ending = attempt === 1 ? `-${run}` : `-${attempt}-${run}`
    const username = stem.slice(0, HARD.username - ending.length) + ending
    if (!taken.has(username.toLowerCase())) return username
  }
}
