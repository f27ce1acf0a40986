import { useRef, useState } from 'preact/hooks'
import type { AttachmentKind, Conversation, ConversationSettings, UpdateSettings } from '../../../src/sdk/client.js'
import { client } from '../../app/client.js'
import { t } from '../../app/language.js'
import { useLine } from '../../app/line.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Fault } from '../../ui/fault.js'
import { Select } from '../../ui/select.js'
import { Switch } from '../../ui/switch.js'

const KINDS: readonly AttachmentKind[] = ['image', 'video', 'audio', 'voice', 'file']
const MIB = 1_048_576
const SIZES = [1, 5, 10, 25, 50, 100]

/** What may be sent in a group from now on. */
export function Rules({ group, onClose }: { group: Conversation; onClose: () => void }) {
  const say = t().details
  const line = useLine()
  /** What the server said last: the next change is made to that. */
  const latest = useRef(group.settings)
  const [now, setNow] = useState(group.settings)
  const { media_allowed, max_file_size, allowed_file_types } = now
  const save = (change: (settings: ConversationSettings) => UpdateSettings) =>
    line.run(async () => {
      const body = change(latest.current)
      latest.current = await client.call('PATCH /conversations/{id}/settings', { path: { id: group.id }, body })
      setNow(latest.current)
    })
  const kinds = allowed_file_types ?? KINDS
  const toggle = (kind: AttachmentKind) => {
    save(({ allowed_file_types: before }) => {
      const wanted = KINDS.filter((one) => (one === kind) !== (before ?? KINDS).includes(one))
      // None of them is no files at all.
      if (wanted.length === 0) return { media_allowed: false }
      return { allowed_file_types: wanted.length === KINDS.length ? null : wanted }
    })
  }
  const size = max_file_size === null ? '' : String(max_file_size)
  const sizes = [...new Set([...SIZES.map((one) => String(one * MIB)), ...(size ? [size] : [])])]
  return (
    <Dialog title={say.rules} onClose={onClose}>
      <Fault text={line.fault} />
      <Switch label={say.mediaAllowed} isOn={media_allowed} onChange={(on) => save(() => ({ media_allowed: on }))} />
      {media_allowed && (
        <>
          <fieldset class="group-of">
            <legend>{say.kinds}</legend>
            {KINDS.map((each) => (
              <Switch
                key={each}
                label={t().message.kinds[each]}
                isOn={kinds.includes(each)}
                onChange={() => toggle(each)}
              />
            ))}
          </fieldset>
          <Select
            label={say.maxSize}
            value={size}
            all={[['', say.anySize], ...sizes.map((one) => [one, say.mebibytes(Number(one) / MIB)] as const)]}
            onChoose={(chosen) => save(() => ({ max_file_size: chosen === '' ? null : Number(chosen) }))}
          />
        </>
      )}
      <p class="dialog-foot">
        <Button kind="primary" onClick={onClose}>
          {say.done}
        </Button>
      </p>
    </Dialog>
  )
}
