import { useState } from 'preact/hooks'
import type { Me } from '../../../src/sdk/client.js'
import { client, leave, me, outbox } from '../../app/client.js'
import { useFields } from '../../app/form.js'
import { t } from '../../app/language.js'
import { Button } from '../../ui/button.js'
import { Confirm } from '../../ui/confirm.js'
import { Fault } from '../../ui/fault.js'
import { Field } from '../../ui/field.js'
import { say as tell } from '../../ui/toast.js'

export function Account() {
  const say = t().settings
  const mine = me.value
  const [asked, setAsked] = useState<'out' | 'delete' | undefined>(undefined)
  const close = () => setAsked(undefined)
  if (!mine) return null
  const out = () => {
    leave().catch(reportError)
  }
  return (
    <>
      <dl class="account-facts">
        <dt>{t().signUp.username}</dt>
        <dd>
          <bdi>@{mine.username}</bdi>
        </dd>
      </dl>
      <Address mine={mine} />
      <div class="details-end">
        <Button icon="signOut" onClick={() => (outbox.value.length > 0 ? setAsked('out') : out())}>
          {t().account.signOut}
        </Button>
        <Button icon="trash" kind="warning" onClick={() => setAsked('delete')}>
          {say.deleteAccount}
        </Button>
      </div>
      {asked === 'out' && (
        <Confirm
          title={t().account.unsentTitle}
          action={t().account.signOut}
          onClose={close}
          onConfirm={async () => out()}
        >
          <p>{t().account.unsent(outbox.value.length)}</p>
        </Confirm>
      )}
      {asked === 'delete' && <DeleteAccount username={mine.username} onClose={close} />}
    </>
  )
}

function Address({ mine }: { mine: Me }) {
  const form = useFields({ email: mine.email ?? '' })
  return (
    <form
      class="create"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        form.save({
          form: event.currentTarget,
          invalid: { email: t().fields.email },
          needed: ['email'],
          work: async ({ email }) => {
            await client.call('PATCH /users/me', { body: { email: email.trim() } })
            tell(t().settings.saved, 'check')
          },
        })
      }}
    >
      <Fault text={form.fault} />
      <Field
        {...form.field('email')}
        type="email"
        label={t().signUp.email}
        hint={t().signUp.emailHint}
        autoComplete="email"
      />
      <p class="details-row">
        <Button type="submit" kind="primary" isBusy={form.isBusy}>
          {t().details.save}
        </Button>
      </p>
    </form>
  )
}

/** For good: the name has to be written, so that no click alone does it. */
function DeleteAccount({ username, onClose }: { username: string; onClose: () => void }) {
  const say = t().settings
  const [text, setText] = useState('')
  const [error, setError] = useState<string | undefined>(undefined)
  return (
    <Confirm
      title={say.deleteAccountTitle}
      action={say.deleteAccount}
      onClose={onClose}
      onConfirm={async () => {
        if (text.trim().replace(/^@/, '').toLowerCase() !== username.toLowerCase()) {
          setError(say.deleteAccountWrong)
          return false
        }
        await client.call('DELETE /users/me')
        return leave()
      }}
    >
      <p>{say.deleteAccountText}</p>
      <Field
        name="username"
        label={say.deleteAccountName(username)}
        value={text}
        error={error}
        isCode
        onInput={(value) => {
          setText(value)
          setError(undefined)
        }}
      />
    </Confirm>
  )
}
