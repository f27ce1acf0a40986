import { useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '../app/language.js'

/** In the place of the line that one writes in, for whoever may only read. */
export function ReadOnly() {
  const note = useRef<HTMLParagraphElement>(null)
  // Whoever was writing when it came is here.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) note.current?.focus({ preventScroll: true })
  }, [])
  return (
    <p class="read-only" role="status" ref={note} tabIndex={-1}>
      {t().composer.readOnly}
    </p>
  )
}
