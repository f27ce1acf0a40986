import { useState } from 'preact/hooks'
import type { Conversation, Membership, UpdateMembership } from '../../../src/sdk/client.js'
import { wish } from '../../app/actions.js'
import { dateAndTime } from '../../app/format.js'
import { t } from '../../app/language.js'
import { useLine } from '../../app/line.js'
import { isForever, isMuted, mutedUntil } from '../../app/muting.js'
import { Button } from '../../ui/button.js'
import { Fault } from '../../ui/fault.js'
import { Field } from '../../ui/field.js'
import { Select } from '../../ui/select.js'
import { Switch } from '../../ui/switch.js'

const LEVELS = ['all', 'mentions', 'none'] as const
const SWITCHES = ['notification_sound', 'desktop_notifications', 'show_read_receipts', 'show_typing'] as const

/** How I want to have a conversation: nobody else sees any of it. */
export function Wishes({ conversation }: { conversation: Conversation }) {
  const say = t().wishes
  const { id, me } = conversation
  const line = useLine()
  const [alias, setAlias] = useState(me.alias ?? '')
  const save = (body: UpdateMembership) => line.run(() => wish(id, body))
  return (
    <section class="group-of" aria-label={say.title}>
      <h3>{say.title}</h3>
      <Fault text={line.fault} />
      <form
        class="line-form"
        onSubmit={(event) => {
          event.preventDefault()
          save({ alias: alias.trim() || null })
        }}
      >
        <Field name="alias" label={say.alias} hint={say.aliasHint} value={alias} onInput={setAlias} />
        {alias.trim() !== (me.alias ?? '') && (
          <Button type="submit" kind="primary">
            {t().details.save}
          </Button>
        )}
      </form>
      <Select
        label={say.notifications}
        value={me.notifications}
        all={LEVELS.map((each) => [each, say.levels[each]] as const)}
        onChoose={(notifications) => save({ notifications })}
      />
      <Switch
        label={t().entry.muteAlways}
        hint={muteHint(me)}
        isOn={isMuted(me)}
        onChange={(on) => save({ muted_until: on ? mutedUntil() : null })}
      />
      {SWITCHES.map((each) => (
        <Switch key={each} label={say[each]} isOn={me[each]} onChange={(on) => save({ [each]: on })} />
      ))}
    </section>
  )
}

function muteHint(me: Membership): string | undefined {
  if (!isMuted(me) || me.muted_until === null || isForever(me.muted_until)) return undefined
  return t().wishes.mutedUntil(dateAndTime(me.muted_until))
}
