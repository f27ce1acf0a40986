import { useState } from 'preact/hooks'
import type { Conversation, Member } from '../../../src/sdk/client.js'
import { client } from '../../app/client.js'
import { serverNow } from '../../app/clock.js'
import { t } from '../../app/language.js'
import { nameOf } from '../../app/titles.js'
import { Confirm } from '../../ui/confirm.js'
import { Field } from '../../ui/field.js'
import { Select } from '../../ui/select.js'

export type Task = 'nickname' | 'remove' | 'ban' | 'transfer'

type Props = { group: Conversation; member: Member; task: Task; onClose: () => void }

const HOUR_MS = 3_600_000
/** In hours; empty: for good. */
const TERMS = ['1', '24', '168', '720', ''] as const
type Term = (typeof TERMS)[number]

/** What is asked before something happens to a member. */
export function MemberDialog({ group, member, task, onClose }: Props) {
  const say = t().member
  const name = nameOf(member.user)
  const path = { id: group.id, user_id: member.user.id }
  const [nickname, setNickname] = useState(member.nickname ?? '')
  const [term, setTerm] = useState<Term>('24')
  const [reason, setReason] = useState('')
  switch (task) {
    case 'nickname':
      return (
        <Confirm
          title={say.nickname}
          action={t().details.save}
          isHarmless
          onClose={onClose}
          onConfirm={() =>
            client.call('PATCH /conversations/{id}/members/{user_id}', {
              path,
              body: { nickname: nickname.trim() || null },
            })
          }
        >
          <Field
            name="nickname"
            label={say.nicknameOf(name)}
            hint={say.nicknameHint}
            value={nickname}
            onInput={setNickname}
          />
        </Confirm>
      )
    case 'remove':
      return (
        <Confirm
          title={say.removeTitle(name)}
          action={say.remove}
          onClose={onClose}
          onConfirm={() => client.call('DELETE /conversations/{id}/members/{user_id}', { path })}
        >
          <p>{say.removeText}</p>
        </Confirm>
      )
    case 'ban':
      return (
        <Confirm
          title={say.banTitle(name)}
          action={say.ban}
          onClose={onClose}
          onConfirm={() =>
            client.call('PUT /conversations/{id}/bans/{user_id}', {
              path,
              body: {
                banned_until: term === '' ? null : new Date(serverNow() + Number(term) * HOUR_MS).toISOString(),
                reason: reason.trim() || null,
              },
            })
          }
        >
          <p>{say.banText}</p>
          <Select
            label={say.term}
            value={term}
            all={TERMS.map((each) => [each, say.terms[each]] as const)}
            onChoose={setTerm}
          />
          <Field name="reason" label={say.reason} hint={say.reasonHint} value={reason} onInput={setReason} />
        </Confirm>
      )
    case 'transfer':
      return (
        <Confirm
          title={say.transferTitle(name)}
          action={say.transfer}
          onClose={onClose}
          onConfirm={() =>
            client.call('POST /conversations/{id}/transfer', {
              path: { id: group.id },
              body: { user_id: member.user.id },
            })
          }
        >
          <p>{say.transferText}</p>
        </Confirm>
      )
  }
}
