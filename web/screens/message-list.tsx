import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Conversation, Message, Unsent } from '../../src/sdk/client.js'
import { useArrivals } from '../app/arrivals.js'
import { me, status } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { dayTitle } from '../app/format.js'
import type { History } from '../app/history.js'
import { isStored } from '../app/history-changes.js'
import { useJumps } from '../app/jumps.js'
import { t } from '../app/language.js'
import { useReach } from '../app/reach.js'
import { type Roving, useRoving } from '../app/roving.js'
import { type Row, rowsOf } from '../app/rows.js'
import { type Edge, useEdge, useNewLine, useReading, useViewport } from '../app/scrolling.js'
import type { Start } from '../app/timeline.js'
import { systemText } from '../app/titles.js'
import type { Place, Seen } from '../app/viewport.js'
import { Badge } from '../ui/badge.js'
import { Button, IconButton } from '../ui/button.js'
import { Notice } from '../ui/notice.js'
import { Spinner } from '../ui/spinner.js'
import { say } from '../ui/toast.js'
import { Bubble } from './message.js'
import { useMessageMenu } from './message-menu.js'
import { TypingLine } from './typing-line.js'

type Props = {
  history: History
  messages: readonly (Message | Unsent)[]
  start: Start
  conversation: Conversation | undefined
}

/** Below the upper edge stands what one begins with, so that one sees what came before it. */
const START_PX = 120
const NOTHING: Seen = { first: 0, last: 0, isAtEnd: true, isNearStart: false, isNearEnd: false }

export function MessageList({ history, messages, start, conversation }: Props) {
  const myId = me.value?.id ?? ''
  const seen = useRef(NOTHING)
  const [isAtEnd, setAtEnd] = useState(true)
  const isSeen = () => seen.current.isAtEnd && document.visibilityState === 'visible'
  const { newFrom, endNew } = useNewLine(conversation, start.newFrom, isSeen)
  const rows = useMemo(() => rowsOf(messages, myId, newFrom), [messages, myId, newFrom])
  const read = useReading(conversation)
  useReach(conversation)
  const older = useEdge(
    () => history.loadOlder(),
    () => view.settle(),
  )
  const newer = useEdge(
    () => history.loadNewer(),
    () => view.settle(),
  )
  const roving: Roving = useRoving({
    rows,
    view: () => view,
    lastSeen: () => seen.current.last,
    toEnd: () => jumps.toEnd(),
  })
  const { view, scroller, list, drawn, rest } = useViewport(rows, {
    start: () => placeOf(rows, start),
    pinned: roving.pinned,
    isOpenEnded: history.hasNewer,
    onSeen: (now) => {
      seen.current = now
      setAtEnd(now.isAtEnd)
      if (now.isNearStart && history.hasOlder) older.want()
      if (now.isNearEnd && history.hasNewer) newer.want()
      const last = rows[now.last]
      if (now.isAtEnd) read(conversation?.message_number ?? 0)
      else if (last && 'message' in last && isStored(last.message)) read(last.message.number)
    },
  })
  useLayoutEffect(() => roving.settle())
  const jumps = useJumps({ history, view, roving, conversationId: conversation?.id, say })
  const menu = useMessageMenu({ rows, roving, conversation })
  useMine(messages, () => {
    endNew()
    jumps.toEnd()
  })
  useRefresh(history, () => {
    const row = rows.slice(seen.current.first).find((one) => 'message' in one && isStored(one.message))
    return row && 'message' in row && isStored(row.message) ? row.message.number : undefined
  })
  const isGroup = conversation?.type === 'group'
  const unread = conversation?.me.unread_count ?? 0
  const said = useArrivals(conversation?.id)

  return (
    <div class="messages-frame">
      <div
        class="messages"
        id="messages"
        ref={(element) => {
          scroller.current = element
          roving.scroller.current = element
        }}
        role="log"
        aria-live="off"
        aria-label={t().pane.messages}
        aria-busy={older.edge.is === 'loading' || newer.edge.is === 'loading'}
        tabIndex={roving.tabIndex}
        onFocusIn={roving.onFocusIn}
        onFocusOut={roving.onFocusOut}
        onKeyDown={(event) => {
          if (!menu.onKeyDown(event)) roving.onKeyDown(event)
        }}
        {...menu.pointers}
      >
        {history.hasOlder && <EdgeRow edge={older.edge} onRetry={older.retry} />}
        {rows.length === 0 && !history.hasOlder && (
          <Notice icon="chat" title={t().pane.emptyTitle}>
            <p>{t().pane.emptyText}</p>
          </Notice>
        )}
        <ol ref={list} style={{ paddingBlockEnd: `${rest}px` }}>
          {drawn.map(({ index, gap }) => {
            const row = rows[index]
            if (!row) return null
            if (row.kind !== 'message') return <Line key={row.key} row={row} gap={gap} />
            const isMine = row.authorId === myId
            const isFound = row.key === jumps.found
            return <Bubble key={row.key} row={row} gap={gap} isMine={isMine} isGroup={isGroup} isFound={isFound} />
          })}
        </ol>
        {history.hasNewer && <EdgeRow edge={newer.edge} onRetry={newer.retry} />}
      </div>
      {!isAtEnd && (
        <div class="to-end">
          <IconButton icon="down" label={t().pane.latest} onClick={roving.goToEnd} />
          <Badge count={unread} label={t().list.unread(unread)} />
        </div>
      )}
      <TypingLine conversationId={conversation?.id} />
      <p class="unseen" role="status">
        {said}
      </p>
      {menu.element}
    </div>
  )
}

/** At the end of what is loaded, as high whether it waits, works or has failed. */
function EdgeRow({ edge, onRetry }: { edge: Edge; onRetry: () => void }) {
  return (
    <div class="edge">
      {edge.is === 'failed' ? (
        <>
          <p role="alert">{sentence(edge.error)}</p>
          <Button onClick={onRetry}>{t().app.retry}</Button>
        </>
      ) : (
        edge.is === 'loading' && <Spinner />
      )}
    </div>
  )
}

function Line({ row, gap }: { row: Exclude<Row, { kind: 'message' }>; gap: number }) {
  const text =
    row.kind === 'day' ? dayTitle(row.time) : row.kind === 'new' ? t().transcript.new : systemText(row.message)
  return (
    <li class={row.kind} data-key={row.key} tabIndex={-1} style={{ marginBlockStart: `${gap}px` }}>
      <span>{text}</span>
    </li>
  )
}

function placeOf(rows: readonly Row[], { wanted, newFrom }: Start): Place {
  const number = wanted ?? newFrom
  if (number === undefined) return 'end'
  const isThere = (row: Row) => 'message' in row && isStored(row.message) && row.message.number >= number
  const row = rows.find((one) => (wanted === undefined && one.kind === 'new') || isThere(one))
  return row ? { key: row.key, bottom: START_PX } : 'end'
}

/** Whoever writes sees it: at the end. */
function useMine(messages: readonly (Message | Unsent)[], onMine: () => void): void {
  const last = messages.at(-1)
  const mine = last && 'state' in last ? last.client_id : undefined
  const before = useRef(mine)
  useEffect(() => {
    if (mine !== undefined && mine !== before.current) onMine()
    before.current = mine
  }, [mine])
}

/** What was said of older messages while there was no connection was not heard. */
function useRefresh(history: History, near: () => number | undefined): void {
  const isLive = status.value === 'live'
  const wasLive = useRef(isLive)
  useEffect(() => {
    if (isLive && !wasLive.current) history.refresh(near()).catch(() => undefined)
    wasLive.current = isLive
  }, [isLive])
}
