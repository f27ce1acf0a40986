import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from './icon.js'

type Props = { label: string; trigger: ComponentChildren; children: ComponentChildren }

const STEPS: Record<string, (index: number, last: number) => number> = {
  ArrowDown: (index, last) => (index >= last ? 0 : index + 1),
  ArrowUp: (index, last) => (index <= 0 ? last : index - 1),
  Home: () => 0,
  End: (_, last) => last,
}

/** A button that opens a list of things to do (ARIA APG, menu button). */
export function Menu({ label, trigger, children }: Props) {
  const [isOpen, setOpen] = useState(false)
  const id = useId()
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const items = () => [...(root.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])]
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  // Before the next key: it is for the item.
  useLayoutEffect(() => {
    if (!isOpen) return undefined
    items()[0]?.focus()
    const away = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    addEventListener('pointerdown', away)
    return () => removeEventListener('pointerdown', away)
  }, [isOpen])
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) {
      if (event.key !== 'ArrowDown') return
      event.preventDefault()
      return setOpen(true)
    }
    if (event.key === 'Escape') close()
    else if (event.key === 'Tab') setOpen(false)
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
        class="menu-button"
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
        <div class="menu-list" role="menu" id={id} aria-label={label} onClick={close}>
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
