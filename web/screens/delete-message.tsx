import type { Message, Role } from '../../src/sdk/client.js'
import { client, me } from '../app/client.js'
import { t } from '../app/language.js'
import { may } from '../app/permissions.js'
import { gist } from '../app/titles.js'
import { useWork } from '../app/work.js'
import { Button } from '../ui/button.js'
import { Dialog } from '../ui/dialog.js'
import { Fault } from '../ui/fault.js'

type Props = { message: Message; role: Role | undefined; onClose: () => void }

/** For everyone, where that is mine to do, or for me alone. */
export function DeleteMessage({ message, role, onClose }: Props) {
  const say = t().actions
  const work = useWork()
  const path = { id: message.id }
  const isMine = message.sender_id === me.value?.id
  const isAllowed = isMine || (role !== undefined && may(role, 'message.delete_others'))
  const forAll = isAllowed && message.deleted_at === null && message.sender_id !== null
  const attempt = (remove: () => Promise<unknown>) => work.run(() => remove().then(onClose))
  return (
    <Dialog title={say.deleteTitle} onClose={onClose}>
      <p class="excerpt" dir="auto">
        {gist(message)}
      </p>
      <p>{forAll ? say.deleteText : say.deleteForMeText}</p>
      <Fault text={work.fault} />
      <p class="dialog-foot">
        <Button onClick={onClose}>{t().app.cancel}</Button>
        <Button
          kind={forAll ? 'plain' : 'danger'}
          isBusy={work.isBusy}
          onClick={() => attempt(() => client.call('PUT /messages/{id}/hidden', { path }))}
        >
          {say.deleteForMe}
        </Button>
        {forAll && (
          <Button
            kind="danger"
            isBusy={work.isBusy}
            onClick={() => attempt(() => client.call('DELETE /messages/{id}', { path }))}
          >
            {say.deleteForAll}
          </Button>
        )}
      </p>
    </Dialog>
  )
}
