import { useState } from 'preact/hooks'
import type { Conversation } from '../../../src/sdk/client.js'
import { deleteGroup, leaveGroup } from '../../app/actions.js'
import { t } from '../../app/language.js'
import { may } from '../../app/permissions.js'
import { titleOf } from '../../app/titles.js'
import { Avatar } from '../../ui/avatar.js'
import { Button } from '../../ui/button.js'
import { Confirm } from '../../ui/confirm.js'
import { AddPeople } from './add-people.js'
import { Bans } from './bans.js'
import { EditGroup } from './edit-group.js'
import { Members } from './members.js'
import { Rules } from './rules.js'
import { Wishes } from './wishes.js'

type Open = 'edit' | 'rules' | 'add' | 'bans' | 'leave' | 'delete'

export function GroupDetails({ group }: { group: Conversation }) {
  const say = t().details
  const [open, setOpen] = useState<Open | undefined>(undefined)
  const close = () => setOpen(undefined)
  // What all call it, and not I alone.
  const title = titleOf({ ...group, me: { ...group.me, alias: null } })
  const { id, description, avatar_url, is_public, member_count, me } = group
  const mayUpdate = may(me.role, 'conversation.update')
  return (
    <>
      <div class="details-head">
        <Avatar id={id} name={title} url={avatar_url} size="large" isGroup />
        <h3>
          <bdi>{title}</bdi>
        </h3>
        <p class="quiet">
          {t().pane.members(member_count)} · {is_public ? say.public : say.private}
        </p>
        {description && (
          <p class="details-text" dir="auto">
            {description}
          </p>
        )}
        {mayUpdate && (
          <p class="details-row">
            <Button icon="edit" onClick={() => setOpen('edit')}>
              {say.edit}
            </Button>
            <Button icon="settings" onClick={() => setOpen('rules')}>
              {say.rules}
            </Button>
          </p>
        )}
      </div>
      <Members key={id} group={group} onAdd={may(me.role, 'member.add') ? () => setOpen('add') : undefined} />
      {may(me.role, 'member.ban') && (
        <Button icon="ban" onClick={() => setOpen('bans')}>
          {say.bans}
        </Button>
      )}
      <Wishes conversation={group} />
      <div class="details-end">
        <Button icon="signOut" onClick={() => setOpen('leave')}>
          {t().entry.leave}
        </Button>
        {may(me.role, 'conversation.delete') && (
          <Button icon="trash" kind="warning" onClick={() => setOpen('delete')}>
            {say.delete}
          </Button>
        )}
      </div>
      {open === 'edit' && <EditGroup group={group} onClose={close} />}
      {open === 'rules' && <Rules group={group} onClose={close} />}
      {open === 'add' && <AddPeople group={group} onClose={close} />}
      {open === 'bans' && <Bans groupId={id} onClose={close} />}
      {open === 'leave' && (
        <Confirm
          title={t().entry.leaveTitle(titleOf(group))}
          action={t().entry.leave}
          onClose={close}
          onConfirm={() => leaveGroup(id)}
        >
          <p>{t().entry.leaveText}</p>
        </Confirm>
      )}
      {open === 'delete' && (
        <Confirm
          title={say.deleteTitle(titleOf(group))}
          action={say.delete}
          onClose={close}
          onConfirm={() => deleteGroup(id)}
        >
          <p>{say.deleteText}</p>
        </Confirm>
      )}
    </>
  )
}
