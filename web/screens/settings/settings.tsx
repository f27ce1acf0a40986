// What somebody sets for themselves and for this device. Loaded when it is opened.
import type { ComponentType } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '../../app/language.js'
import { go } from '../../app/router.js'
import { Boundary } from '../../ui/boundary.js'
import { IconButton } from '../../ui/button.js'
import { Icon, type IconName } from '../../ui/icon.js'
import { Link } from '../../ui/link.js'
import { Notice } from '../../ui/notice.js'
import { Account } from './account.js'
import { Appearance } from './appearance.js'
import { Blocked } from './blocked.js'
import { Devices } from './devices.js'
import { Notifications } from './notifications.js'
import { Profile } from './profile.js'

const PARTS = {
  profile: ['person', Profile],
  account: ['settings', Account],
  devices: ['device', Devices],
  blocked: ['ban', Blocked],
  notifications: ['bell', Notifications],
  appearance: ['sun', Appearance],
} as const satisfies Record<string, readonly [IconName, ComponentType]>
type Part = keyof typeof PARTS
const NAMES = Object.keys(PARTS) as Part[]

const isPart = (name: string | undefined): name is Part => name !== undefined && Object.hasOwn(PARTS, name)

export function Settings({ part }: { part: string | undefined }) {
  const say = t().settings
  const chosen = isPart(part) ? part : undefined
  const left = useRef<string | undefined>(undefined)
  const heading = useRef<HTMLHeadingElement>(null)
  // What led here is gone. A part has a heading of its own.
  useLayoutEffect(() => {
    if (!chosen) heading.current?.focus({ preventScroll: true })
  }, [])
  useEffect(() => {
    // Back in the list, one is where one was.
    if (!part && left.current) document.querySelector<HTMLElement>(`[href="/settings/${left.current}"]`)?.focus()
    left.current = part
  }, [part])
  const close = () => {
    go('/')
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.menu-button')?.focus())
  }
  return (
    <>
      <h1 class="unseen">{say.title}</h1>
      <div class="sidebar">
        <header class="bar">
          <IconButton icon="back" label={say.leave} onClick={close} />
          <h2 class="bar-title" ref={heading} tabIndex={-1}>
            {say.title}
          </h2>
        </header>
        <nav class="list" aria-label={say.title}>
          <ul>
            {NAMES.map((each) => (
              <li key={each}>
                <Link to={`/settings/${each}`} class="entry part" isCurrent={each === chosen}>
                  <Icon name={PARTS[each][0]} />
                  <span>{say.parts[each]}</span>
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      {chosen ? (
        <Boundary key={chosen}>
          <PartPane part={chosen} />
        </Boundary>
      ) : (
        <Nothing isUnknown={part !== undefined} />
      )}
    </>
  )
}

function PartPane({ part }: { part: Part }) {
  const say = t().settings
  const heading = useRef<HTMLHeadingElement>(null)
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), [])
  const [, Content] = PARTS[part]
  return (
    <section class="pane" aria-label={say.parts[part]}>
      <header class="bar">
        <span class="only-narrow">
          <IconButton icon="back" label={t().app.back} onClick={() => go('/settings')} />
        </span>
        <h2 class="bar-title" ref={heading} tabIndex={-1}>
          {say.parts[part]}
        </h2>
      </header>
      <div class="part-body">
        <Content />
      </div>
    </section>
  )
}

function Nothing({ isUnknown }: { isUnknown: boolean }) {
  const say = t()
  return (
    <section class="pane blank">
      <Notice icon="settings" title={isUnknown ? say.notFound.title : say.settings.pickTitle}>
        <p>{isUnknown ? say.notFound.text : say.settings.pickText}</p>
      </Notice>
    </section>
  )
}
