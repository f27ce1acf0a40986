import { client, enter } from '../app/client.js'
import { useFields } from '../app/form.js'
import { t } from '../app/language.js'
import { Button } from '../ui/button.js'
import { Field } from '../ui/field.js'
import { Link } from '../ui/link.js'
import { Entrance } from './entrance.js'

export function SignUp() {
  const say = t().signUp
  const form = useFields({ display_name: '', username: '', email: '', password: '' })
  const { fields } = t()
  const invalid = {
    display_name: fields.displayName,
    username: fields.username,
    email: fields.email,
    password: fields.password,
  }
  const submit = (element: HTMLFormElement) => {
    form.save({
      form: element,
      invalid,
      needed: ['display_name', 'username', 'email', 'password'],
      work: (values) => {
        const account = { ...values, username: values.username.trim(), email: values.email.trim() }
        return enter(() => client.signUp(account))
      },
    })
  }
  return (
    <Entrance
      title={say.title}
      fault={form.fault}
      onSubmit={submit}
      after={
        <>
          {say.other} <Link to="/sign-in">{say.toSignIn}</Link>
        </>
      }
    >
      <Field {...form.field('display_name')} label={say.displayName} hint={say.displayNameHint} autoComplete="name" />
      <Field {...form.field('username')} label={say.username} hint={say.usernameHint} autoComplete="username" isCode />
      <Field {...form.field('email')} label={say.email} hint={say.emailHint} type="email" autoComplete="email" />
      <Field
        {...form.field('password')}
        label={say.password}
        hint={say.passwordHint}
        type="password"
        autoComplete="new-password"
      />
      <Button type="submit" kind="primary" isWide isBusy={form.isBusy}>
        {say.submit}
      </Button>
    </Entrance>
  )
}
