import { useEffect } from 'preact/hooks'
import type { Ban } from '../../../src/sdk/client.js'
import { client } from '../../app/client.js'
import { sentence } from '../../app/faults.js'
import { dateAndTime } from '../../app/format.js'
import { t } from '../../app/language.js'
import { usePages } from '../../app/pages.js'
import { nameOf } from '../../app/titles.js'
import { useWork } from '../../app/work.js'
import { Avatar } from '../../ui/avatar.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Fault } from '../../ui/fault.js'
import { Spinner } from '../../ui/spinner.js'

/** Who may not come back, until when and why. */
export function Bans({ groupId, onClose }: { groupId: string; onClose: () => void }) {
  const say = t().bans
  const work = useWork()
  const pages = usePages<Ban>(groupId, (cursor, signal) =>
    client.call('GET /conversations/{id}/bans', {
      path: { id: groupId },
      query: cursor === undefined ? {} : { cursor },
      signal,
    }),
  )
  const { change, again } = pages
  useEffect(
    () =>
      client.on('event', ({ type, stream, data }) => {
        if (stream !== groupId) return
        const { user_id } = data as { user_id: string }
        if (type === 'member.unbanned') change((list) => list.filter(({ user }) => user.id !== user_id))
        if (type === 'member.banned') again()
      }),
    [groupId],
  )
  const lift = (user_id: string) =>
    work.run(async () => {
      await client.call('DELETE /conversations/{id}/bans/{user_id}', { path: { id: groupId, user_id } })
      change((list) => list.filter(({ user }) => user.id !== user_id))
    })
  return (
    <Dialog title={t().details.bans} onClose={onClose}>
      <Fault text={work.fault ?? (pages.error === undefined ? undefined : sentence(pages.error))} />
      {!pages.list && pages.isLoading && <Spinner label={t().app.loading} />}
      <p role="status" class={pages.list?.length === 0 ? 'quiet' : 'unseen'}>
        {pages.list?.length === 0 && say.none}
      </p>
      <ul>
        {pages.list?.map(({ user, banned_until, reason }) => (
          <li key={user.id} class="member">
            <Avatar id={user.id} name={nameOf(user)} url={user.avatar_url} size="small" />
            <span class="person-words">
              <bdi>{nameOf(user)}</bdi>
              <small>{banned_until === null ? say.forGood : say.until(dateAndTime(banned_until))}</small>
              {reason && <small dir="auto">{reason}</small>}
            </span>
            <Button onClick={() => lift(user.id)}>
              {say.lift}
              <span class="unseen"> {nameOf(user)}</span>
            </Button>
          </li>
        ))}
      </ul>
      {pages.hasMore && (
        <Button isBusy={pages.isLoading} onClick={pages.more}>
          {t().details.more}
        </Button>
      )}
    </Dialog>
  )
}
