// The people of a run: signed up, each with a socket that listens before anybody says a word.
import type { Hello } from '../../src/contract/events.js'
import { forEachAtOnce } from './at-once.js'
import type { Part } from './cast.js'
import { BadAnswer, type Client, Ear } from './client.js'
import type { Hearings } from './hearing.js'
import type { Progress } from './progress.js'

/** A password costs the server some 40 ms, two at a time: a few more keep it busy and none is turned away. */
const SIGN_UPS_AT_ONCE = 4
const SOCKETS_AT_ONCE = 20
const PASSWORD = 'correct horse battery staple'

export type Author = Part & { id: string; token: string }

/** @throws BadAnswer */
export async function signUp(client: Client, cast: readonly Part[], progress: Progress): Promise<Map<string, Author>> {
  const authors = new Map<string, Author>()
  progress.begin('signing up', cast.length)
  await forEachAtOnce(SIGN_UPS_AT_ONCE, cast, async (part) => {
    const { nick, ...profile } = part
    const { user, access_token } = await client.register({ ...profile, password: PASSWORD }).catch(explainLimit)
    authors.set(nick, { ...part, id: user.id, token: access_token })
    progress.step()
  })
  progress.end()
  return authors
}

export type Listeners = {
  ears: Ear[]
  /** What the server takes, as its hello says. */
  limits: Hello['limits']
  /** user id -> what went wrong with their socket */
  troubles: Map<string, string[]>
}

export async function listen(
  url: string,
  authors: readonly Author[],
  hearings: Hearings,
  progress: Progress,
): Promise<Listeners> {
  const ears: Ear[] = []
  const troubles = new Map<string, string[]>()
  progress.begin('opening sockets', authors.length)
  await forEachAtOnce(SOCKETS_AT_ONCE, authors, async ({ id, token }) => {
    const ear = await Ear.open({
      url,
      token,
      onEvent: (event, at) => hearings.of(event.stream).hear(id, event, at),
      onTrouble: (what) => {
        troubles.set(id, [...(troubles.get(id) ?? []), what])
        hearings.deafen(id)
      },
    })
    ears.push(ear)
    progress.step()
  })
  progress.end()
  const [first] = ears
  if (!first) throw new Error('a replay needs an author')
  return { ears, limits: first.limits, troubles }
}

function explainLimit(error: unknown): never {
  if (!(error instanceof BadAnswer) || error.code !== 'rate_limited') throw error
  throw new BadAnswer(
    error.status,
    error.code,
    'the server limits sign-ups; a replay needs its RATE_LIMIT_* and WS_* as wide as in lib/own-server.ts',
  )
}
