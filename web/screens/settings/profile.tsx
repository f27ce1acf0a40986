import { useEffect, useState } from 'preact/hooks'
import type { ChosenStatus, Me } from '../../../src/sdk/client.js'
import { client, me } from '../../app/client.js'
import { changed, useFields } from '../../app/form.js'
import { t } from '../../app/language.js'
import { nameOf } from '../../app/titles.js'
import { useWork } from '../../app/work.js'
import { Button } from '../../ui/button.js'
import { Fault } from '../../ui/fault.js'
import { Field } from '../../ui/field.js'
import { Picture } from '../../ui/picture.js'
import { Select } from '../../ui/select.js'
import { TextArea } from '../../ui/text-area.js'
import { say as tell } from '../../ui/toast.js'

export function Profile() {
  const mine = me.value
  if (!mine) return null
  return (
    <>
      <Picture
        id={mine.id}
        name={nameOf(mine)}
        url={mine.avatar_url}
        onChoose={(body) => client.call('PUT /users/me/avatar', { body })}
        onRemove={() => client.call('DELETE /users/me/avatar')}
      />
      <Words mine={mine} />
      <Presence />
    </>
  )
}

function Words({ mine }: { mine: Me }) {
  const say = t().profile
  const start = { display_name: mine.display_name ?? '', status_text: mine.status_text, bio: mine.bio }
  const form = useFields(start)
  const { fields } = t()
  const save = async (values: typeof start) => {
    const body = changed(start, values)
    if (Object.keys(body).length > 0) await client.call('PATCH /users/me', { body })
    tell(t().settings.saved, 'check')
  }
  return (
    <form
      class="create"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        const invalid = { display_name: fields.displayName, status_text: fields.invalid, bio: fields.invalid }
        form.save({
          form: event.currentTarget,
          invalid,
          needed: ['display_name'],
          work: save,
        })
      }}
    >
      <Fault text={form.fault} />
      <Field {...form.field('display_name')} label={t().signUp.displayName} autoComplete="name" />
      <Field {...form.field('status_text')} label={say.statusText} hint={say.statusTextHint} />
      <TextArea {...form.field('bio')} label={say.bio} hint={say.bioHint} />
      <p class="details-row">
        <Button type="submit" kind="primary" isBusy={form.isBusy}>
          {t().details.save}
        </Button>
      </p>
    </form>
  )
}

const STATUSES: readonly ChosenStatus[] = ['online', 'away', 'busy', 'invisible']

/** What others see of whether I am here. */
function Presence() {
  const say = t().profile
  const [status, setStatus] = useState<ChosenStatus | undefined>(undefined)
  const work = useWork()
  useEffect(() => {
    work.run(async () => setStatus((await client.call('GET /users/me/presence')).status))
  }, [])
  return (
    <div class="group-of">
      <Fault text={work.fault} />
      <Select
        label={say.presence}
        hint={say.presenceHint}
        value={status ?? 'online'}
        all={STATUSES.map((each) => [each, say.statuses[each]] as const)}
        onChoose={(wanted) =>
          work.run(async () => {
            setStatus((await client.call('PUT /users/me/presence', { body: { status: wanted } })).status)
          })
        }
      />
    </div>
  )
}
