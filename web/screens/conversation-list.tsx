import { useMemo, useState } from 'preact/hooks'
import type { Conversation } from '../../src/sdk/client.js'
import { isLoaded } from '../app/client.js'
import { chosen, clearFilters, isFiltered, kind, words } from '../app/filters.js'
import { useKeptFocus } from '../app/kept-focus.js'
import { t } from '../app/language.js'
import { Button, IconButton } from '../ui/button.js'
import { Notice } from '../ui/notice.js'
import { AccountMenu } from './account-menu.js'
import { Entry } from './conversation-entry.js'
import { DemoButton } from './demo-button.js'
import { Filters } from './list-filters.js'
import { NewConversation } from './new-conversation.js'
import { openSwitcher, SWITCHER_KEYS } from './switcher.js'

const PLACEHOLDERS = [0, 1, 2, 3, 4, 5]

export function Sidebar({ current }: { current: string | undefined }) {
  const [isCreating, setCreating] = useState(false)
  const create = () => setCreating(true)
  return (
    <div class="sidebar">
      <header class="bar">
        <AccountMenu />
        <h2 class="bar-title">{t().list.title}</h2>
        <IconButton icon="search" label={t().switcher.open(SWITCHER_KEYS)} onClick={openSwitcher} />
        <IconButton icon="add" label={t().list.create} kind="primary" onClick={create} />
      </header>
      <nav class="list" aria-label={t().list.title}>
        <Filters />
        <List current={current} onCreate={create} />
      </nav>
      {isCreating && <NewConversation onClose={() => setCreating(false)} />}
    </div>
  )
}

/** Of a thousand of them one has changed: the others are not drawn again. */
function Kept({ conversation, isCurrent }: { conversation: Conversation; isCurrent: boolean }) {
  return useMemo(() => <Entry conversation={conversation} isCurrent={isCurrent} />, [conversation, isCurrent])
}

function List({ current, onCreate }: { current: string | undefined; onCreate: () => void }) {
  const list = useKeptFocus<HTMLUListElement>('.entry', '.filters input:checked')
  if (chosen.value.length > 0) {
    return (
      // The keys go from link to link, which Tab does too.
      <ul ref={list.ref} onKeyDown={list.onKeyDown}>
        {chosen.value.map((one) => (
          <Kept key={one.id} conversation={one} isCurrent={one.id === current} />
        ))}
      </ul>
    )
  }
  // As high as what is to come.
  if (!isLoaded.value) {
    return (
      <div class="placeholders" role="status">
        <span class="unseen">{t().app.loading}</span>
        {PLACEHOLDERS.map((each) => (
          <div key={each} class="entry placeholder" aria-hidden="true">
            <span class="avatar medium" />
            <span class="lines" />
          </div>
        ))}
      </div>
    )
  }
  if (isFiltered.value) {
    const say = t().filters
    return (
      <Notice icon="search" title={words.value.trim() ? say.noneTitle : say.empty[kind.value]}>
        <Button onClick={clearFilters}>{say.clear}</Button>
      </Notice>
    )
  }
  return (
    <Notice icon="group" title={t().list.emptyTitle}>
      <p>{t().list.emptyText}</p>
      <Button kind="primary" icon="add" onClick={onCreate}>
        {t().list.create}
      </Button>
      <DemoButton />
    </Notice>
  )
}
