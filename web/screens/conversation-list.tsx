import { useState } from 'preact/hooks'
import type { Conversation } from '../../src/sdk/client.js'
import { conversations, isLoaded, me } from '../app/client.js'
import { fullTime, shortTime } from '../app/format.js'
import { t } from '../app/language.js'
import { preview, titleOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { Badge } from '../ui/badge.js'
import { Button, IconButton } from '../ui/button.js'
import { Icon } from '../ui/icon.js'
import { Link } from '../ui/link.js'
import { Notice } from '../ui/notice.js'
import { AccountMenu } from './account-menu.js'
import { NewConversation } from './new-conversation.js'

const PLACEHOLDERS = [0, 1, 2, 3, 4, 5]

export function Sidebar({ current }: { current: string | undefined }) {
  const [isCreating, setCreating] = useState(false)
  const create = () => setCreating(true)
  return (
    <div class="sidebar">
      <header class="bar">
        <AccountMenu />
        <h2 class="bar-title">{t().list.title}</h2>
        <IconButton icon="add" label={t().list.create} kind="primary" onClick={create} />
      </header>
      <nav class="list" aria-label={t().list.title}>
        <List current={current} onCreate={create} />
      </nav>
      {isCreating && <NewConversation onClose={() => setCreating(false)} />}
    </div>
  )
}

function List({ current, onCreate }: { current: string | undefined; onCreate: () => void }) {
  if (conversations.value.length > 0) {
    return (
      <ul>
        {conversations.value.map((one) => (
          <li key={one.id}>
            <Entry conversation={one} isCurrent={one.id === current} />
          </li>
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
  return (
    <Notice icon="group" title={t().list.emptyTitle}>
      <p>{t().list.emptyText}</p>
      <Button kind="primary" icon="add" onClick={onCreate}>
        {t().list.create}
      </Button>
    </Notice>
  )
}

function Entry({ conversation, isCurrent }: { conversation: Conversation; isCurrent: boolean }) {
  const { id, type, peer, avatar_url, last_activity_at, me: mine } = conversation
  const title = titleOf(conversation)
  const isMuted = mine.muted_until !== null && Date.parse(mine.muted_until) > Date.now()
  const isUnread = mine.unread_count > 0
  return (
    <Link to={`/c/${id}`} class={isUnread ? 'entry unread' : 'entry'} isCurrent={isCurrent}>
      <Avatar id={peer?.id ?? id} name={title} url={peer?.avatar_url ?? avatar_url} isGroup={type === 'group'} />
      <span class="entry-main">
        <span class="entry-line">
          <bdi class="entry-title">{title}</bdi>
          <time class="entry-time" dateTime={last_activity_at} title={fullTime(last_activity_at)}>
            {shortTime(last_activity_at)}
          </time>
        </span>
        <span class="entry-line">
          <span class="entry-preview" dir="auto">
            {preview(conversation, me.value?.id)}
          </span>
          {isMuted && <Sign icon="bellOff" label={t().list.muted} />}
          {mine.pinned_at !== null && <Sign icon="pin" label={t().list.pinned} />}
          <Badge count={mine.unread_count} label={t().list.unread(mine.unread_count)} isQuiet={isMuted} />
        </span>
      </span>
    </Link>
  )
}

function Sign({ icon, label }: { icon: 'bellOff' | 'pin'; label: string }) {
  return (
    <span class="sign">
      <Icon name={icon} size={16} />
      <span class="unseen">{label}</span>
    </span>
  )
}
