import type { Conversation, Member, Role } from '../../../src/sdk/client.js'
import { writeTo } from '../../app/actions.js'
import { client } from '../../app/client.js'
import { sentence } from '../../app/faults.js'
import { t } from '../../app/language.js'
import { givable, may, mayRule } from '../../app/permissions.js'
import { nameOf } from '../../app/titles.js'
import { Icon } from '../../ui/icon.js'
import { Menu, MenuChoice, MenuItem } from '../../ui/menu.js'
import { say as tell } from '../../ui/toast.js'
import type { Task } from './member-dialog.js'

type Props = { group: Conversation; member: Member; isMe: boolean; onTask: (task: Task) => void }

/** What my role lets me do to a member; nothing that would be refused. */
export function MemberMenu({ group, member, isMe, onTask }: Props) {
  const say = t().member
  const { role } = group.me
  const { user } = member
  const mayName = isMe ? may(role, 'message.send') : mayRule(role, 'member.set_nickname', member.role)
  if (isMe && !mayName) return <span class="more-none" />
  return (
    <Menu label={say.menu(nameOf(user))} trigger={<Icon name="more" />} isOneOfMany>
      {!isMe && !user.deleted && (
        <MenuItem icon="chat" onClick={() => attempt(writeTo(user.id))}>
          {say.write}
        </MenuItem>
      )}
      {!isMe && mayRule(role, 'member.set_role', member.role) && (
        <MenuChoice
          title={say.role}
          value={member.role}
          all={givable(role).map((each) => [each, t().roles[each]] as const)}
          onChoose={(chosen) => attempt(give(group.id, user.id, chosen))}
        />
      )}
      {mayName && (
        <MenuItem icon="edit" onClick={() => onTask('nickname')}>
          {say.nickname}
        </MenuItem>
      )}
      {!isMe && may(role, 'conversation.transfer') && (
        <MenuItem icon="person" onClick={() => onTask('transfer')}>
          {say.transfer}
        </MenuItem>
      )}
      {!isMe && mayRule(role, 'member.remove', member.role) && (
        <MenuItem icon="close" onClick={() => onTask('remove')}>
          {say.remove}
        </MenuItem>
      )}
      {!isMe && mayRule(role, 'member.ban', member.role) && (
        <MenuItem icon="ban" onClick={() => onTask('ban')}>
          {say.ban}
        </MenuItem>
      )}
    </Menu>
  )
}

async function give(id: string, user_id: string, role: Role): Promise<void> {
  await client.call('PATCH /conversations/{id}/members/{user_id}', { path: { id, user_id }, body: { role } })
}

function attempt(work: Promise<void>): void {
  work.catch((error) => tell(sentence(error)))
}
