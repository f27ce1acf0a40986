import type { Conversation } from '../../src/sdk/client.js'
import { me } from '../app/client.js'
import { fullTime, listOf, shortTime } from '../app/format.js'
import { t } from '../app/language.js'
import { isMuted } from '../app/muting.js'
import { peerOf, person } from '../app/people.js'
import { nameOf, preview, titleOf } from '../app/titles.js'
import { typistsIn } from '../app/typists.js'
import { Avatar } from '../ui/avatar.js'
import { Badge } from '../ui/badge.js'
import { Icon } from '../ui/icon.js'
import { Link } from '../ui/link.js'
import { EntryMenu } from './entry-menu.js'
import { Face } from './face.js'

/** So many names fit. */
const NAMED_MAX = 2

export function Entry({ conversation, isCurrent }: { conversation: Conversation; isCurrent: boolean }) {
  const { id, type, avatar_url, last_activity_at, me: mine } = conversation
  const peer = peerOf(conversation)
  const title = titleOf(conversation)
  const muted = isMuted(mine)
  const isUnread = mine.unread_count > 0
  return (
    <li
      class="entry-row"
      // Also by the key for it, and by a long press.
      onContextMenu={(event) => {
        const button = event.currentTarget.querySelector<HTMLElement>('.more-button[aria-expanded="false"]')
        if (!button) return
        event.preventDefault()
        button.click()
      }}
    >
      <Link to={`/c/${id}`} class={isUnread ? 'entry unread' : 'entry'} isCurrent={isCurrent}>
        {peer && !peer.deleted ? (
          <Face id={peer.id} name={title} url={peer.avatar_url} />
        ) : (
          <Avatar id={peer?.id ?? id} name={title} url={peer?.avatar_url ?? avatar_url} isGroup={type === 'group'} />
        )}
        <span class="entry-main">
          <span class="entry-line">
            <bdi class="entry-title">{title}</bdi>
            <time class="entry-time" dateTime={last_activity_at} title={fullTime(last_activity_at)}>
              {shortTime(last_activity_at)}
            </time>
          </span>
          <span class="entry-line">
            <Preview conversation={conversation} />
            {muted && <Sign icon="bellOff" label={t().list.muted} />}
            {mine.pinned_at !== null && <Sign icon="pin" label={t().list.pinned} />}
            <Badge count={mine.unread_count} label={t().list.unread(mine.unread_count)} isQuiet={muted} />
          </span>
        </span>
      </Link>
      <EntryMenu conversation={conversation} title={title} />
    </li>
  )
}

function Preview({ conversation }: { conversation: Conversation }) {
  const typists = typistsIn(conversation.id)
  if (typists.length === 0) {
    const { who, what } = preview(conversation, me.value?.id)
    return (
      <span class="entry-preview">
        {who && <span class="entry-who">{who}</span>}
        <span class="entry-what" dir="auto">
          {what}
        </span>
      </span>
    )
  }
  const say = t().typing
  const names = typists.slice(0, NAMED_MAX).map((one) => nameOf(person(one)))
  const words = typists.length > NAMED_MAX ? say.several : say.named(typists.length, listOf(names))
  return (
    <span class="entry-preview is-typing">
      <span class="entry-what">{conversation.type === 'direct' ? say.direct : words}</span>
    </span>
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
