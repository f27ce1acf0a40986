import { useEffect, useRef } from 'preact/hooks'
import type { Conversation } from '../../src/sdk/client.js'
import { client, conversations } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { t } from '../app/language.js'
import { go } from '../app/router.js'
import { type Opened, useTimeline } from '../app/timeline.js'
import { titleOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { Button, IconButton } from '../ui/button.js'
import { Notice } from '../ui/notice.js'
import { Spinner } from '../ui/spinner.js'
import { Composer } from './composer.js'
import { MessageList } from './message-list.js'

/** One conversation, as long as it is on the screen. */
export function ConversationPane({ id }: { id: string }) {
  const opened = useTimeline(id)
  // The list names those that are not archived; the client knows the others as well.
  const held = conversations.value.find((one) => one.id === id) ?? client.conversation(id)
  return (
    <section class="pane" aria-label={held ? titleOf(held) : t().pane.messages}>
      <Head conversation={held} />
      <Content opened={opened} conversation={held} />
      {opened.is === 'open' && <Composer conversationId={id} />}
    </section>
  )
}

function Head({ conversation }: { conversation: Conversation | undefined }) {
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
          url={conversation.peer?.avatar_url ?? conversation.avatar_url}
          size="small"
          isGroup={conversation.type === 'group'}
        />
      )}
      <div class="bar-words">
        <h2 class="bar-title" ref={heading} tabIndex={-1}>
          <bdi>{title}</bdi>
        </h2>
        {conversation && <p class="bar-note">{noteOf(conversation)}</p>}
      </div>
    </header>
  )
}

function noteOf({ type, peer, member_count }: Conversation) {
  if (type === 'group') return t().pane.members(member_count)
  return peer && !peer.deleted ? <bdi>@{peer.username}</bdi> : null
}

function Content({ opened, conversation }: { opened: Opened; conversation: Conversation | undefined }) {
  switch (opened.is) {
    case 'opening':
      return (
        <div class="pane-middle" id="messages">
          <Spinner label={t().app.loading} />
        </div>
      )
    case 'gone':
      return (
        <Notice icon="chat" title={t().pane.goneTitle}>
          <p>{t().pane.goneText}</p>
          <Button onClick={() => go('/')}>{t().pane.home}</Button>
        </Notice>
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
