import { useEffect, useState } from 'preact/hooks'
import type { Session } from '../../../src/sdk/client.js'
import { client } from '../../app/client.js'
import { deviceOf } from '../../app/devices.js'
import { sentence } from '../../app/faults.js'
import { ago } from '../../app/format.js'
import { t } from '../../app/language.js'
import { usePages } from '../../app/pages.js'
import { useWork } from '../../app/work.js'
import { Button } from '../../ui/button.js'
import { Confirm } from '../../ui/confirm.js'
import { Fault } from '../../ui/fault.js'
import { Icon } from '../../ui/icon.js'
import { Spinner } from '../../ui/spinner.js'

/** Where I am signed in: one that I do not know can be ended at once. */
export function Devices() {
  const say = t().devices
  const work = useWork()
  const [isAsking, setAsking] = useState(false)
  const pages = usePages<Session>('sessions', async (_, signal) => {
    const { data } = await client.call('GET /sessions', { signal })
    return { data, next_cursor: null }
  })
  const { change } = pages
  useEffect(
    () =>
      client.on('event', ({ type, data }) => {
        if (type !== 'session.revoked') return
        const { session_id } = data as { session_id: string }
        change((list) => list.filter(({ id }) => id !== session_id))
      }),
    [],
  )
  const sessions = [...(pages.list ?? [])].sort((a, b) => Number(b.current) - Number(a.current))
  const end = (id: string) =>
    work.run(async () => {
      await client.call('DELETE /sessions/{id}', { path: { id } })
      change((list) => list.filter((one) => one.id !== id))
    })
  return (
    <>
      <p>{say.lead}</p>
      <Fault text={work.fault ?? (pages.error === undefined ? undefined : sentence(pages.error))} />
      {pages.error !== undefined && <Button onClick={pages.again}>{t().app.retry}</Button>}
      {!pages.list && pages.isLoading && <Spinner label={t().app.loading} />}
      <ul class="rows">
        {sessions.map((session) => (
          <li key={session.id} class="member">
            <Icon name="device" size={24} />
            <span class="person-words">
              <span>{deviceOf(session.user_agent) ?? say.unknown}</span>
              <small>
                {session.current ? say.current : say.active(ago(session.last_active_at))} · <bdi>{session.ip}</bdi>
              </small>
            </span>
            {!session.current && (
              <Button onClick={() => end(session.id)}>
                {say.end}
                <span class="unseen"> {deviceOf(session.user_agent) ?? say.unknown}</span>
              </Button>
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <div class="details-end">
          <Button icon="signOut" kind="warning" onClick={() => setAsking(true)}>
            {say.endOthers}
          </Button>
        </div>
      )}
      {isAsking && (
        <Confirm
          title={say.endOthersTitle}
          action={say.endOthers}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await client.call('DELETE /sessions')
            change((list) => list.filter(({ current }) => current))
          }}
        >
          <p>{say.endOthersText}</p>
        </Confirm>
      )}
    </>
  )
}
