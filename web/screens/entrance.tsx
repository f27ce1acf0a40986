import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Fault } from '../ui/fault.js'
import { Mark } from '../ui/mark.js'

type Props = {
  title: string
  lead?: string
  fault?: string | undefined
  onSubmit: (form: HTMLFormElement) => void
  children: ComponentChildren
  after: ComponentChildren
}

/** The frame of the screens before somebody is signed in. */
export function Entrance({ title, lead, fault, onSubmit, children, after }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  // Whoever came by a link begins at the top of what is new.
  useLayoutEffect(() => heading.current?.focus(), [])
  return (
    <main class="entrance">
      <section class="card">
        <Mark />
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead && <p class="lead">{lead}</p>}
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            onSubmit(event.currentTarget)
          }}
        >
          <Fault text={fault} />
          {children}
        </form>
        <p class="after">{after}</p>
      </section>
    </main>
  )
}
