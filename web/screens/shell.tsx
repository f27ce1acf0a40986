import { useEffect, useRef } from 'preact/hooks'
import { isLoaded } from '../app/client.js'
import { report } from '../app/connection.js'
import { t } from '../app/language.js'
import { place } from '../app/router.js'
import { Icon } from '../ui/icon.js'
import { Notice } from '../ui/notice.js'
import { Sidebar } from './conversation-list.js'
import { ConversationPane } from './conversation-pane.js'

const TONES = { calm: 'clock', good: 'check', bad: 'cloudOff' } as const

/** Two panes beside each other, or one at a time where there is no room for two: the address says which. */
export function Shell() {
  const at = place.value
  const id = at.name === 'conversation' ? at.id : undefined
  const left = useRef<string | undefined>(undefined)
  useEffect(() => {
    // Back in the list, one is where one was.
    if (!id && left.current) document.querySelector<HTMLElement>(`[href="/c/${left.current}"]`)?.focus()
    left.current = id
  }, [id])
  return (
    <main class="shell" data-pane={id ? 'conversation' : 'list'}>
      <h1 class="unseen">{t().app.name}</h1>
      {id && (
        <a class="skip" href="#messages">
          {t().app.skip}
        </a>
      )}
      <Sidebar current={id} />
      {id ? (
        <ConversationPane key={id} id={id} />
      ) : (
        <section class="pane blank">
          {isLoaded.value && (
            <Notice icon="chat" title={t().pane.pickTitle}>
              <p>{t().pane.pickText}</p>
            </Notice>
          )}
        </section>
      )}
      <Banner />
    </main>
  )
}

/** How the connection is. It lies over the page, so that nothing moves when it comes and goes. */
function Banner() {
  const now = report.value
  return (
    <div class="banner-place" role="status">
      {now && (
        <p class={`banner ${now.tone}`} key={now.tone}>
          <Icon name={TONES[now.tone]} size={16} />
          <span>{now.text}</span>
        </p>
      )}
    </div>
  )
}
