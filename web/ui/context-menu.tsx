import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { useLayer } from '../app/layers.js'
import { STEPS } from './menu.js'

export type Point = { x: number; y: number }

type Props = {
  label: string
  at: Point
  /** `isBack`: nothing was chosen, so one is back where it was opened. */
  onClose: (isBack: boolean) => void
  children: ComponentChildren
}

const EDGE_PX = 8

/** A list of things to do, at the place that it is about (ARIA APG, menu). Whoever shows it gives the focus back. */
export function ContextMenu({ label, at, onClose, children }: Props) {
  const root = useRef<HTMLDivElement>(null)
  const items = () => [...(root.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])]
  useLayer(() => onClose(true))
  // Before the next key: it is for the item.
  useLayoutEffect(() => {
    const menu = root.current
    if (!menu) return
    const { width, height } = menu.getBoundingClientRect()
    const isMirrored = document.documentElement.dir === 'rtl'
    const x = isMirrored ? at.x - width : at.x
    menu.style.left = `${Math.max(EDGE_PX, Math.min(x, innerWidth - width - EDGE_PX))}px`
    menu.style.top = `${Math.max(EDGE_PX, Math.min(at.y, innerHeight - height - EDGE_PX))}px`
    items()[0]?.focus({ preventScroll: true })
  }, [at])
  useLayoutEffect(() => {
    const away = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) onClose(false)
    }
    const resized = () => onClose(true)
    addEventListener('pointerdown', away)
    addEventListener('resize', resized)
    return () => {
      removeEventListener('pointerdown', away)
      removeEventListener('resize', resized)
    }
  }, [onClose])
  return (
    <div
      ref={root}
      class="menu-list context-menu"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onClick={(event) => {
        if ((event.target as HTMLElement).closest('[role^="menuitem"]')) onClose(false)
      }}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Escape' || event.key === 'Tab') {
          event.preventDefault()
          return onClose(true)
        }
        const all = items()
        const step = STEPS[event.key]?.(all.indexOf(document.activeElement as HTMLElement), all.length - 1)
        if (step === undefined) return
        event.preventDefault()
        all[step]?.focus()
      }}
    >
      {children}
    </div>
  )
}
