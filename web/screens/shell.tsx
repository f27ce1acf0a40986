import { useEffect, useRef } from 'preact/hooks'
import { isLoaded } from '../app/client.js'
import { report } from '../app/connection.js'
import { stayOf } from '../app/departures.js'
import { t } from '../app/language.js'
import { place } from '../app/router.js'
import { Boundary } from '../ui/boundary.js'
import { Icon } from '../ui/icon.js'
import { lazy } from '../ui/lazy.js'
import { Notice } from '../ui/notice.js'
import { Sidebar } from './conversation-list.js'
import { ConversationPane } from './conversation-pane.js'
import { SwitcherPlace } from './switcher.js'

const Settings = lazy(async () => (await import('./settings/settings.js')).Settings)
const Details = lazy(async () => (await import('./details/details.js')).Details)
const TONES = { calm: 'clock', good: 'check', bad: 'cloudOff' } as const

/** Two panes beside each other, or one at a time where there is no room for two: the address says which. */
export function Shell() {
  const at = place.value
  const id = at.name === 'conversation' ? at.id : undefined
  const left = useRef<string | undefined>(undefined)
  useEffect(() => {
    // Back in the list, one is where one was; at its beginning if that is gone.
    if (!id && left.current) {
      const find = (selector: string) => document.querySelector<HTMLElement>(selector)
      const at = find(`[href="/c/${left.current}"]`) ?? find('.filters input:checked')
      at?.focus()
    }
    left.current = id
  }, [id])
  const hasDetails = at.name === 'conversation' && at.hasDetails === true
  if (at.name === 'settings') {
    return (
      <main class="shell" data-pane={at.part ? 'conversation' : 'list'}>
        <Settings part={at.part} />
        <SwitcherPlace />
        <Banner />
      </main>
    )
  }
  return (
    <main class="shell" data-pane={id ? 'conversation' : 'list'} data-details={hasDetails ? '' : undefined}>
      <h1 class="unseen">{t().app.name}</h1>
      {id && (
        <a class="skip" href="#messages">
          {t().app.skip}
        </a>
      )}
      <Sidebar current={id} />
      {id ? (
        <Boundary key={`${id} ${stayOf(id)}`}>
          <ConversationPane id={id} />
        </Boundary>
      ) : (
        <section class="pane blank">
          {isLoaded.value && (
            <Notice icon="chat" title={t().pane.pickTitle}>
              <p>{t().pane.pickText}</p>
            </Notice>
          )}
        </section>
      )}
      {id && hasDetails && (
        <Boundary key={`details ${id}`}>
          <Details id={id} />
        </Boundary>
      )}
      <SwitcherPlace />
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
