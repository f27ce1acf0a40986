import { useEffect, useState } from 'preact/hooks'
import type { User } from '../../src/sdk/client.js'
import { client, me } from './client.js'
import { learn } from './people.js'

const PAUSE_MS = 250
const SHORTEST = 2

export type Found = { query: string; users: User[]; error?: unknown }

/** Whoever is called so, but oneself: asked once somebody pauses while writing. Undefined until there is an answer. */
export function usePeople(text: string): Found | undefined {
  const [found, setFound] = useState<Found | undefined>(undefined)
  const query = text.trim()
  useEffect(() => {
    if ([...query].length < SHORTEST) {
      setFound(undefined)
      return undefined
    }
    const giveUp = new AbortController()
    const ask = async () => {
      try {
        const { data } = await client.call('GET /users', { query: { query }, signal: giveUp.signal })
        learn(data)
        setFound({ query, users: data.filter(({ id }) => id !== me.peek()?.id) })
      } catch (error) {
        if (!giveUp.signal.aborted) setFound({ query, users: [], error })
      }
    }
    const timer = setTimeout(ask, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      giveUp.abort()
    }
  }, [query])
  return found
}
