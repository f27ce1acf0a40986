import { useState } from 'preact/hooks'
import type { CreateConversation, User } from '../../src/sdk/client.js'
import { client } from '../app/client.js'
import { faultsOf, sentence } from '../app/faults.js'
import { focusFirstError } from '../app/form.js'
import { t } from '../app/language.js'
import { go } from '../app/router.js'
import { type Found, usePeople } from '../app/search.js'
import { nameOf } from '../app/titles.js'
import { Avatar } from '../ui/avatar.js'
import { Button } from '../ui/button.js'
import { Dialog } from '../ui/dialog.js'
import { Fault } from '../ui/fault.js'
import { Field } from '../ui/field.js'
import { Icon } from '../ui/icon.js'

type Kind = 'direct' | 'group'
const KINDS: Kind[] = ['direct', 'group']

/** Finds people, and begins a conversation with one of them, or a group. */
export function NewConversation({ onClose }: { onClose: () => void }) {
  const say = t().create
  const [kind, setKind] = useState<Kind>('direct')
  const [text, setText] = useState('')
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<User[]>([])
  const [faults, setFaults] = useState<{ name?: string | undefined; other?: string | undefined }>({})
  const [isBusy, setBusy] = useState(false)
  const found = usePeople(text)

  const create = async (body: CreateConversation, form?: HTMLFormElement) => {
    if (isBusy) return
    setBusy(true)
    setFaults({})
    try {
      const { id } = await client.call('POST /conversations', { body })
      onClose()
      go(`/c/${id}`)
    } catch (error) {
      const { fields, other } = faultsOf(error, { name: t().fields.invalid })
      setFaults({ ...fields, other })
      if (form) focusFirstError(form)
    } finally {
      setBusy(false)
    }
  }
  const toggle = (user: User) => {
    const others = chosen.filter(({ id }) => id !== user.id)
    setChosen(others.length < chosen.length ? others : [...chosen, user])
    setFaults({})
  }
  const submit = (form: HTMLFormElement): void => {
    if (kind === 'direct') return
    if (name.trim() && chosen.length > 0) {
      const user_ids = chosen.map(({ id }) => id)
      create({ type: 'group', name: name.trim(), user_ids }, form).catch(reportError)
      return
    }
    setFaults(name.trim() ? { other: say.needPeople } : { name: t().fields.required })
    focusFirstError(form)
  }
  return (
    <Dialog title={say.title} onClose={onClose}>
      <form
        class="create"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          submit(event.currentTarget)
        }}
      >
        <fieldset class="segments">
          <legend class="unseen">{say.kind}</legend>
          {KINDS.map((each) => (
            <label key={each}>
              <input type="radio" name="kind" checked={kind === each} onChange={() => setKind(each)} />
              <span>{say[each]}</span>
            </label>
          ))}
        </fieldset>
        {kind === 'group' && (
          <Field name="name" label={say.groupName} value={name} error={faults.name} onInput={setName} />
        )}
        <Field name="people" type="search" label={say.find} hint={say.findHint} value={text} onInput={setText} />
        {kind === 'group' && chosen.length > 0 && <Chosen people={chosen} onRemove={toggle} />}
        <Fault text={faults.other} />
        <Results
          found={found}
          chosen={kind === 'group' ? chosen : undefined}
          onPick={(user) => {
            if (kind === 'group') toggle(user)
            else create({ type: 'direct', user_ids: [user.id] }).catch(reportError)
          }}
        />
        {kind === 'group' && (
          <Button type="submit" kind="primary" isWide isBusy={isBusy}>
            {say.submit}
          </Button>
        )}
      </form>
    </Dialog>
  )
}

export function Chosen({ people, onRemove }: { people: User[]; onRemove: (user: User) => void }) {
  return (
    <ul class="chips" aria-label={t().create.chosen}>
      {people.map((user) => (
        <li key={user.id}>
          <button
            type="button"
            class="chip"
            aria-label={t().create.remove(nameOf(user))}
            onClick={() => onRemove(user)}
          >
            <bdi>{nameOf(user)}</bdi>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
    </ul>
  )
}

type ResultsProps = { found: Found | undefined; chosen: User[] | undefined; onPick: (user: User) => void }

export function Results({ found, chosen, onPick }: ResultsProps) {
  const say = t().create
  return (
    <div class="results">
      <p role="status" class={found?.users.length ? 'unseen' : 'results-note'}>
        {found &&
          (found.error
            ? sentence(found.error)
            : found.users.length
              ? say.found(found.users.length)
              : say.nobody(found.query))}
      </p>
      <ul>
        {found?.users.map((user) => (
          <li key={user.id}>
            <button
              type="button"
              class="person"
              aria-pressed={chosen?.some(({ id }) => id === user.id)}
              onClick={() => onPick(user)}
            >
              <Avatar id={user.id} name={nameOf(user)} url={user.avatar_url} size="small" />
              <span class="person-words">
                <bdi>{nameOf(user)}</bdi>
                <small>@{user.username}</small>
              </span>
              {chosen?.some(({ id }) => id === user.id) && <Icon name="check" />}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
