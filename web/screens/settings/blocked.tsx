import type { Block } from '../../../src/sdk/client.js'
import { unblock } from '../../app/blocks.js'
import { client } from '../../app/client.js'
import { sentence } from '../../app/faults.js'
import { dateOf } from '../../app/format.js'
import { t } from '../../app/language.js'
import { usePages } from '../../app/pages.js'
import { nameOf } from '../../app/titles.js'
import { useWork } from '../../app/work.js'
import { Avatar } from '../../ui/avatar.js'
import { Button } from '../../ui/button.js'
import { Fault } from '../../ui/fault.js'
import { Notice } from '../../ui/notice.js'
import { Spinner } from '../../ui/spinner.js'

export function Blocked() {
  const say = t().blocked
  const work = useWork()
  const pages = usePages<Block>('blocks', (cursor, signal) =>
    client.call('GET /blocks', { query: cursor === undefined ? {} : { cursor }, signal }),
  )
  const lift = (id: string) =>
    work.run(async () => {
      await unblock(id)
      pages.change((list) => list.filter(({ user }) => user.id !== id))
    })
  return (
    <>
      <p>{say.lead}</p>
      <Fault text={work.fault ?? (pages.error === undefined ? undefined : sentence(pages.error))} />
      {pages.error !== undefined && <Button onClick={pages.again}>{t().app.retry}</Button>}
      {!pages.list && pages.isLoading && <Spinner label={t().app.loading} />}
      <ul class="rows">
        {pages.list?.map(({ user, created_at }) => (
          <li key={user.id} class="member">
            <Avatar id={user.id} name={nameOf(user)} url={user.avatar_url} size="small" />
            <span class="person-words">
              <bdi>{nameOf(user)}</bdi>
              <small>{say.since(dateOf(created_at))}</small>
            </span>
            <Button onClick={() => lift(user.id)}>
              {t().details.unblock}
              <span class="unseen"> {nameOf(user)}</span>
            </Button>
          </li>
        ))}
      </ul>
      {pages.list?.length === 0 && (
        <Notice icon="check" title={say.noneTitle}>
          <p>{say.noneText}</p>
        </Notice>
      )}
      {pages.hasMore && (
        <Button isBusy={pages.isLoading} onClick={pages.more}>
          {t().details.more}
        </Button>
      )}
    </>
  )
}
