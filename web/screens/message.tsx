import type { Message, Unsent } from '../../src/sdk/client.js'
import { client, isOnline, status } from '../app/client.js'
import { answeredBy } from '../app/drafting.js'
import { sentenceOf } from '../app/faults.js'
import { fullTime, timeOfDay } from '../app/format.js'
import { jumpTo } from '../app/jumps.js'
import { t } from '../app/language.js'
import { partsOf } from '../app/links.js'
import { person } from '../app/people.js'
import { reach } from '../app/reach.js'
import type { Row } from '../app/rows.js'
import { gist, nameOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { Button } from '../ui/button.js'
import { Icon } from '../ui/icon.js'
import { Files } from './files.js'

type Props = { row: Row & { kind: 'message' }; gap: number; isMine: boolean; isGroup: boolean; isFound: boolean }

/** `gap`: the room of what is not drawn above it. */
export function Bubble({ row, gap, isMine, isGroup, isFound }: Props) {
  const { message, authorId, isFirst, isLast } = row
  const author = person(authorId)
  const name = isMine ? t().message.you : nameOf(author)
  const isUnsent = 'state' in message
  const classes = ['message', isMine && 'mine', isFirst && 'first', isLast && 'last', isFound && 'found']
  const progress = isMine && !isUnsent && message.deleted_at === null ? progressOf(message) : undefined
  const isEdited = !isUnsent && message.edited_at !== null && message.deleted_at === null
  const label = [
    t().transcript.message(name, gist(message).slice(0, SHOWN_MAX), timeOfDay(message.created_at)),
    !isUnsent && message.reply_to && t().message.replyTo(nameOf(person(message.reply_to.sender_id ?? ''))),
    isEdited && t().message.edited,
    progress && t().transcript[progress],
  ]
  return (
    <li
      class={[...classes, isUnsent && message.state].filter(Boolean).join(' ')}
      data-key={row.key}
      tabIndex={-1}
      aria-label={label.filter(Boolean).join(', ')}
      style={{ marginBlockStart: `${gap}px` }}
    >
      {isGroup && !isMine && (
        <span class="message-face">
          {isLast && <Avatar id={authorId} name={nameOf(author)} url={author?.avatar_url} size="small" />}
        </span>
      )}
      <div class="message-column">
        {isFirst && <bdi class={isGroup && !isMine ? 'message-author' : 'unseen'}>{name}</bdi>}
        <div class="bubble">
          <Quote message={message} />
          <Files message={message} />
          <Words message={message} />
          <span class="message-foot">
            {isEdited && <span>{t().message.edited}</span>}
            <time dateTime={message.created_at} title={fullTime(message.created_at)}>
              {timeOfDay(message.created_at)}
            </time>
            {isUnsent ? <Sending message={message} /> : progress && <Ticks progress={progress} />}
          </span>
        </div>
        {isUnsent && message.state === 'failed' && <Failed message={message} />}
      </div>
      {/* By keys it is opened on the message itself, so it is no stop of its own. */}
      <button type="button" class="message-more" tabIndex={-1} aria-label={t().actions.menu} title={t().actions.menu}>
        <Icon name="more" size={16} />
      </button>
    </li>
  )
}

/** What is answered; a click leads there. */
function Quote({ message }: { message: Message | Unsent }) {
  const answered = 'state' in message ? answeredBy(message.reply_to_id) : undefined
  const quoted = 'reply_to' in message ? message.reply_to : answered && { ...answered, excerpt: gist(answered) }
  if (!quoted) return null
  const name = nameOf(person(quoted.sender_id ?? ''))
  return (
    <blockquote class="quote">
      <button type="button" tabIndex={-1} onClick={() => jumpTo(message.conversation_id, quoted.number)}>
        <span class="unseen">{t().message.replyTo(name)}</span>
        <bdi class="quote-author" aria-hidden="true">
          {name}
        </bdi>
        <span class="quote-text" dir="auto">
          {quoted.excerpt ?? t().message.deleted}
        </span>
      </button>
    </blockquote>
  )
}

/** How far a message of mine has come. */
function progressOf({ number }: Message): 'sent' | 'delivered' | 'read' {
  const { read, delivered } = reach.value
  if (number <= read) return 'read'
  return number <= delivered ? 'delivered' : 'sent'
}

function Ticks({ progress }: { progress: 'sent' | 'delivered' | 'read' }) {
  const label = t().transcript[progress]
  return (
    <span class={`ticks ${progress}`} title={label}>
      <Icon name={progress === 'sent' ? 'check' : 'checks'} size={16} />
      <span class="unseen">{label}</span>
    </span>
  )
}

/** Nobody can write more here; what was put into the database by other means would hold up the page. */
const SHOWN_MAX = 65_536

function Words({ message }: { message: Message | Unsent }) {
  if ('deleted_at' in message && message.deleted_at !== null) return <p class="deleted">{t().message.deleted}</p>
  if (!message.content) return null
  return (
    <p class="words" dir="auto">
      {partsOf(message.content.slice(0, SHOWN_MAX)).map((part) =>
        typeof part === 'string' ? part : <Address {...part} />,
      )}
    </p>
  )
}

/** Elsewhere: whoever is asked there does not learn where it was written, and has no hold on this page. */
function Address({ href, text }: { href: string; text: string }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      <bdi dir="ltr">{text}</bdi>
    </a>
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

/** What is wrong with one that was refused, and what can be done. */
export function Failed({ message }: { message: Unsent }) {
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
