// A list of links or buttons whose order changes by itself: whoever is in it by keys stays in it, whatever moves or goes.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

const STEPS: Record<string, (index: number, last: number) => number> = {
  ArrowDown: (index, last) => Math.min(index + 1, last),
  ArrowUp: (index) => Math.max(index - 1, 0),
  Home: () => 0,
  End: (_, last) => last,
}

/** `selector`: what the arrow keys go along; `otherwise`: where the focus goes when nothing of it is left. */
export function useKeptFocus<E extends HTMLElement>(selector: string, otherwise?: string) {
  const ref = useRef<E>(null)
  const held = useRef<{ element: HTMLElement; index: number } | undefined>(undefined)
  const stops = () => [...(ref.current?.querySelectorAll<HTMLElement>(selector) ?? [])]
  const indexOf = (element: Element | null) => stops().findIndex((one) => one.parentElement?.contains(element))

  useEffect(() => {
    const forget = () => {
      held.current = undefined
    }
    const look = (event: FocusEvent) => {
      const element = event.target as HTMLElement
      const index = ref.current?.contains(element) && !element.closest('dialog') ? indexOf(element) : -1
      held.current = index < 0 ? undefined : { element, index }
    }
    addEventListener('pointerdown', forget)
    document.addEventListener('focusin', look)
    return () => {
      removeEventListener('pointerdown', forget)
      document.removeEventListener('focusin', look)
    }
  }, [])
  // A browser lets go of what is moved, and of what is taken away.
  useLayoutEffect(() => {
    const { element, index } = held.current ?? {}
    if (!element || document.activeElement !== document.body) return
    const all = stops()
    const next = element.isConnected ? element : all[Math.min(index ?? 0, all.length - 1)]
    if (next) next.focus()
    else if (otherwise) document.querySelector<HTMLElement>(otherwise)?.focus()
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    const at = event.target as HTMLElement
    if (event.defaultPrevented || !step || !at.matches(selector)) return
    event.preventDefault()
    const all = stops()
    all[step(all.indexOf(at), all.length - 1)]?.focus()
  }
  return { ref, onKeyDown }
}
