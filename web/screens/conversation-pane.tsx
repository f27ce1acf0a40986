import { useEffect, useRef } from 'preact/hooks'
import type { Conversation } from '../../src/sdk/client.js'
import { client, conversations } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { t } from '../app/language.js'
import { peerOf } from '../app/people.js'
import { may } from '../app/permissions.js'
import { go } from '../app/router.js'
import { type Opened, useTimeline } from '../app/timeline.js'
import { titleOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { Button, IconButton } from '../ui/button.js'
import { Notice } from '../ui/notice.js'
import { Spinner } from '../ui/spinner.js'
import { Composer } from './composer.js'
import { DetailsButton } from './details-button.js'
import { DropZone } from './drop-zone.js'
import { Gone } from './gone.js'
import { MessageList } from './message-list.js'
import { PeerNote } from './peer-note.js'
import { ReadOnly } from './read-only.js'

/** One conversation, as long as it is on the screen. */
export function ConversationPane({ id }: { id: string }) {
  const opened = useTimeline(id)
  // The list names those that are not archived; the client knows the others as well.
  const held = conversations.value.find((one) => one.id === id) ?? client.conversation(id)
  // What was there is still named when it is gone.
  const was = useRef(held)
  if (held) was.current = held
  const shown = opened.is === 'gone' ? was.current : held
  const maySend = held === undefined || may(held.me.role, 'message.send')
  return (
    <section class="pane" aria-label={shown ? titleOf(shown) : t().pane.messages}>
      <Head conversation={shown} isOver={opened.is === 'gone'} />
      {opened.is === 'gone' ? <Gone id={id} was={shown} /> : <Content opened={opened} conversation={held} />}
      {opened.is === 'open' && maySend && <Composer conversationId={id} messages={opened.messages} />}
      {opened.is === 'open' && maySend && <DropZone conversationId={id} />}
      {opened.is === 'open' && !maySend && <ReadOnly />}
    </section>
  )
}

function Head({ conversation, isOver }: { conversation: Conversation | undefined; isOver: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  const title = conversation ? titleOf(conversation) : ''
  return (
    <header class="bar">
      <span class="only-narrow">
        <IconButton icon="back" label={t().app.back} onClick={() => go('/')} />
      </span>
      {conversation && (
        <Avatar
          id={conversation.peer?.id ?? conversation.id}
          name={title}
          url={peerOf(conversation)?.avatar_url ?? conversation.avatar_url}
          size="small"
          isGroup={conversation.type === 'group'}
        />
      )}
      <div class="bar-words">
        <h2 class="bar-title" ref={heading} tabIndex={-1}>
          <bdi>{title}</bdi>
        </h2>
        {conversation && !isOver && <p class="bar-note">{noteOf(conversation)}</p>}
      </div>
      {conversation && !isOver && <DetailsButton id={conversation.id} />}
    </header>
  )
}

function noteOf({ type, peer, member_count }: Conversation) {
  if (type === 'group') return t().pane.members(member_count)
  return peer && !peer.deleted ? <PeerNote peer={peer} otherwise={`@${peer.username}`} /> : null
}

function Content({ opened, conversation }: { opened: Opened; conversation: Conversation | undefined }) {
  switch (opened.is) {
    case 'gone':
      return null
    case 'opening':
      return (
        <div class="pane-middle" id="messages">
          <Spinner label={t().app.loading} />
        </div>
      )
    case 'failed':
      return (
        <Notice icon="cloudOff" title={t().pane.failedTitle}>
          <p role="alert">{sentence(opened.error)}</p>
          <Button kind="primary" onClick={opened.retry}>
            {t().app.retry}
          </Button>
        </Notice>
      )
    case 'open':
      return <MessageList {...opened} conversation={conversation} />
  }
}
