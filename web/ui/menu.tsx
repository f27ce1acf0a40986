import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useLayer } from '../app/layers.js'
import { float } from './float.js'
import { Icon, type IconName } from './icon.js'

type Props = {
  label: string
  trigger: ComponentChildren
  children: ComponentChildren
  /** One of many, in what scrolls: its list lies over that. */
  isOneOfMany?: boolean
}

export const STEPS: Record<string, (index: number, last: number) => number> = {
  ArrowDown: (index, last) => (index >= last ? 0 : index + 1),
  ArrowUp: (index, last) => (index <= 0 ? last : index - 1),
  Home: () => 0,
  End: (_, last) => last,
}

/** A list that lies over what scrolls goes once its button is further away. */
const NEAR_PX = 4

/** A button that opens a list of things to do (ARIA APG, menu button). */
export function Menu({ label, trigger, children, isOneOfMany }: Props) {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const items = () => [...(root.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])]
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  useLayer(close, isOpen)
  // Before the next key: it is for the item.
  useLayoutEffect(() => {
    if (!isOpen) return undefined
    if (isOneOfMany && list.current && button.current) float(list.current, button.current)
    items()[0]?.focus({ preventScroll: true })
    const top = () => button.current?.getBoundingClientRect().top ?? 0
    const openedAt = top()
    const scrolled = () => {
      if (Math.abs(top() - openedAt) > NEAR_PX) setOpen(false)
    }
    const away = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    addEventListener('pointerdown', away)
    if (isOneOfMany) addEventListener('scroll', scrolled, true)
    return () => {
      removeEventListener('pointerdown', away)
      removeEventListener('scroll', scrolled, true)
    }
  }, [isOpen])
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) {
      if (event.key !== 'ArrowDown') return
      event.preventDefault()
      return setOpen(true)
    }
    if (event.key === 'Escape') {
      // Whatever is around it stays open.
      event.preventDefault()
      close()
    } else if (event.key === 'Tab') setOpen(false)
    const all = items()
    const step = STEPS[event.key]?.(all.indexOf(document.activeElement as HTMLElement), all.length - 1)
    if (step === undefined) return
    event.preventDefault()
    all[step]?.focus()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the button and the items inside
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        class={isOneOfMany ? 'more-button' : 'menu-button'}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {trigger}
        <span class="unseen">{label}</span>
      </button>
      {isOpen && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: whatever is chosen closes it, by whichever key
        <div
          ref={list}
          class={isOneOfMany ? 'menu-list over' : 'menu-list'}
          role="menu"
          id={id}
          aria-label={label}
          // Before whatever is chosen: a dialog that it opens gives the focus back to where it was then.
          onClickCapture={() => button.current?.focus()}
          onClick={close}
        >
          {children}
        </div>
      )}
    </div>
  )
}

export function MenuItem({ icon, children, onClick }: { icon?: IconName; children: string; onClick: () => void }) {
  return (
    <button type="button" role="menuitem" tabIndex={-1} onClick={onClick}>
      <span class="menu-mark">{icon && <Icon name={icon} size={16} />}</span>
      <span>{children}</span>
    </button>
  )
}

type Choice<V extends string> = {
  title: string
  value: V
  all: readonly (readonly [V, string])[]
  onChoose: (value: V) => void
}

/** One of several. */
export function MenuChoice<V extends string>({ title, value, all, onChoose }: Choice<V>) {
  const id = useId()
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is nothing that a menu may hold
    <div role="group" aria-labelledby={id} class="menu-group">
      <p id={id}>{title}</p>
      {all.map(([each, name]) => (
        <button
          key={each}
          type="button"
          role="menuitemradio"
          tabIndex={-1}
          aria-checked={each === value}
          onClick={() => onChoose(each)}
        >
          <span class="menu-mark">{each === value && <Icon name="check" size={16} />}</span>
          <span>{name}</span>
        </button>
      ))}
    </div>
  )
}
