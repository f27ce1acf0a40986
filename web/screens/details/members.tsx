import { useState } from 'preact/hooks'
import type { Conversation, Member } from '../../../src/sdk/client.js'
import { me } from '../../app/client.js'
import { sentence } from '../../app/faults.js'
import { useKeptFocus } from '../../app/kept-focus.js'
import { t } from '../../app/language.js'
import { useMembers } from '../../app/members.js'
import { bare } from '../../app/names.js'
import { rankOf } from '../../app/permissions.js'
import { nameOf } from '../../app/titles.js'
import { Button } from '../../ui/button.js'
import { Fault } from '../../ui/fault.js'
import { Spinner } from '../../ui/spinner.js'
import { Face } from '../face.js'
import { MemberDialog, type Task } from './member-dialog.js'
import { MemberMenu } from './member-menu.js'

type Props = { group: Conversation; onAdd: (() => void) | undefined }

export function Members({ group, onAdd }: Props) {
  const say = t().details
  const { id } = group
  const pages = useMembers(id)
  const [task, setTask] = useState<{ task: Task; member: Member } | undefined>(undefined)
  const kept = useKeptFocus<HTMLUListElement>('.more-button')
  // Who has come meanwhile may be on a later page too.
  const members = [...new Map(pages.list?.map((one) => [one.user.id, one])).values()].sort(byRank)
  return (
    <section class="group-of" aria-label={say.members}>
      <div class="details-line">
        <h3>{say.members}</h3>
        {onAdd && (
          <Button icon="add" onClick={onAdd}>
            {say.add}
          </Button>
        )}
      </div>
      {pages.error !== undefined && (
        <>
          <Fault text={sentence(pages.error)} />
          <Button onClick={pages.again}>{t().app.retry}</Button>
        </>
      )}
      {!pages.list && pages.isLoading && <Spinner label={t().app.loading} />}
      <ul ref={kept.ref}>
        {members.map((member) => (
          <Row key={member.user.id} group={group} member={member} onTask={(task) => setTask({ task, member })} />
        ))}
      </ul>
      {pages.hasMore && (
        <Button isBusy={pages.isLoading} onClick={pages.more}>
          {say.more}
        </Button>
      )}
      {task && <MemberDialog group={group} {...task} onClose={() => setTask(undefined)} />}
    </section>
  )
}

type RowProps = { group: Conversation; member: Member; onTask: (task: Task) => void }

function Row({ group, member, onTask }: RowProps) {
  const { user, role, nickname } = member
  const isMe = user.id === me.value?.id
  const name = nameOf(user)
  return (
    <li class="member">
      <Face id={user.id} name={name} url={user.avatar_url} size="small" />
      <span class="person-words">
        <span>
          <bdi>{bare(nickname) ?? name}</bdi>
          {isMe && <span class="quiet"> ({t().details.me})</span>}
        </span>
        <small>{nickname ? <bdi>{name}</bdi> : <bdi>@{user.username}</bdi>}</small>
      </span>
      {role !== 'member' && <span class="role">{t().roles[role]}</span>}
      <MemberMenu group={group} member={member} isMe={isMe} onTask={onTask} />
    </li>
  )
}

function byRank(a: Member, b: Member): number {
  return rankOf(b.role) - rankOf(a.role) || nameOf(a.user).localeCompare(nameOf(b.user))
}
