import type { Message, MessageReceipts } from '../../src/sdk/client.js'
import { client } from '../app/client.js'
import { sentence } from '../app/faults.js'
import { fullTime } from '../app/format.js'
import { t } from '../app/language.js'
import { usePages } from '../app/pages.js'
import { person } from '../app/people.js'
import { gist, nameOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { Button } from '../ui/button.js'
import { Dialog } from '../ui/dialog.js'
import { Spinner } from '../ui/spinner.js'

type Seen = MessageReceipts['data'][number]

/** When it was said and changed, and who has received and read it. */
export function MessageDetails({ message, onClose }: { message: Message; onClose: () => void }) {
  const say = t().actions
  const { id, sender_id, created_at, edited_at } = message
  const people = usePages<Seen>(id, (cursor, signal) =>
    client.call('GET /messages/{id}/receipts', {
      path: { id },
      query: { limit: 100, ...(cursor !== undefined && { cursor }) },
      signal,
    }),
  )
  const list = people.list?.toSorted((a, b) => rankOf(b) - rankOf(a))
  return (
    <Dialog title={say.details} onClose={onClose}>
      <p class="excerpt" dir="auto">
        {gist(message)}
      </p>
      <dl class="facts">
        <dt>{say.from}</dt>
        <dd>
          <bdi>{nameOf(person(sender_id ?? ''))}</bdi>
        </dd>
        <dt>{say.sentAt}</dt>
        <dd>{fullTime(created_at)}</dd>
        {edited_at !== null && (
          <>
            <dt>{say.editedAt}</dt>
            <dd>{fullTime(edited_at)}</dd>
          </>
        )}
      </dl>
      <h3>{say.seenBy}</h3>
      {people.error !== undefined && (
        <p role="alert">
          {sentence(people.error)} <Button onClick={people.again}>{t().app.retry}</Button>
        </p>
      )}
      {list?.length === 0 && <p class="results-note">{say.seenByNobody}</p>}
      {list === undefined && people.isLoading && <Spinner label={t().app.loading} />}
      <ul class="seen-by">
        {list?.map((one) => (
          <Reader key={one.user_id} seen={one} />
        ))}
      </ul>
      {people.hasMore && (
        <Button isBusy={people.isLoading} onClick={people.more}>
          {say.more}
        </Button>
      )}
    </Dialog>
  )
}

function Reader({ seen }: { seen: Seen }) {
  const { user_id, read_at, delivered_at } = seen
  const say = t().actions
  const somebody = person(user_id)
  const words = read_at
    ? say.readAt(fullTime(read_at))
    : delivered_at
      ? say.deliveredAt(fullTime(delivered_at))
      : say.notYet
  return (
    <li>
      <Avatar id={user_id} name={nameOf(somebody)} url={somebody?.avatar_url} size="small" />
      <span class="person-words">
        <bdi>{nameOf(somebody)}</bdi>
        <small>{words}</small>
      </span>
    </li>
  )
}

const rankOf = ({ read_at, delivered_at }: Seen): number => Number(read_at !== null) * 2 + Number(delivered_at !== null)
