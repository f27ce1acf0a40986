import { client, enter, hasEnded } from '../app/client.js'
import { useFields } from '../app/form.js'
import { t } from '../app/language.js'
import { Button } from '../ui/button.js'
import { Field } from '../ui/field.js'
import { Link } from '../ui/link.js'
import { Entrance } from './entrance.js'

export function SignIn() {
  const say = t().signIn
  const form = useFields({ login: '', password: '' })
  const invalid = { login: t().fields.invalid, password: t().fields.invalid }
  const submit = (element: HTMLFormElement) => {
    form.save({
      form: element,
      invalid,
      needed: ['login', 'password'],
      work: ({ login, password }) => enter(() => client.signIn({ login: login.trim(), password })),
    })
  }
  return (
    <Entrance
      title={say.title}
      lead={hasEnded.value ? say.ended : t().app.tagline}
      fault={form.fault}
      onSubmit={submit}
      after={
        <>
          {say.other} <Link to="/sign-up">{say.toSignUp}</Link>
        </>
      }
    >
      <Field {...form.field('login')} label={say.login} autoComplete="username" isCode />
      <Field {...form.field('password')} label={say.password} type="password" autoComplete="current-password" />
      <Button type="submit" kind="primary" isWide isBusy={form.isBusy}>
        {say.submit}
      </Button>
    </Entrance>
  )
}
