import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Conversation, Message, Timeline, Unsent } from '../../src/sdk/client.js'
import { client, me } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { dayTitle } from '../app/format.js'
import { t } from '../app/language.js'
import { rowsOf } from '../app/rows.js'
import { systemText } from '../app/titles.js'
import { Button, IconButton } from '../ui/button.js'
import { Notice } from '../ui/notice.js'
import { say } from '../ui/toast.js'
import { Bubble } from './message.js'

type Props = {
  timeline: Timeline
  messages: readonly (Message | Unsent)[]
  hasOlder: boolean
  conversation: Conversation | undefined
}

/** So close to the end, one is still reading what comes. */
const NEAR_PX = 80

export function MessageList({ timeline, messages, hasOlder, conversation }: Props) {
  const { scroller, isAtEnd, toEnd } = useEnd(messages)
  useReading(conversation, isAtEnd)
  const [isLoading, setLoading] = useState(false)
  const loadOlder = async () => {
    setLoading(true)
    try {
      await timeline.loadOlder()
    } catch (error) {
      say(sentence(error))
    } finally {
      setLoading(false)
    }
  }
  const myId = me.value?.id ?? ''
  return (
    <div class="messages-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys */}
      <div class="messages" id="messages" ref={scroller} role="log" aria-label={t().pane.messages} tabIndex={0}>
        {hasOlder && (
          <div class="older">
            <Button isBusy={isLoading} onClick={loadOlder}>
              {t().pane.older}
            </Button>
          </div>
        )}
        {messages.length === 0 && (
          <Notice icon="chat" title={t().pane.emptyTitle}>
            <p>{t().pane.emptyText}</p>
          </Notice>
        )}
        <ol>
          {rowsOf(messages, myId).map((row) => {
            if (row.kind === 'message') {
              const isGroup = conversation?.type === 'group'
              return <Bubble key={row.key} row={row} isMine={row.authorId === myId} isGroup={isGroup} />
            }
            return (
              <li key={row.key} class={row.kind}>
                <span>{row.kind === 'day' ? dayTitle(row.time) : systemText(row.message)}</span>
              </li>
            )
          })}
        </ol>
      </div>
      {!isAtEnd && (
        <div class="to-end">
          <IconButton icon="down" label={t().pane.latest} onClick={toEnd} />
        </div>
      )}
    </div>
  )
}

/** Stays at the end while one is there, and else where one is, whatever comes above or below. */
function useEnd(messages: readonly (Message | Unsent)[]) {
  const scroller = useRef<HTMLDivElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  const seen = useRef({ isAtEnd: true, height: 0, first: messages[0], last: messages.at(-1) })

  const toEnd = () => {
    const element = scroller.current
    if (element) element.scrollTop = element.scrollHeight
  }

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return
    const before = seen.current
    const [first, last] = [messages[0], messages.at(-1)]
    const isMine = last !== before.last && last !== undefined && 'state' in last
    if (before.isAtEnd || isMine) element.scrollTop = element.scrollHeight
    else if (first !== before.first) element.scrollTop += element.scrollHeight - before.height
    Object.assign(before, { height: element.scrollHeight, first, last })
  }, [messages])

  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const look = () => {
      const isNear = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX
      seen.current.isAtEnd = isNear
      setAtEnd(isNear)
    }
    // A keyboard that slides in takes room.
    const resized = new ResizeObserver(() => {
      if (seen.current.isAtEnd) toEnd()
    })
    resized.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      resized.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])
  return { scroller, isAtEnd, toEnd }
}

/** What stands on a page that is looked at, at its end, is read. */
function useReading(conversation: Conversation | undefined, isAtEnd: boolean): void {
  const { id, me: mine } = conversation ?? {}
  const isUnread = (mine?.unread_count ?? 0) > 0
  useEffect(() => {
    if (id === undefined || !isUnread || !isAtEnd) return undefined
    const read = () => {
      if (document.visibilityState === 'visible') client.markRead(id)
    }
    read()
    document.addEventListener('visibilitychange', read)
    return () => document.removeEventListener('visibilitychange', read)
  }, [id, isUnread, isAtEnd])
}
