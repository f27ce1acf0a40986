// A list that the server gives in pages.
import { effect } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import { status } from './client.js'

type Page<T> = { data: T[]; next_cursor: string | null }
type Ask<T> = (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>

export type Pages<T> = {
  /** Undefined until the first page is there. */
  list: readonly T[] | undefined
  hasMore: boolean
  isLoading: boolean
  error: unknown
  more: () => void
  again: () => void
  /** What was heard meanwhile. */
  change: (change: (list: readonly T[]) => readonly T[]) => void
}

/** Asked anew for another `key`, and once there is a connection after there was none: what happened meanwhile was not heard. */
export function usePages<T>(key: string, ask: Ask<T>): Pages<T> {
  const [list, setList] = useState<readonly T[] | undefined>(undefined)
  const [cursor, setCursor] = useState<string | null>(null)
  const [isLoading, setLoading] = useState(false)
  const [error, setError] = useState<unknown>(undefined)
  const giveUp = useRef<AbortController | undefined>(undefined)

  const load = async (from: string | undefined) => {
    giveUp.current?.abort()
    const mine = new AbortController()
    giveUp.current = mine
    setLoading(true)
    setError(undefined)
    try {
      const page = await ask(from, mine.signal)
      setList((before) => (from === undefined ? page.data : [...(before ?? []), ...page.data]))
      setCursor(page.next_cursor)
    } catch (failure) {
      if (!mine.signal.aborted) setError(failure)
    } finally {
      if (giveUp.current === mine) setLoading(false)
    }
  }
  const begin = (from?: string) => {
    load(from).catch(reportError)
  }
  useEffect(() => {
    setList(undefined)
    begin()
    let wasLive = status.peek() === 'live'
    const stop = effect(() => {
      const isLive = status.value === 'live'
      if (isLive && !wasLive) begin()
      wasLive = isLive
    })
    return () => {
      stop()
      giveUp.current?.abort()
    }
  }, [key])
  return {
    list,
    hasMore: cursor !== null,
    isLoading,
    error,
    more: () => {
      if (cursor !== null && !isLoading) begin(cursor)
    },
    again: () => begin(),
    change: (change) => setList((before) => before && change(before)),
  }
}
