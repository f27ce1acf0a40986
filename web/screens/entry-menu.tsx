import { useState } from 'preact/hooks'
import type { Conversation } from '../../src/sdk/client.js'
import { leaveGroup, markUnread, wish } from '../app/actions.js'
import { client } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { t } from '../app/language.js'
import { isMuted, mutedUntil } from '../app/muting.js'
import { go } from '../app/router.js'
import { Confirm } from '../ui/confirm.js'
import { Icon } from '../ui/icon.js'
import { Menu, MenuItem } from '../ui/menu.js'
import { say as tell } from '../ui/toast.js'

type Props = { conversation: Conversation; title: string }

/** What can be done to a conversation without opening it. */
export function EntryMenu({ conversation, title }: Props) {
  const say = t().entry
  const [isLeaving, setLeaving] = useState(false)
  return (
    <>
      <Menu label={say.menu(title)} trigger={<Icon name="more" />} isOneOfMany>
        <Items conversation={conversation} onLeave={() => setLeaving(true)} />
      </Menu>
      {isLeaving && (
        <Confirm
          title={say.leaveTitle(title)}
          action={say.leave}
          onClose={() => setLeaving(false)}
          onConfirm={() => leaveGroup(conversation.id)}
        >
          <p>{say.leaveText}</p>
        </Confirm>
      )}
    </>
  )
}

const MUTES = [
  ['mute1', 1],
  ['mute8', 8],
  ['muteAlways', undefined],
] as const

function Items({ conversation, onLeave }: { conversation: Conversation; onLeave: () => void }) {
  const say = t().entry
  const { id, type, me: mine, message_number } = conversation
  const [isPinned, isArchived] = [mine.pinned_at !== null, mine.archived_at !== null]
  const attempt = (work: Promise<void>) => {
    work.catch((error) => tell(sentence(error)))
  }
  return (
    <>
      {!isArchived && (
        <MenuItem icon="pin" onClick={() => attempt(wish(id, { pinned: !isPinned }))}>
          {isPinned ? say.unpin : say.pin}
        </MenuItem>
      )}
      {mine.unread_count > 0 ? (
        <MenuItem icon="check" onClick={() => client.markRead(id)}>
          {say.read}
        </MenuItem>
      ) : (
        message_number > 0 && (
          <MenuItem icon="chat" onClick={() => attempt(markUnread(conversation))}>
            {say.unread}
          </MenuItem>
        )
      )}
      {isMuted(mine) ? (
        <MenuItem icon="bell" onClick={() => attempt(wish(id, { muted_until: null }))}>
          {say.unmute}
        </MenuItem>
      ) : (
        MUTES.map(([name, hours]) => (
          <MenuItem key={name} icon="bellOff" onClick={() => attempt(wish(id, { muted_until: mutedUntil(hours) }))}>
            {say[name]}
          </MenuItem>
        ))
      )}
      <MenuItem icon="archive" onClick={() => attempt(wish(id, { archived: !isArchived }))}>
        {isArchived ? say.unarchive : say.archive}
      </MenuItem>
      <MenuItem icon="info" onClick={() => go(`/c/${id}/details`)}>
        {say.details}
      </MenuItem>
      {type === 'group' && (
        <MenuItem icon="signOut" onClick={onLeave}>
          {say.leave}
        </MenuItem>
      )}
    </>
  )
}
