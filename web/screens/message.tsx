import type { Message, Unsent } from '../../src/sdk/client.js'
import { client, isOnline, status } from '../app/client.js'
import { sentenceOf } from '../app/faults.js'
import { fullTime, timeOfDay } from '../app/format.js'
import { t } from '../app/language.js'
import { person } from '../app/people.js'
import type { Row } from '../app/rows.js'
import { nameOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { Button } from '../ui/button.js'
import { Icon } from '../ui/icon.js'

type Props = { row: Row & { kind: 'message' }; isMine: boolean; isGroup: boolean }

export function Bubble({ row, isMine, isGroup }: Props) {
  const { message, authorId, isFirst, isLast } = row
  const author = person(authorId)
  const name = isMine ? t().message.you : nameOf(author)
  const isUnsent = 'state' in message
  const classes = ['message', isMine && 'mine', isFirst && 'first', isLast && 'last', isUnsent && message.state]
  return (
    <li class={classes.filter(Boolean).join(' ')}>
      {isGroup && !isMine && (
        <span class="message-face">
          {isLast && <Avatar id={authorId} name={nameOf(author)} url={author?.avatar_url} size="small" />}
        </span>
      )}
      <div class="message-column">
        {isFirst && <bdi class={isGroup && !isMine ? 'message-author' : 'unseen'}>{name}</bdi>}
        <div class="bubble">
          {!isUnsent && message.reply_to && (
            <blockquote class="quote" dir="auto">
              <span class="unseen">{t().message.replyTo(nameOf(person(message.reply_to.sender_id ?? '')))}</span>
              {message.reply_to.excerpt ?? t().message.deleted}
            </blockquote>
          )}
          {!isUnsent && <Files message={message} />}
          <Words message={message} />
          <span class="message-foot">
            {!isUnsent && message.edited_at !== null && message.deleted_at === null && (
              <span>{t().message.edited}</span>
            )}
            <time dateTime={message.created_at} title={fullTime(message.created_at)}>
              {timeOfDay(message.created_at)}
            </time>
            {isUnsent && <Sending message={message} />}
          </span>
        </div>
        {isUnsent && message.state === 'failed' && <Failed message={message} />}
      </div>
    </li>
  )
}

function Words({ message }: { message: Message | Unsent }) {
  if ('deleted_at' in message && message.deleted_at !== null) return <p class="deleted">{t().message.deleted}</p>
  if (!message.content) return null
  return (
    <p class="words" dir="auto">
      {message.content}
    </p>
  )
}

function Files({ message }: { message: Message }) {
  if (message.attachments.length === 0) return null
  return (
    <ul class="files">
      {message.attachments.map(({ id, filename }) => (
        <li key={id}>
          <Icon name="file" size={16} />
          <bdi>{filename}</bdi>
        </li>
      ))}
    </ul>
  )
}

function Sending({ message }: { message: Unsent }) {
  if (message.state === 'failed') return null
  const label = status.value === 'live' && isOnline.value ? t().message.sending : t().message.waiting
  return (
    <span title={label}>
      <Icon name="clock" size={14} />
      <span class="unseen">{label}</span>
    </span>
  )
}

function Failed({ message }: { message: Unsent }) {
  const { client_id, error } = message
  return (
    <div class="failed-note" role="alert">
      <p>
        <strong>{t().message.failed}.</strong> {sentenceOf(error?.code ?? 'unknown')}
      </p>
      <Button onClick={() => client.retry(client_id)}>{t().app.retry}</Button>
      <Button onClick={() => client.discard(client_id)}>{t().message.discard}</Button>
    </div>
  )
}
