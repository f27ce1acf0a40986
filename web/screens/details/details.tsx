// What a conversation is and who is in it, beside its messages or instead of them. Loaded when it is opened.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { archived, client, conversations, isLoaded } from '../../app/client.js'
import { t } from '../../app/language.js'
import { go } from '../../app/router.js'
import { IconButton } from '../../ui/button.js'
import { DETAILS_BUTTON } from '../details-button.js'
import { GroupDetails } from './group-details.js'
import { PersonDetails } from './person-details.js'

export function Details({ id }: { id: string }) {
  const held = [...conversations.value, ...archived.value].find((one) => one.id === id) ?? client.conversation(id)
  const heading = useRef<HTMLHeadingElement>(null)
  const isHeld = held !== undefined
  const close = () => {
    go(`/c/${id}`)
    // On a phone it has been hidden until now.
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`#${DETAILS_BUTTON} button`)?.focus())
  }
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), [isHeld])
  // Of what is gone there is nothing to tell; the pane says so.
  useEffect(() => {
    if (!isHeld && isLoaded.value) go(`/c/${id}`, { replace: true })
  }, [isHeld, isLoaded.value, id])
  if (!held) return null
  return (
    <section
      class="details"
      aria-label={t().details.title}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return
        if (!(event.target as Element).closest('dialog')) close()
      }}
    >
      <header class="bar">
        <IconButton icon="close" label={t().details.close} onClick={close} />
        <h2 class="bar-title" ref={heading} tabIndex={-1}>
          {t().details.title}
        </h2>
      </header>
      <div class="details-body">
        {held.type === 'group' ? <GroupDetails group={held} /> : <PersonDetails conversation={held} />}
      </div>
    </section>
  )
}
