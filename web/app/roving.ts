// The messages are one stop of the tab key: inside, arrows go from one to the next. Whoever is on one stays on it, also when it is
// scrolled away.
import { useRef, useState } from 'preact/hooks'
import type { Row } from './rows.js'
import type { Viewport } from './viewport.js'

type Options = { rows: readonly Row[]; view: () => Viewport; lastSeen: () => number; toEnd: () => void }

const STEPS: Record<string, (index: number, last: number) => number> = {
  ArrowDown: (index) => index + 1,
  ArrowUp: (index) => index - 1,
  Home: () => 0,
  End: (_, last) => last,
}

export type Roving = ReturnType<typeof useRoving>

export function useRoving({ rows, view, lastSeen, toEnd }: Options) {
  const [active, setActive] = useState<string | undefined>(undefined)
  const [isInside, setInside] = useState(false)
  /** It gets the focus as soon as it is drawn. */
  const wanted = useRef<string | undefined>(undefined)
  /** The last one gets it, once it is there. */
  const isEndWanted = useRef(false)
  const held = useRef({ rows, index: 0 })
  const scroller = useRef<HTMLElement | null>(null)

  const move = (key: string | undefined) => {
    if (key === undefined) return
    wanted.current = key
    setActive(key)
    setInside(true)
    focusWanted()
  }
  const focusWanted = () => {
    const key = wanted.current
    const row =
      key === undefined ? null : scroller.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
    if (!row || key === undefined) return
    wanted.current = undefined
    row.focus({ preventScroll: true })
    view().reveal(key)
  }
  /** The message at this place, or the one next to it on the way. */
  const near = (index: number, way: 1 | -1): string | undefined => {
    for (let at = index; at >= 0 && at < rows.length; at += way) {
      const row = rows[at]
      if (row && (row.kind === 'message' || row.kind === 'system')) return row.key
    }
    return undefined
  }
  const indexOf = (key: string | undefined) => rows.findIndex((row) => row.key === key)
  /** Where one was, or next to it when that is gone. */
  const restore = () => {
    const at = indexOf(active)
    const index = at >= 0 ? at : Math.min(held.current.index, rows.length - 1)
    move(near(index, -1) ?? near(index, 1))
  }

  /** After each drawing, once everything stands where it belongs. */
  const settle = () => {
    const at = indexOf(active)
    if (at >= 0) held.current = { rows, index: at }
    focusWanted()
    if (isEndWanted.current && view().place === 'end') {
      isEndWanted.current = false
      move(near(rows.length - 1, -1))
    }
    // The one that had the focus is gone: alone, or one is at another place altogether.
    if (!isInside || at >= 0 || rows === held.current.rows || document.activeElement !== document.body) return
    const { rows: before, index } = held.current
    const isNear = before.slice(Math.max(0, index - 1), index + 2).some(({ key }) => indexOf(key) >= 0)
    if (isNear) restore()
    else move(near(Math.min(lastSeen(), rows.length - 1), -1))
  }
  const goToEnd = () => {
    isEndWanted.current = true
    setInside(true)
    toEnd()
  }

  return {
    active,
    /** Drawn wherever one has scrolled to. */
    pinned: isInside ? active : undefined,
    scroller,
    move,
    /** The same, as soon as it stands where it will. */
    seek: (key: string) => {
      wanted.current = key
      setActive(key)
      setInside(true)
    },
    restore,
    settle,
    /** With the focus on the last one: what led there goes. */
    goToEnd,
    /** For what holds the rows. It is a stop itself until one of them has the focus. */
    tabIndex: isInside ? -1 : 0,
    onFocusIn: (event: FocusEvent) => {
      const key = (event.target as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key
      if (key !== undefined) {
        setActive(key)
        setInside(true)
      } else if (event.target === scroller.current) {
        const at = indexOf(active)
        move(at >= 0 ? active : near(Math.min(lastSeen(), rows.length - 1), -1))
      }
    },
    onFocusOut: (event: FocusEvent) => {
      if (scroller.current?.contains(event.relatedTarget as Node | null)) return
      // One that is taken away loses the focus, too; then another one gets it.
      queueMicrotask(() => {
        if ((event.target as Node).isConnected) setInside(false)
      })
    },
    onKeyDown: (event: KeyboardEvent) => {
      const step = STEPS[event.key]
      const row = event.target as HTMLElement
      if (!step || row.dataset.key === undefined || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      if (event.key === 'End') return goToEnd()
      const index = step(indexOf(row.dataset.key), rows.length - 1)
      move(near(index, event.key === 'ArrowUp' ? -1 : 1))
    },
  }
}
