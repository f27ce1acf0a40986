// What a list of messages needs to be scrolled: which rows are drawn, more of them near its edges, and what was seen.
import { effect } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Conversation } from '../../src/sdk/client.js'
import { client, status } from './client.js'
import { type Place, type Placed, type Seen, Viewport } from './viewport.js'

type Options = { start: () => Place; pinned: string | undefined; isOpenEnded: boolean; onSeen: (seen: Seen) => void }

export function useViewport(rows: readonly Placed[], { start, pinned, isOpenEnded, onSeen }: Options) {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLOListElement>(null)
  const heard = useRef(onSeen)
  heard.current = onSeen
  const [, draw] = useState(0)
  const [view] = useState(
    () =>
      new Viewport(
        start(),
        () => draw((turn) => turn + 1),
        (seen) => heard.current(seen),
      ),
  )
  view.isOpenEnded = isOpenEnded
  const arranged = view.arrange(rows, pinned)
  useLayoutEffect(() => {
    if (scroller.current && list.current) return view.attach(scroller.current, list.current)
    return undefined
  }, [view])
  useLayoutEffect(() => view.settle())
  return { view, scroller, list, ...arranged }
}

export type Edge = { is: 'idle' | 'loading' } | { is: 'failed'; error: unknown }

/** One end of what is loaded: more is asked for as often as it is wanted, once at a time. After a failure by hand, or once there is a connection. */
export function useEdge(load: () => Promise<void>, onRetry: () => void) {
  const [edge, setEdge] = useState<Edge>({ is: 'idle' })
  const now = useRef<Edge>(edge)
  const set = (next: Edge) => {
    now.current = next
    setEdge(next)
  }
  const want = () => {
    if (now.current.is !== 'idle') return
    set({ is: 'loading' })
    load().then(
      () => set({ is: 'idle' }),
      (error) => set({ is: 'failed', error }),
    )
  }
  const retry = () => {
    if (now.current.is === 'failed') set({ is: 'idle' })
    onRetry()
  }
  useEffect(
    () =>
      effect(() => {
        if (status.value === 'live' && now.current.is === 'failed') retry()
      }),
    [],
  )
  return { edge, want, retry }
}

const GATHER_MS = 400

/** What stands on a page that is looked at is read, up to the last message that was seen. */
export function useReading(conversation: Conversation | undefined): (number: number) => void {
  const at = useRef({ conversation, number: 0, timer: undefined as number | undefined })
  at.current.conversation = conversation
  const [read] = useState(() => () => {
    clearTimeout(at.current.timer)
    at.current.timer = undefined
    const { conversation: one, number } = at.current
    if (!one || document.visibilityState !== 'visible') return
    const { id, me, message_number } = one
    if (number > message_number - me.unread_count) client.markRead(id, Math.min(number, message_number))
  })
  useEffect(() => {
    document.addEventListener('visibilitychange', read)
    return () => {
      document.removeEventListener('visibilitychange', read)
      if (at.current.timer !== undefined) read()
    }
  }, [read])
  return (number) => {
    if (number <= at.current.number && (conversation?.me.unread_count ?? 0) === 0) return
    at.current.number = Math.max(number, at.current.number)
    at.current.timer ??= setTimeout(read, GATHER_MS)
  }
}

/** Where what is new begins: what was unread when the conversation was opened, or what came since without being seen. */
export function useNewLine(conversation: Conversation | undefined, start: number | undefined, isSeen: () => boolean) {
  const [newFrom, setNewFrom] = useState(start)
  const unread = conversation?.me.unread_count ?? 0
  const before = useRef(unread)
  useEffect(() => {
    if (before.current === 0 && unread > 0 && conversation && !isSeen()) {
      setNewFrom(conversation.message_number - unread + 1)
    }
    before.current = unread
  }, [unread])
  return { newFrom, endNew: () => setNewFrom(undefined) }
}
