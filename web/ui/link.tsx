import type { ComponentChildren } from 'preact'
import { go } from '../app/router.js'

type Props = { to: string; children: ComponentChildren; class?: string; isCurrent?: boolean }

/** A real link, that stays in this page unless it is asked for elsewhere. */
export function Link({ to, children, class: className, isCurrent }: Props) {
  return (
    <a
      href={to}
      class={className}
      aria-current={isCurrent ? 'page' : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
        event.preventDefault()
        go(to)
      }}
    >
      {children}
    </a>
  )
}
