import type { Conversation, UpdateConversation } from '../../../src/sdk/client.js'
import { client } from '../../app/client.js'
import { changed, useFields } from '../../app/form.js'
import { t } from '../../app/language.js'
import { bare } from '../../app/names.js'
import { useWork } from '../../app/work.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Fault } from '../../ui/fault.js'
import { Field } from '../../ui/field.js'
import { Picture } from '../../ui/picture.js'
import { Switch } from '../../ui/switch.js'
import { TextArea } from '../../ui/text-area.js'

export function EditGroup({ group, onClose }: { group: Conversation; onClose: () => void }) {
  const say = t().details
  const { id } = group
  const start = { name: group.name ?? '', description: group.description ?? '' }
  const form = useFields(start)
  const openness = useWork()
  const path = { id }
  const save = async (values: typeof start) => {
    const { name, description } = changed(start, values)
    const body: UpdateConversation = {
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description: description || null }),
    }
    if (Object.keys(body).length > 0) await client.call('PATCH /conversations/{id}', { path, body })
    onClose()
  }
  return (
    <Dialog title={say.edit} onClose={onClose}>
      <Picture
        id={id}
        name={bare(group.name) ?? ''}
        url={group.avatar_url}
        isGroup
        onChoose={(body) => client.call('PUT /conversations/{id}/avatar', { path, body })}
        onRemove={() => client.call('DELETE /conversations/{id}/avatar', { path })}
      />
      <form
        class="create"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          const invalid = { name: t().fields.invalid, description: t().fields.invalid }
          form.save({ form: event.currentTarget, invalid, needed: ['name'], work: save })
        }}
      >
        <Fault text={form.fault ?? openness.fault} />
        <Field {...form.field('name')} label={t().create.groupName} />
        <TextArea {...form.field('description')} label={say.description} />
        <Switch
          label={say.isPublic}
          isOn={group.is_public}
          onChange={(is_public) =>
            openness.run(() => client.call('PATCH /conversations/{id}', { path, body: { is_public } }))
          }
        />
        <p class="dialog-foot">
          <Button onClick={onClose}>{t().app.cancel}</Button>
          <Button type="submit" kind="primary" isBusy={form.isBusy}>
            {say.save}
          </Button>
        </p>
      </form>
    </Dialog>
  )
}
